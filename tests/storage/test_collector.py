"""Collecting what nothing refers to: in two steps, each of which can be taken back."""

import pytest
import sqlalchemy as sa
from tests.storage.place import Place

from everlearn.blobs import BlobNotFoundError
from everlearn.storage.model import TablesUnknownError
from everlearn.tracking import Artifact
from everlearn.tracking.files import put_file


def test_what_something_refers_to_stays_however_old_it_is(place: Place) -> None:
    kept = place.files.write("default", "0/run/artifacts/a.bin", [b"kept"])

    for _ in range(3):
        place.pass_hours(100)
        report = place.collect()

    assert place.is_visible(b"kept", kept.digest)
    assert (report.seen, report.referred, report.condemned, report.removed, report.missing) == (1, 1, 0, 0, 0)


def test_what_nothing_refers_to_goes_in_two_steps(place: Place) -> None:
    digest = place.blobs.put(b"orphan")

    young = place.collect()
    place.pass_hours(25)
    condemned = place.collect()
    waiting = place.collect()
    place.pass_hours(25)
    removed = place.collect()

    assert (young.young, young.condemned) == (1, 0)
    assert (condemned.condemned, condemned.condemned_bytes, condemned.removed) == (1, 6, 0)
    assert (waiting.waiting, waiting.removed) == (1, 0)
    assert (removed.removed, removed.freed_bytes) == (1, 6)
    with pytest.raises(BlobNotFoundError):
        place.blobs.get(digest)


def test_whoever_reads_what_was_put_aside_has_it_back(place: Place) -> None:
    digest = place.blobs.put(b"wanted")
    place.pass_hours(25)
    place.collect()
    assert not place.is_visible(b"wanted", digest)

    assert place.blobs.get(digest) == b"wanted"

    assert place.is_visible(b"wanted", digest)


def test_a_reference_committed_after_the_blob_was_put_aside_brings_it_back(place: Place) -> None:
    digest = place.blobs.put(b"late")
    place.pass_hours(25)
    place.collect()

    late = Artifact(path="late.bin", digest=digest, size_bytes=4, logged_at=place.clock.now())
    with place.db.write() as tx:  # as whoever looked at the bytes before they were put aside
        put_file(tx, "default", late)
    place.pass_hours(25)
    report = place.collect()

    assert (report.restored, report.removed, report.freed_bytes) == (1, 0, 0)
    assert place.is_visible(b"late", digest)


def test_storing_again_what_was_put_aside_makes_it_safe_from_its_removal(place: Place) -> None:
    place.blobs.put(b"again")
    place.pass_hours(25)
    place.collect()

    digest = place.blobs.put(b"again")
    place.files.put("default", "again.bin", digest, 5)
    place.pass_hours(25)
    place.collect()
    place.pass_hours(25)
    last = place.collect()

    assert place.blobs.get(digest) == b"again"
    assert (last.waiting, last.condemned, last.missing) == (0, 0, 0)


def test_a_dry_run_tells_what_would_be_done_and_changes_nothing(place: Place) -> None:
    old = place.blobs.put(b"old orphan")
    place.pass_hours(25)
    place.collect()
    place.blobs.put(b"orphan")
    place.pass_hours(25)

    planned = place.collect(is_dry_run=True)
    again = place.collect(is_dry_run=True)
    done = place.collect()

    assert (planned.condemned, planned.removed, planned.freed_bytes) == (1, 1, 10)
    assert (again.condemned, again.removed) == (1, 1)
    assert (done.condemned, done.removed, done.freed_bytes) == (1, 1, 10)
    assert not place.blobs.exists(old)


def test_a_reference_to_a_blob_that_is_lost_is_told(place: Place) -> None:
    kept = place.files.write("default", "a.bin", [b"lost by the disk"])
    place.blobs.condemn(kept.digest)
    for aside in place.blobs.condemned():
        place.blobs.remove(aside)

    assert place.collect().missing == 1


@pytest.mark.parametrize(
    "statement",
    ["create table newer_files (digest text)", "alter table tracking_runs add column log_digest text"],
)
def test_who_does_not_know_every_table_does_not_collect(place: Place, statement: str) -> None:
    digest = place.blobs.put(b"a newer version may refer to this")
    place.pass_hours(25)
    with place.db.write() as tx:
        tx.execute(sa.text(statement))

    with pytest.raises(TablesUnknownError):
        place.collect()

    assert place.blobs.holds(digest, 33)

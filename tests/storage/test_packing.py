"""Which blob is packed against which."""

import itertools
import random
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from everlearn.blobs import BlobStore, open_blobs
from everlearn.blobs.names import whole_name
from everlearn.blobs.packing import LONGEST_CHAIN
from everlearn.core.digest import Digest, digest_bytes
from everlearn.core.errors import UnavailableError
from everlearn.db import Database, open_database
from everlearn.db.migrate import migrate
from everlearn.storage import Packing, store

NOISE = random.Random(1).randbytes(8_000)


def versions(count: int, salt: str = "") -> list[bytes]:
    return [NOISE + f"{salt} version {number}".encode() for number in range(count)]


def depth(blobs: BlobStore, digest: Digest) -> int:
    needs = blobs.needs(digest)
    return 1 + depth(blobs, needs[0]) if needs else 0


def lies_whole(blobs: BlobStore, digest: Digest) -> bool:
    return blobs.shelf.size_bytes(whole_name(digest)) is not None


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return open_blobs(f"file://{tmp_path / 'blobs'}")


@pytest.fixture
def packing(db: Database, blobs: BlobStore) -> Packing:
    return Packing(db, blobs)


def test_the_newest_version_stays_whole_and_the_one_before_is_a_step_away(packing: Packing, blobs: BlobStore) -> None:
    contents = versions(5)
    digests = [blobs.put(content) for content in contents]

    for older, newer in pairwise(digests):
        packing.pack(older, newer)

    assert [lies_whole(blobs, digest) for digest in digests] == [False] * 4 + [True]
    assert blobs.needs(digests[-2]) == (digests[-1],)
    assert [blobs.get(digest) for digest in digests] == contents


def test_however_many_versions_there_are_none_is_far_from_a_full_base(packing: Packing, blobs: BlobStore) -> None:
    contents = versions(3 * LONGEST_CHAIN)
    digests = [blobs.put(content) for content in contents]

    for older, newer in pairwise(digests):
        packing.pack(older, newer)

    depths = [depth(blobs, digest) for digest in digests]
    assert max(depths) == LONGEST_CHAIN
    assert depths.count(0) >= 3
    assert [blobs.get(digest) for digest in digests] == contents


def test_versions_packed_in_any_order_keep_the_bound(packing: Packing, blobs: BlobStore) -> None:
    digests = [blobs.put(content) for content in versions(3 * LONGEST_CHAIN)]
    pairs = list(pairwise(digests))
    random.Random(2).shuffle(pairs)

    for older, newer in pairs:
        packing.pack(older, newer)

    assert max(depth(blobs, digest) for digest in digests) <= LONGEST_CHAIN


def test_two_models_with_the_same_files_in_another_order_need_no_file_in_a_circle(
    packing: Packing, blobs: BlobStore
) -> None:
    first, second = versions(2)
    one, other = blobs.put(first), blobs.put(second)

    packing.pack(one, other)
    packing.pack(other, one)

    assert blobs.needs(one) == (other,)
    assert blobs.needs(other) == ()
    assert (blobs.get(one), blobs.get(other)) == (first, second)


def test_two_never_decide_at_the_same_time_not_even_the_first_time(postgresql_url: str) -> None:
    database = open_database(postgresql_url)
    migrate(database)

    def decide_soon_or_never() -> None:
        with database.write() as tx:
            tx.execute(sa.text("set local lock_timeout = '50ms'"))
            store.lock(tx)

    with database.write() as first:
        store.lock(first)
        with pytest.raises(UnavailableError):
            decide_soon_or_never()
    database.close()


def test_workers_that_race_in_opposite_directions_lose_nothing(packing: Packing, blobs: BlobStore) -> None:
    for attempt in range(8):
        contents = versions(2, f"of attempt {attempt}")
        one, other = (blobs.put(content) for content in contents)
        barrier = threading.Barrier(2)

        def race(older: Digest, newer: Digest, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            packing.pack(older, newer)

        racers = [threading.Thread(target=race, args=pair) for pair in ((one, other), (other, one))]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        assert [blobs.get(digest) for digest in (one, other)] == contents


def test_packing_can_be_switched_off(db: Database, blobs: BlobStore) -> None:
    older, newer = (blobs.put(content) for content in versions(2))

    assert Packing(db, blobs, is_on=False).pack(older, newer) is None

    assert lies_whole(blobs, older)


def test_what_was_collected_meanwhile_is_left_alone(packing: Packing, blobs: BlobStore) -> None:
    kept = blobs.put(versions(1)[0])
    gone = digest_bytes(b"collected")

    assert packing.pack(gone, kept) is None
    assert packing.pack(kept, gone) is None

    assert blobs.exists(kept)


def test_done_again_it_changes_nothing(packing: Packing, blobs: BlobStore) -> None:
    older, newer = (blobs.put(content) for content in versions(2))

    assert packing.pack(older, newer) == packing.pack(older, newer)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Packing]:
    folder = tmp_path_factory.mktemp("shared")
    db = open_database(f"sqlite:///{folder / 'everlearn.db'}")
    migrate(db)
    yield Packing(db, open_blobs(f"file://{folder / 'blobs'}"))
    db.close()


_numbers = itertools.count()


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30))
@settings(max_examples=25, deadline=None)
def test_whatever_is_asked_for_everything_stays_readable_within_the_bound(
    shared: Packing, pairs: list[tuple[int, int]]
) -> None:
    contents = versions(12, f"of example {next(_numbers)}")
    digests = [shared.blobs.put(content) for content in contents]

    for older, newer in pairs:
        shared.pack(digests[older], digests[newer])

    assert [shared.blobs.get(digest) for digest in digests] == contents
    assert max(depth(shared.blobs, digest) for digest in digests) <= LONGEST_CHAIN

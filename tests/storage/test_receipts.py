"""A receipt says what became of the bytes; its figures agree with a count by hand."""

import random

import pytest
import sqlalchemy as sa
from tests.storage.place import ADA, Place

from everlearn.storage import Action
from everlearn.storage.model import ReceiptNotFoundError
from everlearn.tracking.tables import artifacts


def counted_by_hand(place: Place, folder: str) -> tuple[int, int, int, int]:
    """Give files, their size, and what is freed and kept when a folder leaves, from the plain rows."""
    with place.db.read() as tx:
        rows = tx.execute(sa.select(artifacts.c.path, artifacts.c.digest, artifacts.c.size_bytes)).all()
    leaving = [row for row in rows if row.path.startswith(f"{folder}/")]
    kept = {row.digest for row in rows if not row.path.startswith(f"{folder}/")}
    sizes = {row.digest: row.size_bytes for row in leaving}
    freed = sum(size for digest, size in sizes.items() if digest not in kept)
    return len(leaving), sum(row.size_bytes for row in leaving), freed, sum(sizes.values()) - freed


def test_bytes_that_others_share_are_kept_and_told_by_whom(place: Place) -> None:
    for path, content in (
        ("0/a/artifacts/model.bin", b"shared by two runs"),
        ("0/a/artifacts/own.bin", b"only here"),
        ("0/a/artifacts/copy/own.bin", b"only here"),
        ("0/b/artifacts/model.bin", b"shared by two runs"),
    ):
        place.files.write("default", path, [content])

    receipt = place.removals.remove_files("default", "0/a", actor=ADA)

    weight = receipt.weight
    assert (weight.files, weight.size_bytes) == (3, 18 + 9 + 9)
    assert (weight.freed_blobs, weight.freed_bytes) == (1, 9)
    assert (weight.kept_blobs, weight.kept_bytes) == (1, 18)
    (keeper,) = weight.kept_by
    assert (keeper.noun, keeper.count, keeper.first) == ("artifact", 1, ("0/b/artifacts/model.bin",))
    assert [child.name for child in place.files.children("default", "0")] == ["b"]


def test_another_project_keeps_bytes_and_is_not_named(place: Place) -> None:
    place.files.write("default", "0/a/artifacts/x", [b"the same"])
    place.files.write("secret", "0/b/artifacts/plan.bin", [b"the same"])

    weight = place.removals.remove_files("default", "0/a", actor=ADA).weight

    assert (weight.freed_bytes, weight.kept_bytes) == (0, 8)
    assert "plan" not in repr(weight)
    assert "secret" not in repr(weight)


def test_what_the_log_speaks_of_is_kept(place: Place) -> None:
    kept = place.files.write("default", "0/a/artifacts/x", [b"evidence"])
    with place.db.write() as tx:
        tx.execute(sa.text("insert into log_evidence values (:digest, 1)"), {"digest": kept.digest})

    weight = place.removals.remove_files("default", "0/a", actor=ADA).weight

    assert [(keeper.noun, keeper.count) for keeper in weight.kept_by] == [("entry of the log", 1)]


def test_receipts_add_up_and_what_they_call_freed_is_what_is_collected(place: Place) -> None:
    source = random.Random(7)  # test data
    contents = [source.randbytes(source.randrange(1, 400)) for _ in range(12)]
    for number in range(60):
        place.files.write("default", f"0/run{number % 5}/artifacts/{number}.bin", [source.choice(contents)])
    stored = sum(blob.size_bytes for blob in place.blobs.kept())

    freed = 0
    for number in range(5):
        expected = counted_by_hand(place, f"0/run{number}")
        weight = place.removals.remove_files("default", f"0/run{number}", actor=ADA).weight
        assert (weight.files, weight.size_bytes, weight.freed_bytes, weight.kept_bytes) == expected
        freed += weight.freed_bytes

    assert freed == stored
    place.pass_hours(100)
    assert place.collect().condemned_bytes == stored


def test_receipts_are_listed_newest_first_and_belong_to_their_project(place: Place) -> None:
    for number in range(3):
        place.files.write("default", f"{number}.bin", [b"x"])
    made = [place.removals.remove_files("default", f"{number}.bin", actor=ADA) for number in range(3)]

    first = place.receipts.list("default", limit=2)
    rest = place.receipts.list("default", after=first.next, limit=2)

    assert [one.id for one in (*first.items, *rest.items)] == [one.id for one in reversed(made)]
    assert place.receipts.get("default", made[0].id) == made[0]
    assert made[0].action is Action.REMOVED
    assert place.receipts.list("default", subject="files:default/1.bin").items == [made[1]]
    with pytest.raises(ReceiptNotFoundError):
        place.receipts.get("other", made[0].id)

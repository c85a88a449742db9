"""Whoever can write to the database changes something; verification must say what."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.audit.conftest import NOON, SIGNED_AT, SIGNER, SIZE, Trail, signed_trail_on, trail_on

from everlearn.db import Database
from everlearn.eventlog.merkle import leaf_hash
from everlearn.eventlog.note import Signer
from everlearn.eventlog.tables import blocks, checkpoints, entries, head

FORGED: dict[str, Any] = {
    "id": "evt_forged",
    "name": "t.another",
    "revision": 2,
    "subject": "gauge:9",
    "actor": "user:eve",
    "recorded_at": NOON + timedelta(microseconds=1),
    "cause_id": "evt_nobody",
    "correlation_id": "evt_nobody",
    "payload": '{"number":42,"remark":"nothing special"}',
}
Forgery = Callable[[Trail], None]


def test_an_untouched_log_is_sound(trail: Trail) -> None:
    found = trail.audit.verify()

    assert found.is_sound
    assert (found.size, found.checkpoints, found.signed_size) == (SIZE, len(SIGNED_AT), SIGNED_AT[-1])


def test_an_empty_log_is_sound(empty_trail: Trail) -> None:
    assert empty_trail.audit.verify().is_sound
    empty_trail.audit.checkpoint()
    assert empty_trail.audit.verify().is_sound


@pytest.mark.parametrize("column", FORGED)
def test_a_changed_column_is_found_at_its_entry(trail: Trail, column: str) -> None:
    trail.change(200, **{column: FORGED[column]})

    found = trail.audit.verify()
    assert "entry 200 is not what was written" in found.faults[0].message
    assert (200, 200) in trail.faults()
    assert (101, 300) in trail.faults()  # signed at 100 and at 300: between them it was another


@pytest.mark.parametrize("column", FORGED)
def test_a_changed_column_whose_hashes_were_made_to_fit_is_caught_by_the_checkpoint(trail: Trail, column: str) -> None:
    trail.change(200, **{column: FORGED[column]})
    trail.reseal()

    assert trail.faults() == [(101, 300)]
    assert "the first 300 entries are not those that were signed; the first 100 are" in trail.messages()


def test_a_changed_hash_is_found_at_its_entry(trail: Trail) -> None:
    trail.change(450, leaf=leaf_hash(b"another"))

    assert trail.faults() == [(450, 450)]


FORGERIES: dict[str, tuple[Forgery, tuple[int, int]]] = {
    "remove": (lambda trail: trail.remove(200), (200, 200)),
    "remove and close the gap": (lambda trail: trail.remove(200, closing_the_gap=True), (200, 200)),
    "swap neighbours": (lambda trail: trail.swap(200, 201), (200, 200)),
    "swap far apart": (lambda trail: trail.swap(150, 299), (150, 150)),
    "insert": (lambda trail: trail.insert(200), (200, 200)),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_an_entry_removed_moved_or_inserted_is_found_where_it_happened(trail: Trail, forgery: str) -> None:
    forge, place = FORGERIES[forgery]
    forge(trail)

    assert min(fault.position or SIZE for fault in trail.audit.verify().faults) <= place[0]
    assert place in trail.faults()
    assert (101, 300) in trail.faults()


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_was_removed_moved_or_inserted_and_made_to_fit_is_caught_by_the_checkpoint(
    trail: Trail, forgery: str
) -> None:
    forge, _ = FORGERIES[forgery]
    forge(trail)
    trail.reseal()

    assert (101, 300) in trail.faults()


def test_the_end_of_the_log_cut_off_is_found(trail: Trail) -> None:
    with trail.db.write() as tx:
        tx.execute(sa.delete(entries).where(entries.c.position > 500))
    assert (501, 520) in trail.faults()

    trail.reseal()
    assert trail.faults() == [(501, 520)]
    assert "a checkpoint signs 520 entries, but there are 500" in trail.messages()


def test_an_entry_put_behind_the_end_is_found(trail: Trail) -> None:
    forged = trail.row(SIZE) | {"position": SIZE + 1, "id": "evt_forged"}
    with trail.db.write() as tx:
        tx.execute(sa.insert(entries).values(forged))

    assert (SIZE + 1, SIZE + 1) in trail.faults()
    assert "the log's head counts 600 entries, but there are 601" in trail.messages()


def test_an_entry_put_before_the_first_is_found(trail: Trail) -> None:
    forged = trail.row(1) | {"position": 0, "id": "evt_forged"}
    with trail.db.write() as tx:
        tx.execute(sa.insert(entries).values(forged))

    assert not trail.audit.verify().is_sound
    assert (0, 0) in trail.faults()


def test_what_is_not_signed_yet_is_only_guarded_by_what_the_database_keeps(trail: Trail) -> None:
    trail.change(590, subject="gauge:9")
    assert (590, 590) in trail.faults()

    trail.reseal()
    found = trail.audit.verify()
    assert found.is_sound
    assert found.size - found.signed_size == 80  # which is what people are told


def test_a_checkpoint_kept_elsewhere_catches_a_log_whose_checkpoints_were_removed(trail: Trail) -> None:
    kept = trail.audit.checkpoint()
    trail.change(590, subject="gauge:9")
    trail.reseal()
    trail.forget_checkpoints(above=520)
    assert trail.audit.verify().is_sound

    found = trail.audit.verify(kept=[kept])

    assert [(fault.position, fault.through) for fault in found.faults] == [(521, 600)]


def test_a_rewritten_log_that_is_signed_again_contradicts_its_older_checkpoints(trail: Trail) -> None:
    trail.change(200, subject="gauge:9")
    trail.reseal()
    trail.audit.checkpoint()

    assert trail.faults() == [(101, 300)]
    assert "(2 checkpoints do not fit)" in trail.messages()


@pytest.mark.parametrize(
    "note",
    [
        "nonsense",
        Signer.generate("everlearn/test").signed("everlearn/test\n300\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"),
        SIGNER.signed("everlearn/test\n300\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n").replace("300", "301"),
    ],
)
def test_a_forged_checkpoint_is_found(trail: Trail, note: str) -> None:
    with trail.db.write() as tx:
        tx.execute(sa.update(checkpoints).where(checkpoints.c.size == 300).values(note=note))

    assert trail.faults() == [(None, None)]
    assert "checkpoint 2 of 3" in trail.messages()


def test_checkpoints_of_another_key_are_told_once(trail: Trail) -> None:
    with trail.db.write() as tx:
        for size in SIGNED_AT:
            note = Signer.generate("everlearn/test").signed("everlearn/test\n1\nAAEC\n")
            tx.execute(sa.update(checkpoints).where(checkpoints.c.size == size).values(note=note))

    assert trail.faults() == [(None, None)]
    assert "none of the 3 checkpoints is signed with the key everlearn/test+" in trail.messages()


def test_a_changed_head_is_found(trail: Trail) -> None:
    with trail.db.write() as tx:
        tx.execute(sa.update(head).values(range=bytes(4 * 32)))
    assert "do not give the root that the log's head has" in trail.messages()

    with trail.db.write() as tx:
        tx.execute(sa.delete(head))
    assert "the log's head counts 0 entries, but there are 600" in trail.messages()


def test_changed_missing_and_needless_block_roots_are_found(trail: Trail) -> None:
    with trail.db.write() as tx:
        tx.execute(sa.update(blocks).where(blocks.c.number == 0).values(root=bytes(32)))
        tx.execute(sa.delete(blocks).where(blocks.c.number == 1))
        tx.execute(sa.insert(blocks).values(number=2, root=bytes(32)))

    assert {(1, 256), (257, 512), (513, 768)} <= set(trail.faults())


def test_the_same_payload_written_in_another_way_is_found(trail: Trail) -> None:
    payload = trail.row(7)["payload"]
    for position, other in ((7, payload + " "), (8, payload.replace('"number":7', '"number":9,"number":7'))):
        trail.change(position, payload=other)

    assert {(7, 7), (8, 8)} <= set(trail.faults())


@pytest.mark.parametrize("value", ["2024-03-01T12:00:00Z", "never", "", b"\xff", 7])
def test_whatever_sqlite_lets_stand_in_a_column_is_found(sqlite_trail: Trail, value: Any) -> None:
    for column in ("recorded_at", "payload", "actor"):
        with sqlite_trail.db.write() as tx:
            statement = sa.text(f"update log_entries set {column} = :value where position = 3")  # noqa: S608
            tx.execute(statement, {"value": value})

    assert (3, 3) in sqlite_trail.faults()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(1, SIGNED_AT[-1]), column=st.sampled_from(sorted(FORGED)), hides=st.booleans())
def test_any_change_of_any_signed_entry_is_found(sqlite_db: Database, position: int, column: str, hides: bool) -> None:
    with sqlite_db.read() as tx:
        is_new = tx.execute(sa.select(sa.func.count()).select_from(entries)).scalar_one() == 0
    trail = signed_trail_on(sqlite_db) if is_new else trail_on(sqlite_db)
    was = trail.row(position)[column]
    trail.change(position, **{column: FORGED[column]})
    if hides:
        trail.reseal()

    faults = trail.audit.verify().faults

    trail.change(position, **{column: was})
    trail.reseal()
    assert any((fault.position or 0) <= position <= (fault.through or 0) for fault in faults)
    assert trail.audit.verify().is_sound

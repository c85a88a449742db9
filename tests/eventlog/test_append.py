"""What stands in the log after somebody wrote to it, on both engines."""

import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.eventlog.conftest import ADA, CATALOGUE, NEWER_CATALOGUE, NOON, Counted, Named, NamedLater, drafts

from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock, SystemClock
from everlearn.core.json import JSONObject, canonical_json
from everlearn.db import Database
from everlearn.eventlog import Draft, EventLog, UnknownEvent, store
from everlearn.eventlog.entry import Record


def test_an_entry_is_read_back_as_it_was_written(db: Database, log: EventLog) -> None:
    with db.write() as tx:
        written = log.append(tx, Named(title='a "strange" ☃ name\n'), actor=ADA, subject="thing:☃")

    with db.read() as tx:
        assert log.read(tx, after=0, limit=10) == [written]
        assert log.size(tx) == 1
    assert (written.position, written.name, written.revision, written.at) == (1, "t.named", 1, NOON)
    assert (written.actor, written.subject) == (ADA, "thing:☃")


def test_positions_go_on_without_gaps_one_by_one_and_in_batches(db: Database, log: EventLog) -> None:
    for size in (1, 3, 1, 600):
        with db.write() as tx:
            log.append_all(tx, drafts(range(size)))

    with db.read() as tx:
        entries = log.read(tx, after=0, limit=1_000)
    assert [entry.position for entry in entries] == list(range(1, 606))
    assert [entry.event for entry in entries[2:4]] == [Counted(number=1), Counted(number=2)]


def test_an_empty_batch_writes_nothing(db: Database, log: EventLog) -> None:
    with db.write() as tx:
        assert log.append_all(tx, []) == []

    with db.read() as tx:
        assert log.size(tx) == 0


def test_what_is_rolled_back_never_was(db: Database, log: EventLog) -> None:
    with db.write() as tx:
        log.append(tx, Counted(number=1), actor=ADA, subject="x")
    with pytest.raises(RuntimeError, match="no"):
        write_and_fail(db, log)
    with db.write() as tx:
        after = log.append(tx, Counted(number=2), actor=ADA, subject="x")

    assert after.position == 2
    with db.read() as tx:
        assert [entry.event for entry in log.read(tx, after=0, limit=10)] == [Counted(number=1), Counted(number=2)]
        assert store.all_block_roots(tx) == {}


def write_and_fail(db: Database, log: EventLog) -> None:
    with db.write() as tx:
        log.append_all(tx, drafts(range(300)))
        raise RuntimeError("no")


def test_what_cannot_be_written_leaves_nothing(db: Database, log: EventLog) -> None:
    with pytest.raises(ValueError, match="catalogue"), db.write() as tx:
        log.append(tx, NamedLater(titles=[]), actor=ADA, subject="x")

    with db.read() as tx:
        assert log.size(tx) == 0


def test_time_never_goes_back_along_the_log(db: Database, log: EventLog, clock: ManualClock) -> None:
    for minutes in (0, 5, -10, 2, 6):
        clock.at = NOON + timedelta(minutes=minutes)
        with db.write() as tx:
            log.append(tx, Counted(number=minutes), actor=ADA, subject="x")

    with db.read() as tx:
        times = [entry.at - NOON for entry in log.read(tx, after=0, limit=10)]
    assert times == [timedelta(minutes=minutes) for minutes in (0, 5, 5, 5, 6)]


def test_an_entry_knows_its_cause_and_where_everything_began(db: Database, log: EventLog) -> None:
    with db.write() as tx:
        first = log.append(tx, Counted(number=1), actor=ADA, subject="x")
        second = log.append(tx, Counted(number=2), actor=ADA, subject="x", cause=first.as_cause())
        third = log.append(tx, Counted(number=3), actor=ADA, subject="x", cause=second.as_cause())

    assert [entry.cause_id for entry in (first, second, third)] == [None, first.id, second.id]
    assert {entry.correlation_id for entry in (first, second, third)} == {first.id}


def test_what_happened_to_a_subject_is_told_newest_first_and_paged(db: Database, log: EventLog) -> None:
    with db.write() as tx:
        for number in range(6):
            log.append(tx, Counted(number=number), actor=ADA, subject="even" if number % 2 == 0 else "odd")
        log.append(tx, Named(title="x"), actor=ADA, subject="even")

    with db.read() as tx:
        newest = log.about(tx, "even", limit=2)
        older = log.about(tx, "even", limit=10, before=newest[-1].position)
        named = log.about(tx, "even", names=["t.named"])
    assert [entry.event for entry in newest] == [Named(title="x"), Counted(number=4)]
    assert [entry.event for entry in older] == [Counted(number=2), Counted(number=0)]
    assert [entry.position for entry in named] == [7]


def test_reading_goes_on_after_a_position_and_can_be_narrowed(db: Database, log: EventLog) -> None:
    with db.write() as tx:
        log.append_all(tx, [*drafts(range(3)), Draft(event=Named(title="x"), actor=ADA, subject="x")])

    with db.read() as tx:
        assert [entry.position for entry in log.read(tx, after=1, limit=2)] == [2, 3]
        assert [entry.position for entry in log.read(tx, after=0, limit=9, names=["t.named"])] == [4]


def test_what_an_older_process_wrote_and_what_a_newer_one_wrote_can_both_be_read(db: Database) -> None:
    older, newer = EventLog(CATALOGUE, SystemClock()), EventLog(NEWER_CATALOGUE, SystemClock())
    with db.write() as tx:
        older.append(tx, Named(title="one"), actor=ADA, subject="x")
        newer.append(tx, NamedLater(titles=["two", "three"]), actor=ADA, subject="x")

    with db.read() as tx:
        seen_by_newer = [entry.event for entry in newer.read(tx, after=0, limit=10)]
        seen_by_older = [entry.event for entry in older.read(tx, after=0, limit=10)]
    assert seen_by_newer == [NamedLater(titles=["one"]), NamedLater(titles=["two", "three"])]
    assert seen_by_older == [Named(title="one"), UnknownEvent(payload={"titles": ["two", "three"]})]


def test_threads_that_write_at_once_leave_one_order_without_gaps(db: Database, log: EventLog) -> None:
    crowd, each = 4, 25
    positions: list[list[int]] = [[] for _ in range(crowd)]
    start = threading.Barrier(crowd)

    def write(number: int) -> None:
        start.wait()
        for count in range(each):
            with db.write() as tx:
                written = log.append_all(tx, drafts(range(count % 3 + 1)))
            positions[number] += [entry.position for entry in written]

    threads = [threading.Thread(target=write, args=(number,)) for number in range(crowd)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(mine == sorted(mine) for mine in positions)
    total = sum(len(mine) for mine in positions)
    assert sorted(position for mine in positions for position in mine) == list(range(1, total + 1))
    with db.read() as tx:
        assert [entry.position for entry in log.read(tx, after=0, limit=1_000)] == list(range(1, total + 1))


text = st.text(st.characters(exclude_categories=["Cs"]))


@given(text, text, text, st.none() | text, text, st.dictionaries(text, text | st.integers() | st.floats(0, 1)))
def test_a_leaf_is_the_canonical_json_of_all_columns(
    entry_id: str, subject: str, actor: str, cause: str | None, correlation: str, payload: dict[str, float | str]
) -> None:
    columns: JSONObject = {
        "id": entry_id,
        "name": "t.any",
        "revision": 3,
        "subject": subject,
        "actor": actor,
        "position": 7,
    }
    record = Record(
        position=7,
        id=entry_id,
        name="t.any",
        revision=3,
        subject=subject,
        actor=Actor(actor),
        at=NOON,
        cause_id=cause,
        correlation_id=correlation,
        payload=canonical_json(dict(payload)),
    )

    rest = {"at": "2024-03-01T12:00:00.000000Z", "cause_id": cause, "correlation_id": correlation}
    assert record.leaf().decode() == canonical_json({**columns, **rest, "payload": dict(payload)})

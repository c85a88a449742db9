"""Durable subscriptions on both engines."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from tests.eventlog.conftest import ADA, CATALOGUE, NEWER_CATALOGUE, Counted, Named, NamedLater, drafts

from everlearn.core.clock import SystemClock
from everlearn.db import Database, Tx
from everlearn.eventlog import Entry, EventLog, Subscription, Subscriptions
from everlearn.eventlog.subscriptions import CHUNK, BehindError

heard = sa.Table(  # nothing that could hide a second effect
    "test_heard",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),  # the order of hearing
    sa.Column("who", sa.Text),
    sa.Column("position", sa.BigInteger),
)


@dataclass
class Audience:
    """A database with a log, and subscribers that note what they hear."""

    db: Database
    log: EventLog

    def append(self, *numbers: int) -> None:
        with self.db.write() as tx:
            self.log.append_all(tx, drafts(numbers))

    def heard_by(self, who: str) -> list[int]:
        with self.db.read() as tx:
            query = sa.select(heard.c.position).where(heard.c.who == who).order_by(heard.c.id)
            return list(tx.execute(query).scalars())

    def lag(self, subscriptions: Subscriptions) -> dict[str, int]:
        with self.db.read() as tx:
            return dict(subscriptions.lag(tx))


def noting(who: str, *, unless: Callable[[Entry], bool] = lambda _entry: False) -> Subscription:
    """Note what is heard; fail after having noted what `unless` says."""

    def note(tx: Tx, entry: Entry) -> None:
        tx.execute(sa.insert(heard).values(who=who, position=entry.position))
        if unless(entry):
            raise RuntimeError(f"{who} cannot take {entry.position}")

    return Subscription(who, {Counted: note, Named: note})


@pytest.fixture
def audience(db: Database, log: EventLog) -> Audience:
    with db.write() as tx:
        heard.metadata.create_all(tx.connection)
    return Audience(db, log)


def test_everything_new_is_handed_over_once_in_order(audience: Audience) -> None:
    subscriptions = Subscriptions(audience.db, audience.log, [noting("a"), noting("b")])
    audience.append(1, 2, 3)

    assert [subscriptions.pump(), subscriptions.pump()] == [6, 0]
    audience.append(4)

    assert subscriptions.pump() == 2
    assert audience.heard_by("a") == audience.heard_by("b") == [1, 2, 3, 4]


def test_only_the_events_that_somebody_wants_are_handed_over(audience: Audience) -> None:
    wants = noting("names")
    only_names = Subscription("names", {Named: wants.effects[Named]})
    audience.append(1, 2)
    with audience.db.write() as tx:
        audience.log.append(tx, Named(title="x"), actor=ADA, subject="x")
    subscriptions = Subscriptions(audience.db, audience.log, [only_names])

    assert audience.lag(subscriptions) == {"names": 1}
    assert subscriptions.pump() == 1
    assert audience.heard_by("names") == [3]


def test_an_effect_that_fails_leaves_neither_effect_nor_position(audience: Audience) -> None:
    troubled = {"now"}
    subscriber = noting("a", unless=lambda entry: entry.position == 2 and bool(troubled))
    subscriptions = Subscriptions(audience.db, audience.log, [subscriber])
    audience.append(1, 2, 3)

    with pytest.raises(RuntimeError, match="cannot take 2"):
        subscriptions.pump()
    assert (audience.heard_by("a"), audience.lag(subscriptions)) == ([], {"a": 3})

    troubled.clear()
    assert subscriptions.pump() == 3
    assert audience.heard_by("a") == [1, 2, 3]


def test_one_subscriber_that_fails_does_not_hold_up_the_others(audience: Audience) -> None:
    subscribers = [noting("first"), noting("broken", unless=lambda _entry: True), noting("last")]
    subscriptions = Subscriptions(audience.db, audience.log, subscribers)
    audience.append(1, 2)

    with pytest.raises(RuntimeError, match="broken"):
        subscriptions.pump()

    assert audience.heard_by("first") == audience.heard_by("last") == [1, 2]
    assert audience.lag(subscriptions) == {"first": 0, "broken": 2, "last": 0}


def test_a_subscriber_that_comes_later_hears_everything_from_the_start(audience: Audience) -> None:
    audience.append(1, 2)
    Subscriptions(audience.db, audience.log, [noting("a")]).pump()
    both = Subscriptions(audience.db, audience.log, [noting("a"), noting("late")])

    assert audience.lag(both) == {"a": 0, "late": 2}
    assert both.pump() == 2
    assert audience.heard_by("late") == [1, 2]
    assert audience.heard_by("a") == [1, 2]


def test_a_long_log_is_handed_over_chunk_by_chunk(audience: Audience) -> None:
    audience.append(*range(2 * CHUNK + 1))
    subscriptions = Subscriptions(audience.db, audience.log, [noting("a")])

    assert [subscriptions.pump() for _ in range(4)] == [CHUNK, CHUNK, 1, 0]
    assert audience.heard_by("a") == list(range(1, 2 * CHUNK + 2))


def test_an_event_of_a_newer_revision_is_waited_at_not_passed_by(audience: Audience) -> None:
    newer = EventLog(NEWER_CATALOGUE, SystemClock())
    audience.append(1, 2)
    with audience.db.write() as tx:
        newer.append(tx, NamedLater(titles=["x"]), actor=ADA, subject="x")
    audience.append(4)
    old = Subscriptions(audience.db, EventLog(CATALOGUE, SystemClock()), [noting("a")])

    assert old.pump() == 2
    with pytest.raises(BehindError, match=r"t\.named@2 was written by a newer Everlearn"):
        old.pump()
    assert audience.heard_by("a") == [1, 2]
    assert audience.lag(old) == {"a": 2}

    note = noting("a").effects[Counted]
    updated = Subscriptions(audience.db, newer, [Subscription("a", {Counted: note, NamedLater: note})])
    assert updated.pump() == 2
    assert audience.heard_by("a") == [1, 2, 3, 4]


def test_what_an_effect_appends_is_handed_over_as_well(audience: Audience) -> None:
    def count_on(tx: Tx, entry: Entry) -> None:
        assert isinstance(entry.event, Counted)
        if entry.event.number < 3:
            following = Counted(number=entry.event.number + 1)
            audience.log.append(tx, following, actor=ADA, subject="x", cause=entry.as_cause())

    subscriptions = Subscriptions(audience.db, audience.log, [Subscription("counter", {Counted: count_on})])
    audience.append(1)
    while subscriptions.pump():
        pass

    with audience.db.read() as tx:
        entries = audience.log.read(tx, after=0, limit=10)
    assert [entry.event for entry in entries] == [Counted(number=number) for number in (1, 2, 3)]
    assert {entry.correlation_id for entry in entries} == {entries[0].id}


def test_threads_that_pump_at_once_hand_over_once(audience: Audience) -> None:
    audience.append(*range(500))
    crowd = [Subscriptions(audience.db, audience.log, [noting("a"), noting("b")]) for _ in range(3)]
    start = threading.Barrier(len(crowd))

    def pump(subscriptions: Subscriptions) -> None:
        start.wait()
        while any(audience.lag(subscriptions).values()):
            subscriptions.pump()

    threads = [threading.Thread(target=pump, args=(each,)) for each in crowd]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert audience.heard_by("a") == audience.heard_by("b") == list(range(1, 501))

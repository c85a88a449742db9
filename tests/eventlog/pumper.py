"""Processes that append and pump, for tests that kill them.

pumper.py append DATABASE            appends a few entries in a transaction, again and again, and says what committed
pumper.py pump DATABASE              pumps until everything is handed over and its standard input says that this is all
pumper.py everywhere DATABASE        for n = 1, 2, ...: a child appends, pumps and kills itself before its nth commit
"""

import os
import signal
import sys
import threading
from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from everlearn.core.actor import Actor
from everlearn.core.clock import SystemClock
from everlearn.db import Database, Tx, open_database
from everlearn.eventlog import Catalogue, Draft, Entry, Event, EventLog, Subscription, Subscriptions

heard = sa.Table(  # no constraint that could hide a second effect
    "test_heard", sa.MetaData(), sa.Column("who", sa.Text), sa.Column("position", sa.BigInteger)
)
WHO = ("a", "b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked(Event):
    """A clock ticked."""

    name: ClassVar[str] = "t.ticked"
    revision: ClassVar[int] = 1

    number: int


def prepare(db: Database) -> None:
    """Make the table of effects."""
    with db.write() as tx:
        heard.metadata.create_all(tx.connection)


def noting(who: str) -> Subscription:
    """Note what is heard."""

    def note(tx: Tx, entry: Entry) -> None:
        tx.execute(sa.insert(heard).values(who=who, position=entry.position))

    return Subscription(who, {Ticked: note})


def platform(url: str) -> tuple[Database, EventLog, Subscriptions]:
    """Open everything anew, as a process does that starts."""
    db = open_database(url)
    log = EventLog(Catalogue([Ticked]), SystemClock())
    return db, log, Subscriptions(db, log, [noting(who) for who in WHO])


def append_some(db: Database, log: EventLog, number: int) -> None:
    """Append a few entries; the last of the transaction tells how many went before."""
    drafts = [Draft(event=Ticked(number=number), actor=Actor("user:t"), subject="t") for _ in range(number % 5 + 1)]
    with db.write() as tx:
        log.append_all(tx, drafts)


def say(line: str) -> None:
    """Write one line at once."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def append(url: str) -> None:
    db, log, _ = platform(url)
    for number in range(10_000):
        append_some(db, log, number)
        say("appended")


def pump(url: str) -> None:
    db, _, subscriptions = platform(url)
    is_all = threading.Event()

    def await_end() -> None:
        sys.stdin.read()
        is_all.set()

    threading.Thread(target=await_end, daemon=True).start()
    say("ready")
    while True:
        ends = is_all.is_set()
        handed = subscriptions.pump()
        if handed:
            say(f"pumped {handed}")
        elif ends:
            break
    db.close()


def everywhere(url: str) -> None:
    for number in range(1, 100):
        if in_child(lambda number=number: mortal(url, number)) != signal.SIGKILL:
            return  # it went through before its nth commit: every instant has been tried
        say(f"killed before commit {number}")


def mortal(url: str, number: int) -> None:
    db, log, subscriptions = platform(url)
    left = [number]

    def count(_connection: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(db.engine, "commit", count)
    for each in range(3):
        append_some(db, log, each)
        while subscriptions.pump():
            pass


def in_child(work: Any) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) * -1


if __name__ == "__main__":
    {"append": append, "pump": pump, "everywhere": everywhere}[sys.argv[1]](sys.argv[2])

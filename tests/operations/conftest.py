"""A queue with a dead, a pending, a running and a done job, and those who look after it."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import Catalogue, EventLog
from everlearn.jobs import JobOptions, JobQueue
from everlearn.operations import Operations
from everlearn.operations.events import EVENTS

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


@dataclass
class Yard:
    """The queue and its jobs by what they are."""

    operations: Operations
    jobs: dict[str, str]
    lag: dict[str, int]
    on_its_way: dict[str, int]

    def events(self) -> list[tuple[str, str, str]]:
        with self.operations.db.read() as tx:
            entries = self.operations.log.read(tx, after=0, limit=100)
        return [(entry.name, entry.subject, entry.actor) for entry in entries]


def yard_on(db: Database) -> Yard:
    clock = ManualClock(NOON)
    queue = JobQueue(clock, jitter=lambda: 0.5)
    lag, on_its_way = {"loop": 0}, {"unshipped_predictions": 0}
    operations = Operations(db, queue, EventLog(Catalogue(EVENTS), clock), lambda _tx: lag, [lambda _tx: on_its_way])
    jobs: dict[str, str] = {}
    for name in ("dead", "done", "running", "pending"):
        with db.write() as tx:
            options = JobOptions(max_attempts=1, unique_key=name)
            jobs[name] = queue.enqueue(tx, f"t.{name}", {"name": name}, options=options)
            if name == "pending":
                continue
            (job,) = queue.claim(tx, worker="w", kinds=[f"t.{name}"], lease_s=30)
            if name == "dead":
                queue.fail(tx, job, ValueError("no luck"))
            elif name == "done":
                queue.finish(tx, job)
    return Yard(operations, jobs, lag, on_its_way)


@pytest.fixture
def yard(db: Database) -> Yard:
    """On each engine."""
    return yard_on(db)


@pytest.fixture
def sqlite_yard(sqlite_db: Database) -> Yard:
    """On SQLite."""
    return yard_on(sqlite_db)

"""A queue whose clock stands still and whose chance is fixed, and short ways to use it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.jobs import Job, JobOptions, JobQueue

START = datetime(2024, 3, 1, 12, tzinfo=UTC)
LEASE_S = 30.0


@dataclass(frozen=True)
class Bench:
    """A queue on a database, each call in a transaction of its own."""

    db: Database
    queue: JobQueue
    clock: ManualClock

    def add(self, kind: str = "t.work", options: JobOptions | None = None, **arguments: str) -> str:
        with self.db.write() as tx:
            return self.queue.enqueue(tx, kind, dict(arguments), options=options or JobOptions())

    def claim(self, worker: str = "w1", limit: int = 1, kinds: tuple[str, ...] = ("t.work",)) -> list[Job]:
        with self.db.write() as tx:
            return self.queue.claim(tx, worker=worker, kinds=kinds, lease_s=LEASE_S, limit=limit)

    def finish(self, job: Job) -> None:
        with self.db.write() as tx:
            self.queue.finish(tx, job)

    def fail(self, job: Job, error: Exception) -> Job:
        with self.db.write() as tx:
            return self.queue.fail(tx, job, error)

    def cancel(self, job_id: str) -> Job:
        with self.db.write() as tx:
            return self.queue.cancel(tx, job_id)

    def redrive(self, job_id: str) -> Job:
        with self.db.write() as tx:
            return self.queue.redrive(tx, job_id)

    def release_expired(self) -> list[Job]:
        with self.db.write() as tx:
            return self.queue.release_expired(tx)

    def release_worker(self, worker: str) -> list[Job]:
        with self.db.write() as tx:
            return self.queue.release_worker(tx, worker)

    def job(self, job_id: str) -> Job:
        with self.db.read() as tx:
            return self.queue.job(tx, job_id)

    def pending_count(self) -> int:
        with self.db.read() as tx:
            return self.queue.pending_count(tx)

    def later(self, seconds: float) -> None:
        self.clock.at += timedelta(seconds=seconds)


def bench_on(db: Database) -> Bench:
    clock = ManualClock(START)
    return Bench(db, JobQueue(clock, jitter=lambda: 0.5), clock)

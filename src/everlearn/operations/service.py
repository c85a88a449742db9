"""Use cases around jobs: each changes a job and records who wanted it in one transaction."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from everlearn.core.actor import Actor
from everlearn.core.page import Page
from everlearn.db import Database, Tx
from everlearn.eventlog import EventLog
from everlearn.jobs import JobQueue, JobState, JobStateError
from everlearn.operations.events import JobCancelled, JobRedriven
from everlearn.operations.model import JobView, Redriven, Settlement, view_of

Counts = Callable[[Tx], Mapping[str, int]]
"""What is still on its way, by what it is; zero when nothing is."""


@dataclass(frozen=True, slots=True)
class Operations:
    """Looks after the queue."""

    db: Database
    queue: JobQueue
    log: EventLog
    lag: Counts  # events not yet seen, by subscription
    checks: Sequence[Counts] = ()

    def jobs(
        self,
        *,
        state: JobState | None = None,
        kind: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[JobView]:
        """List jobs, newest first."""
        with self.db.read() as tx:
            page = self.queue.jobs(tx, state=state, kind=kind, after=after, limit=limit)
        return Page(items=[view_of(job) for job in page.items], next=page.next)

    def job(self, job_id: str) -> JobView:
        """Show a job; raises JobNotFoundError."""
        with self.db.read() as tx:
            return view_of(self.queue.job(tx, job_id))

    def redrive(self, job_id: str, *, actor: Actor) -> JobView:
        """Give a dead job a fresh set of attempts; raises JobNotFoundError and JobStateError."""
        with self.db.write() as tx:
            job = self.queue.redrive(tx, job_id)
            self.log.append(tx, JobRedriven(job_id=job.id, kind=job.kind), actor=actor, subject=f"job:{job.id}")
        return view_of(job)

    def redrive_all(self, *, actor: Actor) -> Redriven:
        """Give every job that is dead now a fresh set of attempts, each in a transaction of its own."""
        redriven, refused = [], []
        for job_id in list(self._dead()):
            try:
                redriven.append(self.redrive(job_id, actor=actor).id)
            except JobStateError:  # no longer dead, or its unique key is held by a younger job
                refused.append(job_id)
        return Redriven(redriven=redriven, refused=refused)

    def cancel(self, job_id: str, *, actor: Actor) -> JobView:
        """End a pending job or ask a running one to end; raises JobNotFoundError and JobStateError."""
        with self.db.write() as tx:
            job = self.queue.cancel(tx, job_id)
            running = job.state is JobState.RUNNING
            event = JobCancelled(job_id=job.id, kind=job.kind, was_running=running)
            self.log.append(tx, event, actor=actor, subject=f"job:{job.id}")
        return view_of(job)

    def settlement(self) -> Settlement:
        """Tell, at one instant, whether everything that was set off has come to rest."""
        with self.db.read() as tx:
            pending = self.queue.pending_count(tx)
            lag = dict(self.lag(tx))
            checks = {name: count for check in self.checks for name, count in check(tx).items()}
        settled = not (pending or any(lag.values()) or any(checks.values()))
        return Settlement(settled=settled, pending_jobs=pending, subscription_lag=lag, checks=checks)

    def _dead(self) -> Iterator[str]:
        after: str | None = None
        while True:
            page = self.jobs(state=JobState.DEAD, after=after, limit=1_000)
            yield from (job.id for job in page.items)
            after = page.next
            if after is None:
                return

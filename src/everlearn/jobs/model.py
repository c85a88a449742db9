"""A job, its states, and how it moves between them. No I/O; chance comes in as a number.

pending -> running -> done
   ^          |-----> pending   retried, given back, or its worker was lost
   |          |-----> dead      failed for good; kept until somebody drives it again
   |          `-----> cancelled
   `--------- dead
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from everlearn.core.json import JSONObject
from everlearn.jobs.errors import DeadlinePassedError, JobStateError
from everlearn.jobs.failure import Failure, JobError, Remedy
from everlearn.jobs.retry import backoff_s

MOST_LOSSES = 25  # workers that a job may outlive before it is taken for what kills them


class JobState(StrEnum):
    """Where a job is in its life."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """How a job is to be treated."""

    unique_key: str | None = None  # while a job with this key is pending or running, there is no second one
    once_key: str | None = None  # there is never a second job with this key, not even after the first is done
    priority: int = 0  # higher goes first
    run_at: datetime | None = None  # not before; None: now
    deadline_at: datetime | None = None  # no attempt begins after it; a running one is asked to stop
    max_attempts: int = 5  # failed attempts until it is dead; an unavailable dependency or a lost worker is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Some work that is remembered until it is done."""

    id: str
    kind: str  # names the handler: "monitoring.evaluate"
    arguments: JSONObject
    state: JobState = JobState.PENDING
    priority: int = 0
    unique_key: str | None = None
    run_at: datetime
    deadline_at: datetime | None = None
    max_attempts: int = 5
    attempt: int = 0  # how often it was claimed
    failures: int = 0  # attempts that count against `max_attempts`
    losses: int = 0  # attempts whose worker was never heard of again
    worker: str | None = None  # who runs it, or ran it last
    lease_token: str | None = field(default=None, repr=False)  # set while running; a new one with each claim
    lease_until: datetime | None = None
    is_cancel_requested: bool = False
    cause_id: str | None = None  # the event that asked for it
    correlation_id: str
    error: JobError | None = None  # of the last attempt that did not succeed
    created_at: datetime
    started_at: datetime | None = None  # of the last attempt
    finished_at: datetime | None = None

    def finished(self, now: datetime) -> "Job":
        """It succeeded."""
        return _over(self, JobState.DONE, now)

    def failed(self, failure: Failure, *, now: datetime, jitter: float) -> "Job":
        """It did not succeed: again later, or dead when that is hopeless; `jitter` is in [0, 1)."""
        if self.is_cancel_requested or failure.remedy is Remedy.CANCEL:
            return _over(self, JobState.CANCELLED, now)
        if failure.remedy is Remedy.GIVE_BACK:
            return _again(self, now)
        failures = self.failures + (failure.remedy is Remedy.RETRY)
        known = replace(self, failures=failures, error=failure.error)
        if failure.remedy is Remedy.NONE or failures >= self.max_attempts:
            return _over(known, JobState.DEAD, now)
        rounds = failures if failure.remedy is Remedy.RETRY else self.attempt
        run_at = now + timedelta(seconds=failure.retry_after_s + backoff_s(rounds, jitter))
        if self.deadline_at is not None and run_at > self.deadline_at:
            return _over(known, JobState.DEAD, now)
        return _again(known, run_at)

    def lost(self, *, now: datetime, jitter: float) -> "Job":
        """Its worker is gone. Twice that may be chance and it runs again at once; then it waits longer and longer."""
        if self.is_cancel_requested:
            return _over(self, JobState.CANCELLED, now)
        losses = self.losses + 1
        error = JobError(type="WorkerLost", code="jobs.worker_lost", message=f"worker {self.worker} was lost {losses}x")
        known = replace(self, losses=losses, error=error)
        if losses >= MOST_LOSSES:
            return _over(known, JobState.DEAD, now)
        return _again(known, now + timedelta(seconds=backoff_s(losses - 2, jitter)))

    def missed_deadline(self, now: datetime) -> "Job":
        """It came too late; an earlier error says more than the lateness and is kept."""
        late = JobError(type="DeadlinePassedError", code=DeadlinePassedError.code, message="not done by its deadline")
        return _over(replace(self, error=self.error or late), JobState.DEAD, now)

    def cancelled(self, now: datetime) -> "Job":
        """Somebody no longer wants it: pending ends at once, running is asked to end."""
        if self.state is JobState.RUNNING:
            return replace(self, is_cancel_requested=True)
        if self.state is not JobState.PENDING:
            raise JobStateError(f"job {self.id} is {self.state}; only a pending or running job can be cancelled")
        return _over(self, JobState.CANCELLED, now)

    def redriven(self, now: datetime) -> "Job":
        """A dead job gets a fresh set of attempts and, as the old one may have passed, no deadline."""
        if self.state is not JobState.DEAD:
            raise JobStateError(f"job {self.id} is {self.state}; only a dead job can be driven again")
        return replace(_again(self, now), failures=0, losses=0, deadline_at=None)


def _over(job: Job, state: JobState, now: datetime) -> Job:
    return replace(job, state=state, finished_at=now, lease_token=None, lease_until=None)


def _again(job: Job, run_at: datetime) -> Job:
    return replace(job, state=JobState.PENDING, run_at=run_at, lease_token=None, lease_until=None, finished_at=None)

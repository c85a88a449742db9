"""What people are shown of jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from everlearn.core.json import JSONObject
from everlearn.jobs import Job, JobError, JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job as people see it: everything but the token that fences its lease."""

    id: str
    kind: str
    state: JobState
    arguments: JSONObject
    priority: int
    unique_key: str | None
    run_at: datetime  # not before
    deadline_at: datetime | None
    max_attempts: int
    attempt: int  # how often it was begun
    failures: int  # attempts that count against `max_attempts`
    losses: int  # attempts whose worker was lost
    worker: str | None
    lease_until: datetime | None
    is_cancel_requested: bool
    cause_id: str | None
    correlation_id: str
    error: JobError | None  # of the last attempt that did not succeed
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def view_of(job: Job) -> JobView:
    """Show a job."""
    return JobView(**{each.name: getattr(job, each.name) for each in fields(JobView)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Redriven:
    """What became of driving all dead jobs again."""

    redriven: Sequence[str]  # ids of the jobs that are pending again
    refused: Sequence[str]  # ids of those that another job has made needless


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Whether everything that was set off has come to rest; every number is zero then."""

    settled: bool
    pending_jobs: int  # running, due, or waiting to be retried
    subscription_lag: Mapping[str, int]  # events not yet seen, by subscription
    checks: Mapping[str, int]  # what else is on its way, by what it is

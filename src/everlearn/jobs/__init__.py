"""The durable queue: work that is remembered until it is done, in the same database as everything else.

    job_id = queue.enqueue(tx, "registry.register", {"run": run_id}, cause=entry.as_cause())

commits with the caller's transaction or not at all. A `Worker` claims due jobs under a lease, runs their handlers in
threads and records the outcome. A job may run more than once (a worker can be killed at any instant), so handlers are
safe to repeat; an effect that must happen once calls `context.finish(tx)` in its own transaction, which fails when
the lease has gone to somebody else.
"""

from everlearn.jobs.context import JobContext
from everlearn.jobs.errors import (
    DeadlinePassedError,
    JobCancelledError,
    JobNotFoundError,
    JobPausedError,
    JobStateError,
    LeaseLostError,
)
from everlearn.jobs.failure import JobError
from everlearn.jobs.model import Job, JobOptions, JobState
from everlearn.jobs.queue import JobQueue
from everlearn.jobs.schedule import Schedule
from everlearn.jobs.worker import Handler, Handlers, Worker

__all__ = [
    "DeadlinePassedError",
    "Handler",
    "Handlers",
    "Job",
    "JobCancelledError",
    "JobContext",
    "JobError",
    "JobNotFoundError",
    "JobOptions",
    "JobPausedError",
    "JobQueue",
    "JobState",
    "JobStateError",
    "LeaseLostError",
    "Schedule",
    "Worker",
]

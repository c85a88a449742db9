"""One attempt at a job, from its handler to the recorded outcome."""

import logging
import time
from collections.abc import Callable

from everlearn.core.errors import EverlearnError
from everlearn.db import Database
from everlearn.jobs.context import JobContext
from everlearn.jobs.errors import LeaseLostError
from everlearn.jobs.model import Job, JobState

logger = logging.getLogger(__name__)

_TOLD = {
    JobState.DONE: (logging.INFO, "job done", "jobs.done"),
    JobState.PENDING: (logging.WARNING, "job comes again", "jobs.retried"),
    JobState.DEAD: (logging.ERROR, "job is dead", "jobs.dead"),
    JobState.CANCELLED: (logging.INFO, "job cancelled", "jobs.cancelled"),
}


def caught(action: Callable[[], object]) -> Exception | None:
    """Run something that is not ours to trust and give what it raised."""
    try:
        action()
    except Exception as error:  # noqa: BLE001  # the edge of the worker: one bad job or event must not end the others
        return error
    return None


def perform(db: Database, handler: Callable[[JobContext], None], context: JobContext) -> None:
    """Run the handler and record how it went; raises nothing, the outcome is in the queue and in the log."""
    started = time.perf_counter()
    error = caught(lambda: handler(context))
    trouble = caught(lambda: _tell(_record(db, context, error), error, time.perf_counter() - started))
    if isinstance(trouble, LeaseLostError):
        logger.warning("job went to another worker", extra=_facts(context.job) | {"action": "jobs.lease_lost"})
    elif trouble is not None:
        # nobody is told, so the lease ends by itself and the job comes again
        logger.error(
            "outcome of a job could not be recorded",
            exc_info=trouble,
            extra=_facts(context.job) | {"action": "jobs.unrecorded"},
        )


def _record(db: Database, context: JobContext, error: Exception | None) -> Job:
    queue, job = context.queue, context.job
    if error is None and context.is_finished:
        return job.finished(queue.clock.now())
    with db.write() as tx:
        if error is not None:
            return queue.fail(tx, job, error)
        queue.finish(tx, job)
        return job.finished(queue.clock.now())


def _tell(job: Job, error: Exception | None, seconds: float) -> None:
    level, message, action = _TOLD[job.state]
    facts = _facts(job) | {"action": action, "seconds": round(seconds, 6)}
    if error is not None:
        facts["error"] = type(error).__name__
        facts["code"] = error.code if isinstance(error, EverlearnError) else None
    logger.log(level, message, extra=facts)


def _facts(job: Job) -> dict[str, object]:
    return {"job": job.id, "kind": job.kind, "attempt": job.attempt, "worker": job.worker}

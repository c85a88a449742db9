"""What can be wrong with a job, and what a handler raises to say how its job shall go on."""

from everlearn.core.errors import ConflictError, EverlearnError, NotFoundError


class JobNotFoundError(NotFoundError):
    """No job has this id."""

    code = "jobs.not_found"


class JobStateError(ConflictError):
    """The job is in a state that does not allow this."""

    code = "jobs.wrong_state"


class LeaseLostError(ConflictError):
    """The job has gone to another worker (or is over); this one's effect must not be committed."""

    code = "jobs.lease_lost"


class JobCancelledError(EverlearnError):
    """The running job was asked to end, and does."""

    code = "jobs.cancelled"


class DeadlinePassedError(EverlearnError):
    """The job was not done in time; late is as bad as never."""

    code = "jobs.deadline_passed"


class JobPausedError(EverlearnError):
    """Raised by a handler that stops half-way because `context.stopping`: the job runs again, nothing is counted."""

    code = "jobs.paused"

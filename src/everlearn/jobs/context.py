"""What a handler is given: its job, and the ways to stay in touch with the queue."""

from dataclasses import dataclass, field
from threading import Event

from everlearn.db import Tx
from everlearn.eventlog import Cause
from everlearn.jobs.errors import DeadlinePassedError, JobCancelledError
from everlearn.jobs.model import Job
from everlearn.jobs.queue import JobQueue, lease_lost


@dataclass(slots=True, eq=False)
class JobContext:
    """One attempt at a job.

    The worker renews the lease from its own thread for as long as the handler runs; a handler that takes long calls
    `heartbeat` at safe points only to learn whether it should go on.
    """

    job: Job
    queue: JobQueue
    draining: Event = field(default_factory=Event)  # the worker wants to stop
    is_lost: bool = False  # set by the worker when the lease has gone
    is_cancelled: bool = False  # set by the worker when somebody cancelled the job
    is_finished: bool = False

    @property
    def cause(self) -> Cause:
        """What events and jobs of this attempt give as their cause: the event behind the job, or the job itself."""
        return Cause(id=self.job.cause_id or self.job.id, correlation_id=self.job.correlation_id)

    @property
    def stopping(self) -> bool:
        """Tell whether to end soon: the worker drains, or the job was cancelled or lost.

        A handler that can go on later from where it is raises JobPausedError then; others may simply finish.
        """
        return self.draining.is_set() or self.is_lost or self.is_cancelled

    def heartbeat(self) -> None:
        """Learn whether this attempt is still wanted. Costs nothing, so call it often.

        Raises
        ------
        LeaseLostError, JobCancelledError, DeadlinePassedError
            When it is not; let them pass.
        """
        if self.is_lost:
            raise lease_lost(self.job)
        if self.is_cancelled:
            raise JobCancelledError(f"job {self.job.id} was cancelled")
        if self.job.deadline_at is not None and self.queue.clock.now() >= self.job.deadline_at:
            raise DeadlinePassedError(f"job {self.job.id} was not done by its deadline")

    def finish(self, tx: Tx) -> None:
        """Complete the job within the handler's own transaction: its effect and the completion commit together.

        Raises
        ------
        LeaseLostError
            When the job has gone to another worker; let it pass, so that the transaction rolls back.
        """
        self.queue.finish(tx, self.job)
        self.is_finished = True

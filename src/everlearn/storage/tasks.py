"""What the worker does for storage."""

from dataclasses import dataclass

from everlearn.core.actor import system
from everlearn.jobs import JobContext
from everlearn.storage.collector import Collector

ACTOR = system("storage")


@dataclass(frozen=True, slots=True)
class StorageTasks:
    """Handler of the job `storage.collect`."""

    collector: Collector

    def collect(self, context: JobContext) -> None:
        """Collect what nothing refers to; done again from the start when it is interrupted."""
        self.collector.collect(actor=ACTOR, cause=context.cause, heartbeat=context.heartbeat)

"""What the worker does for retention."""

from dataclasses import dataclass

from everlearn.core.actor import system
from everlearn.jobs import JobContext
from everlearn.retention.service import Retention

ACTOR = system("retention")


@dataclass(frozen=True, slots=True)
class RetentionTasks:
    """Handlers of the jobs `retention.apply` and `retention.daily`."""

    retention: Retention

    def apply(self, context: JobContext) -> None:
        """Do what is left of a plan."""
        asked = context.job.arguments
        self.retention.work(str(asked["project"]), str(asked["plan"]), between=context.heartbeat)

    def daily(self, context: JobContext) -> None:
        """Plan and take up what is due in every project."""
        context.heartbeat()
        self.retention.apply_all(actor=ACTOR)

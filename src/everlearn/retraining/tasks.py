"""What the worker does for retraining."""

from dataclasses import dataclass

from everlearn.core.clock import parse_instant
from everlearn.jobs import JobContext
from everlearn.retraining.service import Retraining


@dataclass(frozen=True, slots=True)
class RetrainingTasks:
    """Handler of the job `retraining.review`."""

    retraining: Retraining

    def review(self, context: JobContext) -> None:
        """Ask whether to retrain, if there is a reason to."""
        asked = context.job.arguments
        self.retraining.review(
            str(asked["project"]),
            str(asked["model"]),
            through=parse_instant(str(asked["through"])),
            cause=context.cause,
        )

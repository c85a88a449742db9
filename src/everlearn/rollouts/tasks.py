"""What the worker does for rollouts."""

from dataclasses import dataclass

from everlearn.core.actor import system
from everlearn.core.clock import parse_instant
from everlearn.jobs import JobContext
from everlearn.rollouts.service import NewRollout, Rollouts


@dataclass(frozen=True, slots=True)
class RolloutTasks:
    """Handlers of the jobs `rollouts.start` and `rollouts.evaluate`."""

    rollouts: Rollouts

    def start(self, context: JobContext) -> None:
        """Begin rolling out a version that passed its gate."""
        asked = context.job.arguments
        new = NewRollout(
            project=str(asked["project"]),
            model=str(asked["model"]),
            candidate=int(str(asked["version"])),
            effective_at=parse_instant(str(asked["effective_at"])),
            reason="passed its gate",
            actor=system("rollouts"),
        )
        self.rollouts.start(new, cause=context.cause)

    def evaluate(self, context: JobContext) -> None:
        """Judge the running step on what is known now."""
        asked = context.job.arguments
        self.rollouts.evaluate(
            str(asked["project"]),
            str(asked["model"]),
            through=parse_instant(str(asked["through"])),
            cause=context.cause,
        )

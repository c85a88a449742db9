"""What the worker does for gates."""

from dataclasses import dataclass

from everlearn.core.clock import parse_instant
from everlearn.jobs import JobContext
from everlearn.pipelines import Pipelines
from everlearn.quality.service import Gates


@dataclass(frozen=True, slots=True)
class QualityTasks:
    """Handlers of the jobs `quality.register` and `quality.gate`."""

    gates: Gates
    pipelines: Pipelines

    def register(self, context: JobContext) -> None:
        """Register what a finished training run packaged."""
        run = self.pipelines.run(str(context.job.arguments["pipeline_run_id"]))
        self.gates.register(run, cause=context.cause)

    def judge(self, context: JobContext) -> None:
        """Judge a newly registered version."""
        asked = context.job.arguments
        self.gates.judge(
            str(asked["project"]),
            str(asked["model"]),
            int(str(asked["version"])),
            effective_at=parse_instant(str(asked["effective_at"])),
            cause=context.cause,
        )

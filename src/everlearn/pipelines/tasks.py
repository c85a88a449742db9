"""What the worker does for pipelines."""

from dataclasses import dataclass

from everlearn.core.json import JSONObject
from everlearn.jobs import JobContext, JobOptions
from everlearn.pipelines.events import RunSubmitted
from everlearn.pipelines.service import Pipelines

RUN = "pipelines.run"


def run_job(event: RunSubmitted) -> tuple[str, JSONObject, JobOptions]:
    """Give the job that executes a submitted run: kind, arguments, options. One job for a run, ever."""
    options = JobOptions(once_key=f"{RUN}:{event.pipeline_run_id}")
    return RUN, {"run_id": event.pipeline_run_id}, options


@dataclass(frozen=True, slots=True)
class PipelineTasks:
    """Handler of the job `pipelines.run`."""

    pipelines: Pipelines

    def run(self, context: JobContext) -> None:
        """Execute a run to its end, or continue one."""
        self.pipelines.execute(str(context.job.arguments["run_id"]), context)

"""The use cases of pipelines: submit, execute, look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from everlearn.blobs import BlobStore
from everlearn.core.actor import Actor
from everlearn.core.clock import Clock, parse_instant
from everlearn.core.errors import EverlearnError, InvalidError
from everlearn.core.ids import derived_id
from everlearn.core.json import JSONObject
from everlearn.core.names import checked_name
from everlearn.core.page import Page, checked_limit, page_of
from everlearn.core.subjects import pipeline_subject
from everlearn.db import Database, Tx
from everlearn.eventlog import Cause, EventLog
from everlearn.jobs import JobContext
from everlearn.pipelines.events import RunSubmitted
from everlearn.pipelines.execution import Execution, as_params
from everlearn.pipelines.graph import Pipeline
from everlearn.pipelines.model import (
    BadParametersError,
    PipelineNotFoundError,
    PipelineRun,
    RunNotFoundError,
    RunState,
    StepRun,
)
from everlearn.pipelines.ports import DatasetReader
from everlearn.pipelines.store import cache as cache_store
from everlearn.pipelines.store import runs as run_store
from everlearn.pipelines.store import steps as step_store
from everlearn.tracking import Tracking
from everlearn.tracking.model import LONGEST_PARAM, checked_values

AS_OF = "as_of"
"""The parameter that says which moment of the world a run is about, as ISO 8601."""

RUNS_COUNTED = 5


@dataclass(frozen=True, slots=True)
class Pipelines:
    """Pipelines by name, and their runs."""

    db: Database
    log: EventLog
    blobs: BlobStore
    tracking: Tracking
    datasets: DatasetReader
    clock: Clock
    catalogue: Mapping[str, Pipeline]

    def submit(
        self,
        tx: Tx,
        project: str,
        pipeline: str,
        parameters: JSONObject,
        *,
        key: str,
        actor: Actor,
        cause: Cause | None = None,
    ) -> PipelineRun:
        """Ask for a run; the same key again gives the run that it gave before, whatever the parameters.

        The run is about the moment in the parameter `as_of`, or about now.

        Raises
        ------
        PipelineNotFoundError
            When no pipeline of this name is installed.
        BadParametersError
            When the pipeline cannot run with these parameters.
        """
        wanted = self.pipeline(pipeline)
        _check_parameters(wanted, parameters)
        run_id = derived_id("prun", checked_name(project, kind="project"), pipeline, key)
        now = self.clock.now()
        run = PipelineRun(
            id=run_id,
            project=project,
            pipeline=pipeline,
            parameters=parameters,
            code_digest=wanted.code_digest,
            state=RunState.SUBMITTED,
            tracking_run_id=derived_id("run", run_id),
            outputs={},
            submitted_by=actor,
            submitted_at=now,
            started_at=None,
            ended_at=None,
            effective_at=_effective_at(parameters, now),
            error=None,
        )
        if not run_store.insert_run(tx, run):
            return run_store.find_run(tx, run_id) or run
        step_store.insert_steps(tx, run_id, wanted)
        event = RunSubmitted(
            project=project,
            pipeline=pipeline,
            pipeline_run_id=run_id,
            parameters=parameters,
            effective_at=run.effective_at,
        )
        self.log.append(tx, event, actor=actor, subject=pipeline_subject(project, pipeline), cause=cause)
        return run

    def execute(self, run_id: str, context: JobContext) -> None:
        """Execute a run from where it is to its end, and end the job with it; one that is over stays as it is.

        Raises
        ------
        UnavailableError
            When something that the run needs does not answer; what is done stays done.
        """
        run = self.run(run_id)
        if run.state in {RunState.FINISHED, RunState.FAILED}:
            return
        Execution(
            db=self.db,
            log=self.log,
            blobs=self.blobs,
            tracking=self.tracking,
            datasets=self.datasets,
            clock=self.clock,
            run=run,
            pipeline=self.pipeline(run.pipeline),
            job=context,
        ).run_to_end()

    def pipeline(self, name: str) -> Pipeline:
        """Give an installed pipeline."""
        if name not in self.catalogue:
            installed = ", ".join(sorted(self.catalogue)) or "none"
            raise PipelineNotFoundError(
                f"no pipeline {name[:80]!r} is installed; there are: {installed}. "
                "The setting `pipelines` names the modules that offer them"
            )
        return self.catalogue[name]

    def run(self, run_id: str) -> PipelineRun:
        """Give one run.

        Raises
        ------
        RunNotFoundError
            When there is none of that id.
        """
        with self.db.read() as tx:
            found = run_store.find_run(tx, run_id)
        if found is None:
            raise _not_found(run_id)
        return found

    def run_of(self, project: str, run_id: str) -> PipelineRun:
        """Give one run of a project; a run of another project is not found."""
        run = self.run(run_id)
        if run.project != project:
            raise _not_found(run_id)
        return run

    def runs(
        self, project: str, pipeline: str | None = None, *, after: str | None = None, limit: int = 100
    ) -> Page[PipelineRun]:
        """List runs, newest first: of one pipeline, or of all."""
        size = checked_limit(limit)
        with self.db.read() as tx:
            rows = run_store.list_runs(tx, project, pipeline, after=after, limit=size + 1)
        return page_of(rows, limit=size, key=run_store.run_key)

    def steps(self, run_id: str) -> Sequence[StepRun]:
        """List the steps of a run in the order of execution."""
        with self.db.read() as tx:
            return step_store.list_steps(tx, run_id)

    def usual_cpu_s(self, project: str, pipeline: str) -> float | None:
        """Give what a run costs in CPU seconds when every step is computed: the median of the last five finished.

        None before the first run has finished.
        """
        with self.db.read() as tx:
            costs = cache_store.computing_costs(tx, project, pipeline, limit=RUNS_COUNTED)
        return median(costs) if costs else None


def _check_parameters(pipeline: Pipeline, parameters: JSONObject) -> None:
    pipeline.check_parameters(parameters)
    try:
        checked_values(as_params(parameters), longest=LONGEST_PARAM)
    except EverlearnError as error:
        raise BadParametersError(error.message, **error.details) from error


def _effective_at(parameters: JSONObject, now: datetime) -> datetime:
    as_of = parameters.get(AS_OF)
    if as_of is None:
        return now
    try:
        return parse_instant(str(as_of))
    except InvalidError as error:
        raise BadParametersError(f"parameter {AS_OF}: {error.message}") from error


def _not_found(run_id: str) -> RunNotFoundError:
    return RunNotFoundError(f"no pipeline run {run_id[:80]!r} in this project; `everlearn pipelines runs` lists them")

"""One run being executed by one worker, so that a kill at any instant costs at most the step that was running.

Each step ends in one transaction: its state, its result for the cache, its event. What a step logged goes to the
tracking run after that, from what was stored, and is marked; whoever continues a run logs what is not marked yet.
"""

import logging
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from everlearn.blobs import BlobStore
from everlearn.core.actor import system
from everlearn.core.clock import Clock
from everlearn.core.digest import Digest, digest_json
from everlearn.core.errors import UnavailableError
from everlearn.core.json import JSONObject, canonical_json
from everlearn.core.subjects import pipeline_subject
from everlearn.db import Database, Tx
from everlearn.eventlog import EventLog
from everlearn.jobs import DeadlinePassedError, JobCancelledError, JobContext, JobPausedError, LeaseLostError
from everlearn.pipelines.context import Logged, StepContext
from everlearn.pipelines.events import RunFinished, StepFinished
from everlearn.pipelines.graph import Literal, Output, Parameter, Pipeline, Step
from everlearn.pipelines.model import Ending, OvertakenError, PipelineRun, Result, RunState, StepRun, StepState
from everlearn.pipelines.ports import DatasetReader
from everlearn.pipelines.store import cache as cache_store
from everlearn.pipelines.store import runs as run_store
from everlearn.pipelines.store import steps as step_store
from everlearn.pipelines.values import Format, read, written
from everlearn.tracking import RunStatus, Tracking
from everlearn.tracking.model import MOST_IN_BATCH, check_unchanged

logger = logging.getLogger(__name__)

ACTOR = system("pipelines")
KEY_FORMAT = 1  # raise it when what a result depends on is written down differently
MOST_DEATHS = 20  # of workers during one step, before the step is held to be the murderer
LONGEST_ERROR = 2_000

_NOT_THE_STEPS_FAULT = (
    UnavailableError,
    LeaseLostError,
    JobPausedError,
    JobCancelledError,
    DeadlinePassedError,
)


@dataclass(frozen=True, slots=True)
class Value:
    """What goes into a step: where it is, or what it is."""

    format: Format
    digest: Digest
    content: bytes | None = None  # of a parameter or literal, which are not in the blob store


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A run, its pipeline and the job that executes it."""

    db: Database
    log: EventLog
    blobs: BlobStore
    tracking: Tracking
    datasets: DatasetReader
    clock: Clock
    run: PipelineRun
    pipeline: Pipeline
    job: JobContext

    def run_to_end(self) -> None:
        """Do what is left to do, in order; end the run and its job together.

        Raises
        ------
        JobPausedError
            When the worker is to stop; what is done stays done.
        """
        self._begin()
        try:
            self._do_steps()
        except (JobCancelledError, DeadlinePassedError) as error:
            self._end(RunState.FAILED, RunStatus.KILLED, error.message)
            raise

    def _do_steps(self) -> None:
        outputs: dict[str, Value] = {}
        for step in self.pipeline.steps:
            self._check_wanted()
            ended = self._ended(step, outputs)
            self._publish(ended)
            if ended.output is None:
                self._end(RunState.FAILED, RunStatus.FAILED, f"step {step.name}: {ended.error}")
                return
            outputs[step.name] = Value(Format(str(ended.output_format)), ended.output)
        self._end(RunState.FINISHED, RunStatus.FINISHED, None)

    def _check_wanted(self) -> None:
        self.job.heartbeat()
        if self.job.stopping:
            raise JobPausedError(f"pipeline run {self.run.id} pauses between two steps: the worker is to stop")

    def _begin(self) -> None:
        run = self.run
        self.tracking.start_run(
            run.project,
            run.pipeline,
            run_id=run.tracking_run_id,
            name=run.pipeline,
            tags={"everlearn.pipeline_run": run.id},
            effective_at=run.effective_at,
            actor=run.submitted_by,
            cause=self.job.cause,
        )
        self.tracking.log_params(run.tracking_run_id, as_params(run.parameters))
        with self.db.write() as tx:
            run_store.mark_running(tx, run.id, code_digest=self.pipeline.code_digest, at=self.clock.now())
            step_store.insert_steps(tx, run.id, self.pipeline)
            step_store.delete_other_steps(tx, run.id, self.pipeline)

    def _ended(self, step: Step, outputs: Mapping[str, Value]) -> StepRun:
        """Give a step after its end: as it is, with a result found again, or computed now."""
        inputs = self._inputs(step, outputs)
        key = _key(step, inputs)
        with self.db.read() as tx:
            row = _row(tx, self.run.id, step.name)
            known = cache_store.find_result(tx, self.run.project, key)
        if row.cache_key == key and self._is_over(row):
            return row
        if known is not None and self.blobs.exists(known.output):
            return self._reuse(step, key, known)
        return self._compute(step, key, inputs, row)

    def _is_over(self, row: StepRun) -> bool:
        if row.state is StepState.DONE:
            return row.output is not None and self.blobs.exists(row.output)
        return row.state is StepState.FAILED

    def _reuse(self, step: Step, key: Digest, known: Result) -> StepRun:
        now = self.clock.now()
        with self.db.write() as tx:
            begun = step_store.begin_step(tx, self.run.id, step.name, key=key, at=now)
            ending = Ending(
                attempt=begun.attempt,
                state=StepState.DONE,
                is_reused=True,
                output=known.output,
                output_format=known.output_format,
                logged=known.logged,
            )
            return self._record(tx, step, ending)

    def _compute(self, step: Step, key: Digest, inputs: Mapping[str, Value], row: StepRun) -> StepRun:
        while True:
            self.job.heartbeat()  # never begin what another worker has taken over
            with self.db.write() as tx:
                row = step_store.begin_step(tx, self.run.id, step.name, key=key, at=self.clock.now())
            ending, result = self._attempt(step, row, inputs)
            with self.db.write() as tx:
                row = self._record(tx, step, ending)
                if result is not None:
                    cache_store.put_result(tx, self.run.project, key, result, at=self.clock.now())
            if row.state is not StepState.WAITING:
                return row

    def _attempt(self, step: Step, row: StepRun, inputs: Mapping[str, Value]) -> tuple[Ending, Result | None]:
        deaths = row.attempt - row.failures - 1
        if deaths >= MOST_DEATHS:
            return _failed(
                row, f"the worker died {deaths} times during this step; give it more memory", last=True
            ), None
        started, cpu_started = time.perf_counter(), time.process_time()
        try:
            context, content = self._call(step, inputs)
        except _NOT_THE_STEPS_FAULT:
            raise
        except Exception as error:  # a step is other people's code and may raise anything
            logger.warning("step failed", exc_info=error, extra={"action": "pipelines.step_failed", "step": step.name})
            cost = (time.perf_counter() - started, time.process_time() - cpu_started)
            return _failed(row, _told(error, step), last=row.failures + 1 >= step.attempts, cost=cost), None
        result = Result(
            output=self.blobs.put(content.content),
            output_format=content.format,
            logged=context.logged.as_text(),
            wall_s=time.perf_counter() - started,
            # of the process, because the threads of numerical libraries are not this thread; what else runs in this
            # process at the same time is counted too
            cpu_s=time.process_time() - cpu_started,
            run_id=self.run.id,
        )
        return _succeeded(row, result), result

    def _call(self, step: Step, inputs: Mapping[str, Value]) -> tuple[StepContext, Any]:
        context = StepContext(
            project=self.run.project,
            pipeline_run_id=self.run.id,
            step=step.name,
            datasets=self.datasets,
            heartbeat=self.job.heartbeat,
            blobs=self.blobs,
            clock=self.clock,
        )
        values = {keyword: self._load(value) for keyword, value in inputs.items()}
        content = written(step.function(context, **values))
        check_unchanged(context.logged.params, self.tracking.params(self.run.tracking_run_id))
        for digest in context.logged.artifacts.values():
            self.blobs.size_bytes(digest)  # stored when the step began, perhaps: what was put aside since comes back
        return context, content

    def _record(self, tx: Tx, step: Step, ending: Ending) -> StepRun:
        run = self.run
        if not step_store.end_step(tx, run.id, step.name, ending, at=self.clock.now()):
            raise OvertakenError(f"step {step.name} of run {run.id} is executed by another worker now", run=run.id)
        if ending.state is not StepState.WAITING:
            event = StepFinished(
                project=run.project,
                pipeline=run.pipeline,
                pipeline_run_id=run.id,
                step=step.name,
                state=ending.state,
                attempt=ending.attempt,
                is_reused=ending.is_reused,
                output=ending.output,
                cpu_s=ending.cpu_s,
                wall_s=ending.wall_s,
                error=ending.error,
                effective_at=run.effective_at,
            )
            subject = pipeline_subject(run.project, run.pipeline)
            self.log.append(tx, event, actor=ACTOR, subject=subject, cause=self.job.cause)
        return _row(tx, run.id, step.name)

    def _publish(self, row: StepRun) -> None:
        """Bring what a step logged to the tracking run; doing it twice changes nothing."""
        if row.is_logged:
            return
        run_id = self.run.tracking_run_id
        with self.db.read() as tx:
            text = step_store.read_logged(tx, self.run.id, row.name)
        if text is not None:
            logged = Logged.from_text(text)
            self.tracking.log_params(run_id, logged.params)
            for start in range(0, len(logged.metrics), MOST_IN_BATCH):
                self.tracking.log_metrics(run_id, logged.metrics[start : start + MOST_IN_BATCH])
            for path, digest in logged.artifacts.items():
                self.tracking.link_artifact(run_id, path, digest)
        with self.db.write() as tx:
            step_store.mark_logged(tx, self.run.id, row.name)

    def _end(self, state: RunState, status: RunStatus, error: str | None) -> None:
        run = self.run
        self.tracking.end_run(run.tracking_run_id, status, actor=ACTOR, cause=self.job.cause)
        with self.db.write() as tx:
            if run_store.end_run(tx, run.id, state, error=error, at=self.clock.now()):
                after = run_store.find_run(tx, run.id) or run
                event = RunFinished(
                    project=run.project,
                    pipeline=run.pipeline,
                    pipeline_run_id=run.id,
                    run_id=run.tracking_run_id,
                    state=state,
                    outputs={step: str(digest) for step, digest in after.outputs.items()},
                    parameters=run.parameters,
                    error=error,
                    effective_at=run.effective_at,
                )
                subject = pipeline_subject(run.project, run.pipeline)
                self.log.append(tx, event, actor=ACTOR, subject=subject, cause=self.job.cause)
            if status is not RunStatus.KILLED:  # the queue ends a cancelled job by itself
                self.job.finish(tx)

    def _inputs(self, step: Step, outputs: Mapping[str, Value]) -> dict[str, Value]:
        found = {}
        for keyword, source in step.inputs.items():
            match source:
                case Output(name):
                    found[keyword] = outputs[name]
                case Parameter(name, default):
                    found[keyword] = _given(self.run.parameters.get(name, default))
                case Literal(value):
                    found[keyword] = _given(value)
        return found

    def _load(self, value: Value) -> Any:
        return read(value.format, self.blobs.get(value.digest) if value.content is None else value.content)


def as_params(parameters: JSONObject) -> dict[str, str]:
    """Write a run's parameters as tracking keeps them: text as it is, everything else as JSON."""
    return {key: value if isinstance(value, str) else canonical_json(value) for key, value in parameters.items()}


def _given(value: Any) -> Value:
    text = written(value)
    return Value(text.format, text.digest, text.content)


def _key(step: Step, inputs: Mapping[str, Value]) -> Digest:
    return digest_json(
        {
            "key_format": KEY_FORMAT,
            "code": step.code_digest,
            "inputs": {keyword: [value.format, value.digest] for keyword, value in inputs.items()},
        }
    )


def _row(tx: Tx, run_id: str, name: str) -> StepRun:
    return next(row for row in step_store.list_steps(tx, run_id) if row.name == name)


def _succeeded(row: StepRun, result: Result) -> Ending:
    return Ending(
        attempt=row.attempt,
        state=StepState.DONE,
        output=result.output,
        output_format=result.output_format,
        wall_s=result.wall_s,
        cpu_s=result.cpu_s,
        logged=result.logged,
    )


def _failed(row: StepRun, told: str, *, last: bool, cost: tuple[float, float] = (0.0, 0.0)) -> Ending:
    state = StepState.FAILED if last else StepState.WAITING
    return Ending(attempt=row.attempt, state=state, wall_s=cost[0], cpu_s=cost[1], error=told)


def _told(error: Exception, step: Step) -> str:
    """Say what went wrong and where in the step's own file."""
    file = step.function.__code__.co_filename
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    where = f" ({Path(file).name}, line {frames[-1].lineno}, in {frames[-1].name})" if frames else ""
    return f"{type(error).__name__}: {error}"[:LONGEST_ERROR] + where

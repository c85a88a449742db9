"""Runs of pipelines and their steps as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from everlearn.core.actor import Actor
from everlearn.core.digest import Digest
from everlearn.core.errors import ConflictError, InvalidError, NotFoundError
from everlearn.core.json import JSONObject

MOST_STEPS = 200


class BadPipelineError(InvalidError):
    """The steps do not make a pipeline."""

    code = "pipelines.bad_pipeline"


class BadParametersError(InvalidError):
    """A pipeline was submitted with parameters that it cannot use."""

    code = "pipelines.bad_parameters"


class PipelineNotFoundError(NotFoundError):
    """No pipeline of this name is installed."""

    code = "pipelines.pipeline_not_found"


class RunNotFoundError(NotFoundError):
    """There is no pipeline run of this id in the project."""

    code = "pipelines.run_not_found"


class OvertakenError(ConflictError):
    """Another worker is executing this step now; what this one did is not recorded."""

    code = "pipelines.overtaken"


class RunState(StrEnum):
    """How far a pipeline run is; the last two are final."""

    SUBMITTED = "submitted"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


class StepState(StrEnum):
    """How far a step of a run is; the last two are final."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineRun:
    """One execution of a pipeline."""

    id: str
    project: str
    pipeline: str
    parameters: JSONObject
    code_digest: Digest  # of the pipeline as it was submitted, or as it ran last
    state: RunState
    tracking_run_id: str
    outputs: Mapping[str, Digest]  # of the steps that are done, by name
    submitted_by: Actor
    submitted_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    effective_at: datetime  # event time that the run is about
    error: str | None  # of the step that failed


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """One step of a run."""

    name: str
    position: int  # in the order of execution, from 1
    needs: tuple[str, ...]
    state: StepState
    attempt: int  # how often it was begun, attempts that died with their worker included
    failures: int  # how many attempts ended in an error of its own
    is_reused: bool  # its result was there already
    is_logged: bool  # what it logged has reached the tracking run
    cache_key: Digest | None
    output: Digest | None
    output_format: str | None
    started_at: datetime | None
    ended_at: datetime | None
    wall_s: float | None
    cpu_s: float | None  # of the whole process, children not counted; 0 when the result was reused
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a step gave, found by what it was computed from."""

    output: Digest
    output_format: str
    logged: str  # parameters, metrics and artifacts, as canonical JSON
    wall_s: float
    cpu_s: float
    run_id: str  # of the pipeline run that computed it


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How one attempt at a step ended."""

    attempt: int
    state: StepState  # `waiting`: it failed and may be tried again
    is_reused: bool = False
    output: Digest | None = None
    output_format: str | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    logged: str | None = None
    error: str | None = None

"""Facts that pipelines publish."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from everlearn.core.json import JSONObject
from everlearn.eventlog import Event
from everlearn.pipelines.model import RunState, StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSubmitted(Event):
    """Somebody wants a pipeline to run."""

    name: ClassVar[str] = "pipelines.run_submitted"
    revision: ClassVar[int] = 1

    project: str
    pipeline: str
    pipeline_run_id: str
    parameters: JSONObject
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished(Event):
    """A step of a run is done, or has failed for good."""

    name: ClassVar[str] = "pipelines.step_finished"
    revision: ClassVar[int] = 1
    blobs: ClassVar[tuple[str, ...]] = ("output",)

    project: str
    pipeline: str
    pipeline_run_id: str
    step: str
    state: StepState
    attempt: int
    is_reused: bool
    output: str | None  # digest
    cpu_s: float
    wall_s: float
    error: str | None
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """A run is over, one way or the other."""

    name: ClassVar[str] = "pipelines.run_finished"
    revision: ClassVar[int] = 1
    blobs: ClassVar[tuple[str, ...]] = ("outputs",)

    project: str
    pipeline: str
    pipeline_run_id: str
    run_id: str  # of the tracking run
    state: RunState
    outputs: dict[str, str]  # digests by step
    parameters: JSONObject
    error: str | None
    effective_at: datetime


EVENTS: tuple[type[Event], ...] = (RunSubmitted, StepFinished, RunFinished)

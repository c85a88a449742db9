"""Facts about runs. What a run logs is not announced: metrics come by the thousand and nobody waits for them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from everlearn.eventlog import Event
from everlearn.tracking.model import RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """A run began."""

    name: ClassVar[str] = "tracking.run_started"
    revision: ClassVar[int] = 1

    project: str
    experiment: str
    run_id: str
    run_name: str
    effective_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(Event):
    """A run ended, one way or another."""

    name: ClassVar[str] = "tracking.run_ended"
    revision: ClassVar[int] = 1

    project: str
    experiment: str
    run_id: str
    status: RunStatus
    effective_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReady(Event):
    """The files of a logged model have arrived."""

    name: ClassVar[str] = "tracking.model_ready"
    revision: ClassVar[int] = 1

    project: str
    experiment: str
    model_id: str
    model: str


EVENTS: tuple[type[Event], ...] = (RunStarted, RunEnded, ModelReady)

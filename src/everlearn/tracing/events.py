"""Facts that tracing publishes. Traces come by the thousand and are none; taking them away is."""

from dataclasses import dataclass
from typing import ClassVar

from everlearn.eventlog import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TracesDeleted(Event):
    """Traces were removed for good, with their steps, files and assessments."""

    name: ClassVar[str] = "tracing.traces_deleted"
    revision: ClassVar[int] = 1

    project: str
    experiment_id: str
    count: int


EVENTS: tuple[type[Event], ...] = (TracesDeleted,)

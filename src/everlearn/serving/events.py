"""Facts that serving publishes."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from everlearn.eventlog import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficChanged(Event):
    """From this generation on, rows of the model go to these versions in this share."""

    name: ClassVar[str] = "serving.traffic_changed"
    revision: ClassVar[int] = 1

    project: str
    model: str
    generation: int
    champion: int
    candidate: int | None
    phase: str
    weight: float
    reason: str
    effective_at: datetime | None  # event time the change was decided for; None: an operator's, now


@dataclass(frozen=True, slots=True, kw_only=True)
class WatermarkAdvanced(Event):
    """All labels of predictions with an event time before `through` have been delivered."""

    name: ClassVar[str] = "serving.watermark_advanced"
    revision: ClassVar[int] = 1

    project: str
    model: str
    previous: datetime | None
    through: datetime


EVENTS: tuple[type[Event], ...] = (TrafficChanged, WatermarkAdvanced)

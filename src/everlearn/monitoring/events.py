"""Facts that monitoring publishes."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from everlearn.eventlog import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowEvaluated(Event):
    """Every window up to `through` has its report; whoever decides on errors may look now."""

    name: ClassVar[str] = "monitoring.window_evaluated"
    revision: ClassVar[int] = 1

    project: str
    model: str
    version: int
    start: datetime
    end: datetime
    label_count: int
    mae: float | None
    decision_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised(Event):
    """An alert was opened, or an open one got worse."""

    name: ClassVar[str] = "monitoring.alert_raised"
    revision: ClassVar[int] = 1

    project: str
    model: str
    alert_id: str
    kind: str
    level: str
    message: str
    version: int
    decision_id: str
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertResolved(Event):
    """An alert was closed."""

    name: ClassVar[str] = "monitoring.alert_resolved"
    revision: ClassVar[int] = 1

    project: str
    model: str
    alert_id: str
    kind: str
    resolution: str
    effective_at: datetime


EVENTS: tuple[type[Event], ...] = (WindowEvaluated, AlertRaised, AlertResolved)

"""Facts that gates publish."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from everlearn.eventlog import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePassed(Event):
    """A candidate may go on to its rollout."""

    name: ClassVar[str] = "quality.gate_passed"
    revision: ClassVar[int] = 1

    project: str
    model: str
    version: int
    decision_id: str
    reason: str
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFailed(Event):
    """A candidate stays where it is: not better enough, or not enough data to tell."""

    name: ClassVar[str] = "quality.gate_failed"
    revision: ClassVar[int] = 1

    project: str
    model: str
    version: int
    decision_id: str
    verdict: str  # fail, or not_evaluated, which does not pass either
    reason: str
    effective_at: datetime


EVENTS: tuple[type[Event], ...] = (GatePassed, GateFailed)

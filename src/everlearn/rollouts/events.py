"""Facts that rollouts publish."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from everlearn.eventlog import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutStarted(Event):
    """A candidate began its first step."""

    name: ClassVar[str] = "rollouts.started"
    revision: ClassVar[int] = 1

    project: str
    model: str
    rollout_id: str
    candidate: int
    champion: int
    phase: str
    weight: float
    reason: str
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutStepped(Event):
    """A candidate passed a step and went on to the next."""

    name: ClassVar[str] = "rollouts.stepped"
    revision: ClassVar[int] = 1

    project: str
    model: str
    rollout_id: str
    candidate: int
    champion: int
    phase: str
    weight: float
    decision_id: str
    reason: str
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutEnded(Event):
    """A candidate was promoted, rolled back or superseded."""

    name: ClassVar[str] = "rollouts.ended"
    revision: ClassVar[int] = 1

    project: str
    model: str
    rollout_id: str
    candidate: int
    champion: int | None  # None: the first version of a model replaces nobody
    state: str
    decision_id: str | None  # None: a person ended it, or there was nothing to compare with
    reason: str
    effective_at: datetime


EVENTS: tuple[type[Event], ...] = (RolloutStarted, RolloutStepped, RolloutEnded)

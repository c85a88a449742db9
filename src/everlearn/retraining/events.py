"""Facts that retraining publishes."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from everlearn.core.json import JSONObject
from everlearn.eventlog import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingRequested(Event):
    """A review found retraining worth its price; the training pipeline was submitted with it."""

    name: ClassVar[str] = "retraining.requested"
    revision: ClassVar[int] = 1

    project: str
    model: str
    decision_id: str
    pipeline: str
    pipeline_run_id: str
    parameters: JSONObject
    signals: list[str]
    effective_at: datetime


EVENTS: tuple[type[Event], ...] = (RetrainingRequested,)

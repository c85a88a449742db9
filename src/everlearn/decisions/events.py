"""Facts that the ledger publishes."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from everlearn.eventlog import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided(Event):
    """A decision was made; the digest seals all of it, evidence and window included."""

    name: ClassVar[str] = "decisions.decided"
    revision: ClassVar[int] = 1

    project: str
    decision_id: str
    kind: str
    subject: str
    rule: str
    verdict: str
    reason: str
    digest: str
    effective_at: datetime


EVENTS: tuple[type[Event], ...] = (Decided,)

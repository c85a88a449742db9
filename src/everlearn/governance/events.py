"""Facts that governance publishes."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from everlearn.eventlog import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CardWritten(Event):
    """A model card was written from what the platform knew at that moment."""

    name: ClassVar[str] = "governance.card_written"
    revision: ClassVar[int] = 1
    blobs: ClassVar[tuple[str, ...]] = ("digest",)

    project: str
    model: str
    version: int
    edition: int
    digest: str
    effective_at: datetime


EVENTS: tuple[type[Event], ...] = (CardWritten,)

"""Facts about comings and goings. The runs themselves are not announced: they happened elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from everlearn.eventlog import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver(Event):
    """Something of an MLflow database was taken over into a project."""

    name: ClassVar[str] = "exchange.taken_over"
    revision: ClassVar[int] = 1

    project: str
    database: str  # without its password
    schema_revision: str
    added: Mapping[str, int]  # by kind
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver(Event):
    """A project was written into an MLflow database."""

    name: ClassVar[str] = "exchange.handed_over"
    revision: ClassVar[int] = 1

    project: str
    database: str  # without its password
    schema_revision: str
    added: Mapping[str, int]  # by kind
    is_complete: bool


EVENTS: tuple[type[Event], ...] = (TakenOver, HandedOver)

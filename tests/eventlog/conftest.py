"""Events that only tests know, and a log of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

import pytest

from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock
from everlearn.eventlog import Catalogue, Draft, Event, EventLog
from everlearn.eventlog.event import Upgrader

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
ADA = Actor("user:ada")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Event):
    """A number was counted."""

    name: ClassVar[str] = "t.counted"
    revision: ClassVar[int] = 1

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Named(Event):
    """Something was named."""

    name: ClassVar[str] = "t.named"
    revision: ClassVar[int] = 1

    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedLater(Event):
    """What a newer release makes of `Named`."""

    name: ClassVar[str] = "t.named"
    revision: ClassVar[int] = 2
    upgraders: ClassVar[Mapping[int, Upgrader]] = {1: lambda old: {"titles": [old["title"]]}}

    titles: list[str]


CATALOGUE = Catalogue([Counted, Named])
NEWER_CATALOGUE = Catalogue([Counted, NamedLater])


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def log(clock: ManualClock) -> EventLog:
    return EventLog(CATALOGUE, clock)


def drafts(numbers: Sequence[int]) -> list[Draft]:
    return [Draft(event=Counted(number=number), actor=ADA, subject=f"count:{number % 7}") for number in numbers]

"""From events to payloads and back, across revisions."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlearn.core.actor import Actor
from everlearn.core.errors import DamagedError
from everlearn.core.json import JSONObject, JSONValue
from everlearn.eventlog import Catalogue, Event, UnknownEvent
from everlearn.eventlog.event import Upgrader


class Mood(StrEnum):
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A value inside an event."""

    label: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything(Event):
    """One field of every type that events use."""

    name: ClassVar[str] = "t.everything"
    revision: ClassVar[int] = 1

    text: str
    whole: int
    real: float
    real_or_none: float | None
    flag: bool
    at: datetime
    at_or_none: datetime | None
    mood: Mood
    actor: Actor
    words: list[str]
    pair: tuple[int, ...]
    labels: dict[str, str]
    parts: list[Part]
    anything: JSONValue
    data: JSONObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Third(Event):
    """Its third revision: first it had `minutes`, then `seconds`, now `duration_s` and a unit."""

    name: ClassVar[str] = "t.timed"
    revision: ClassVar[int] = 3
    upgraders: ClassVar[Mapping[int, Upgrader]] = {
        1: lambda old: {"seconds": 60 * old["minutes"]},  # type: ignore[operator]
        2: lambda old: {"duration_s": old["seconds"], "source": "upgraded"},
    }

    duration_s: int
    source: str


text = st.text(st.characters(exclude_categories=["Cs"]))
whole = st.integers(-(2**63), 2**63 - 1)
real = st.floats(allow_nan=False, allow_infinity=False)
instant = st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds it
anything = st.recursive(
    st.none() | st.booleans() | whole | real | text, lambda inner: st.lists(inner) | st.dictionaries(text, inner)
)
everything = st.builds(
    Everything,
    text=text,
    whole=whole,
    real=real,
    real_or_none=st.none() | real,
    at=instant,
    at_or_none=st.none() | instant,
    actor=text.map(Actor),
    words=st.lists(text),
    pair=st.lists(whole).map(tuple),
    labels=st.dictionaries(text, text),
    parts=st.lists(st.builds(Part, label=text, weight=real)),
    anything=anything,
    data=st.dictionaries(text, anything),
)
CATALOGUE = Catalogue([Everything, Third])


@given(everything)
def test_every_type_of_field_survives_writing_and_reading(event: Everything) -> None:
    payload = CATALOGUE.encode(event)

    assert CATALOGUE.decode("t.everything", 1, json.loads(payload)) == event


@given(everything)
def test_equal_events_are_written_alike_whatever_the_order_of_their_keys(event: Everything) -> None:
    turned = replace(event, labels=dict(reversed(event.labels.items())), data=dict(reversed(event.data.items())))

    assert CATALOGUE.encode(turned) == CATALOGUE.encode(event)


@pytest.mark.parametrize(
    ("revision", "payload", "expected"),
    [
        (1, {"minutes": 2}, Third(duration_s=120, source="upgraded")),
        (2, {"seconds": 7}, Third(duration_s=7, source="upgraded")),
        (3, {"duration_s": 7, "source": "written"}, Third(duration_s=7, source="written")),
    ],
)
def test_older_revisions_are_upgraded_step_by_step(revision: int, payload: JSONObject, expected: Event) -> None:
    assert CATALOGUE.decode("t.timed", revision, payload) == expected


@pytest.mark.parametrize(("name", "revision"), [("t.nobody", 1), ("t.timed", 4)])
def test_what_this_process_does_not_know_keeps_its_payload(name: str, revision: int) -> None:
    assert CATALOGUE.decode(name, revision, {"a": 1}) == UnknownEvent(payload={"a": 1})


@pytest.mark.parametrize(
    ("revision", "payload"),
    [(3, {}), (3, {"duration_s": "long", "source": "x"}), (2, {"seconds": None}), (2, {}), (1, {"minutes": None})],
)
def test_a_payload_that_does_not_fit_its_revision_is_damaged(revision: int, payload: JSONObject) -> None:
    with pytest.raises(DamagedError, match=f"t.timed@{revision}"):
        CATALOGUE.decode("t.timed", revision, payload)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_has_no_word_for_is_refused(number: float) -> None:
    event = sample(real=number)

    with pytest.raises(ValueError, match="JSON"):
        CATALOGUE.encode(event)


def test_times_of_other_zones_are_the_same_instants() -> None:
    event = sample(at=datetime(2024, 3, 1, 14, tzinfo=timezone(timedelta(hours=2))))

    again = CATALOGUE.decode("t.everything", 1, json.loads(CATALOGUE.encode(event)))

    assert isinstance(again, Everything)
    assert again.at == datetime(2024, 3, 1, 12, tzinfo=UTC)


def test_two_events_of_one_name_are_refused() -> None:
    class Impostor(Third):
        pass

    with pytest.raises(ValueError, match=r"two events are named 't\.timed'"):
        Catalogue([Third, Impostor])


def test_a_revision_without_its_upgrader_is_refused() -> None:
    class Hasty(Third):
        revision: ClassVar[int] = 5

    with pytest.raises(ValueError, match="no upgrader from revision 3"):
        Catalogue([Hasty])


def test_an_event_of_another_catalogue_is_refused() -> None:
    with pytest.raises(ValueError, match="catalogue"):
        Catalogue([Third]).encode(sample())


def test_the_catalogue_lists_its_events_by_name() -> None:
    assert [event.name for event in Catalogue([Third, Everything])] == ["t.everything", "t.timed"]


def sample(*, real: float = 1.5, at: datetime = datetime(2024, 3, 1, tzinfo=UTC)) -> Everything:
    return Everything(
        text="text",
        whole=1,
        real=real,
        real_or_none=None,
        flag=True,
        at=at,
        at_or_none=None,
        mood=Mood.GOOD,
        actor=Actor("user:ada"),
        words=[],
        pair=(1, 2),
        labels={},
        parts=[],
        anything=None,
    )

"""The newest known fact, against an oracle in plain Python and the cases of Feast's point-in-time definition."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.features.frames import Row, facts, facts_of, hours, questions, spine

from everlearn.features import as_of
from everlearn.features.model import BadDefinitionError, FrameMismatchError

NOON = hours(12)


def answer(
    rows: Sequence[Row], known: Sequence[Row], *, max_age: timedelta | None = None, by: Sequence[str] = ("carrier",)
) -> list[Any]:
    answered = as_of(spine(rows), facts(known), by=by, at="at", known_at="known_at", columns=["delay"], max_age=max_age)
    return answered["delay"].to_list()


def oracle(key: str | None, at: datetime | None, known: Sequence[Row], max_age: timedelta | None) -> Any:
    """Look at every fact, as the definition reads."""
    best: Row | None = None
    for fact in known:
        fact_key, known_at, _ = fact
        if key is None or at is None or fact_key != key or known_at is None or known_at > at:
            continue
        if max_age is not None and at - known_at > max_age:
            continue
        if best is None or known_at >= best[1]:
            best = fact
    return None if best is None else best[2]


@settings(deadline=None)
@given(questions, facts_of(st.integers(0, 99)), st.none() | st.integers(1, 12))
def test_every_row_gets_what_a_look_at_every_fact_gives(rows: list[Row], known: list[Row], age: int | None) -> None:
    max_age = None if age is None else timedelta(hours=age)

    assert answer(rows, known, max_age=max_age) == [oracle(key, at, known, max_age) for key, at in rows]


@settings(deadline=None)
@given(questions, facts_of(st.integers(0, 99)))
def test_without_a_key_every_fact_is_about_every_row(rows: list[Row], known: list[Row]) -> None:
    everybody = [("", at, value) for _, at, value in known]

    assert answer(rows, known, by=()) == [oracle("", at, everybody, None) for _, at in rows]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ([(hours(11), 11), (hours(13), 13)], 11),  # the future is not known
        ([(NOON, 30)], 30),  # at this very moment it is
        ([(NOON - timedelta(hours=24), 40)], 40),  # at the edge of its age it is fresh
        ([(NOON - timedelta(hours=24, microseconds=1), 40)], None),
        ([(NOON - timedelta(hours=50), 50)], None),  # too old: the row stays
        ([(hours(11), 50), (hours(11), 51)], 51),  # of one instant the last counts
        ([(hours(10), 1), (hours(11), None)], None),  # the newest fact is that nobody knows
        ([], None),
    ],
)
def test_the_cases_in_which_feature_stores_differ(known: list[tuple[datetime, Any]], expected: Any) -> None:
    rows = [("AA", NOON), ("AA", NOON), ("nobody", NOON)]

    given_facts = [("AA", at, value) for at, value in known]

    assert answer(rows, given_facts, max_age=timedelta(hours=24)) == [expected, expected, None]


def test_zones_and_units_of_time_do_not_matter() -> None:
    asked = spine([("AA", hours(5))], pl.Datetime("ms", "America/New_York"))
    known = facts([("AA", hours(4), 4), ("AA", hours(6), 6)], known_at=pl.Datetime("ns", "Asia/Kolkata"))

    answered = as_of(asked, known, by=["carrier"], at="at", known_at="known_at", columns=["delay"])

    assert answered["delay"].to_list() == [4]
    assert answered.drop("delay").equals(asked)


def test_rounding_shows_nothing_early() -> None:
    later_by_a_nanosecond = pl.Series([hours(4)], dtype=pl.Datetime("us", "UTC")).cast(pl.Datetime("ns", "UTC"))
    known = facts([("AA", hours(4), 4)]).with_columns(
        (later_by_a_nanosecond.to_physical() + 1).cast(pl.Datetime("ns", "UTC")).alias("known_at")
    )

    answered = as_of(spine([("AA", hours(4))]), known, by=["carrier"], at="at", known_at="known_at", columns=["delay"])

    assert answered["delay"].to_list() == [None]


def test_facts_of_before_1970_are_facts() -> None:
    moment = datetime.fromisoformat("1903-12-17T10:35:00+00:00")

    assert answer([("AA", moment)], [("AA", moment - timedelta(microseconds=1), 12)]) == [12]


def test_columns_get_their_prefix_and_frames_may_be_lazy() -> None:
    answered = as_of(
        spine([("AA", hours(5))]),
        facts([("AA", hours(4), 4)]).lazy(),
        by=["carrier"],
        at="at",
        known_at="known_at",
        columns=["delay", "known_at", "carrier"],
        prefix="last_",
    )

    assert answered.columns == ["carrier", "at", "last_delay", "last_known_at", "last_carrier"]
    assert answered.row(0) == ("AA", hours(5), 4, hours(4), "AA")


def test_integer_keys_of_different_width_meet() -> None:
    asked = pl.DataFrame({"carrier": [1, 2], "at": [hours(5)] * 2}, schema_overrides={"carrier": pl.Int8})
    known = pl.DataFrame({"carrier": [1, 999], "known_at": [hours(1)] * 2, "delay": [7, 8]})

    answered = as_of(asked, known, by=["carrier"], at="at", known_at="known_at", columns=["delay"])

    assert answered["delay"].to_list() == [7, None]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"by": ["tail"]}, "the rows have no column 'tail'"),
        ({"columns": ["fare"]}, "the facts have no column 'fare'"),
        ({"columns": ["carrier"]}, "have a column 'carrier' already"),
        ({"at": "carrier"}, "must be a Datetime with a time zone"),
        ({"spine": spine([]).with_columns(pl.col("at").dt.replace_time_zone(None))}, "with a time zone"),
        ({"spine": spine([]).with_columns(pl.lit(1).alias("carrier"))}, "cast one"),
        ({"spine": spine([]).with_columns(pl.lit(1.0).alias("carrier"))}, "floating-point"),
    ],
)
def test_frames_that_do_not_fit_are_refused_with_the_reason(changed: dict[str, Any], said: str) -> None:
    arguments: dict[str, Any] = {
        "spine": spine([]),
        "facts": facts([]),
        "by": ["carrier"],
        "at": "at",
        "known_at": "known_at",
        "columns": ["delay"],
    }

    with pytest.raises(FrameMismatchError, match=said):
        as_of(**{**arguments, **changed})


def test_an_age_of_nothing_is_refused() -> None:
    with pytest.raises(BadDefinitionError, match="longer than nothing"):
        answer([], [], max_age=timedelta(0))

"""Aggregates over windows, against an oracle in plain Python that looks at every fact for every row."""

import math
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.features.frames import Row, facts, facts_of, hours, questions, spine

from everlearn.features import Aggregate, rolling
from everlearn.features.model import BadDefinitionError, FrameMismatchError
from everlearn.features.ranges import range_maxima, range_minima, range_sums

aggregates = st.sampled_from(list(Aggregate))
spans = st.integers(1, 13).map(lambda count: timedelta(hours=count))
integers = st.integers(-(2**40), 2**40)
floats = st.floats(-1e12, 1e12)


def answer(rows: Sequence[Row], known: pl.DataFrame, **options: Any) -> list[Any]:
    chosen = {"by": ["carrier"], "window": timedelta(hours=3), "aggregate": "mean", **options}
    answered = rolling(spine(rows), known, at="at", known_at="known_at", value="delay", name="answer", **chosen)
    return answered["answer"].to_list()


def inside(row: Row, known: Sequence[Row], window: timedelta) -> list[Any]:
    key, at = row
    return [
        value
        for fact_key, known_at, value in known
        if fact_key == key and known_at is not None and value is not None and at - window < known_at <= at
    ]


def oracle(row: Row, known: Sequence[Row], window: timedelta, aggregate: Aggregate, min_count: int) -> Any:
    """Compute exactly, with fractions; a float only at the end."""
    if None in row:
        return None
    values = inside(row, known, window)
    if aggregate is Aggregate.COUNT:
        return len(values)
    if len(values) < min_count:
        return None
    total = sum(map(Fraction, values))
    made = {Aggregate.MEAN: total / len(values), Aggregate.SUM: total}
    return made[aggregate] if aggregate in made else {"min": min, "max": max}[aggregate](values)


@settings(deadline=None)
@given(questions, facts_of(integers), spans, aggregates, st.integers(1, 3))
def test_integers_are_aggregated_exactly(
    rows: list[Row], known: list[Row], window: timedelta, aggregate: Aggregate, least: int
) -> None:
    answered = answer(rows, facts(known), window=window, aggregate=aggregate, min_count=least)

    expected = [oracle(row, known, window, aggregate, least) for row in rows]
    assert answered == [None if one is None else float(one) if aggregate is Aggregate.MEAN else one for one in expected]


@settings(deadline=None)
@given(questions, facts_of(floats), spans, aggregates)
def test_floats_are_aggregated_to_within_rounding(
    rows: list[Row], known: list[Row], window: timedelta, aggregate: Aggregate
) -> None:
    answered = answer(rows, facts(known, pl.Float64), window=window, aggregate=aggregate)

    for row, got in zip(rows, answered, strict=True):
        expected = oracle(row, known, window, aggregate, 1)
        assert (got is None) == (expected is None)
        if got is not None:
            magnitude = sum(map(abs, inside(row, known, window)))
            assert abs(float(expected) - got) <= 6 * np.finfo(float).eps * magnitude


@settings(deadline=None)
@given(questions, facts_of(integers))
def test_without_a_key_every_fact_is_about_every_row(rows: list[Row], known: list[Row]) -> None:
    everybody = [("", at, value) for _, at, value in known]
    window = timedelta(hours=3)

    assert answer(rows, facts(known), by=[], aggregate="sum") == [
        oracle(("", at), everybody, window, Aggregate.SUM, 1) for _, at in rows
    ]


def test_the_window_ends_at_the_row_and_not_at_its_last_fact() -> None:
    known = facts([("AA", hours(1), 10), ("AA", hours(2), 20), ("AA", hours(3), 60)])
    asked = [("AA", hours(at)) for at in (0, 1, 3, 3.5, 4, 5, 5.5, 6)]

    assert answer(asked, known, aggregate="sum") == [None, 10, 90, 90, 80, 60, 60, None]
    assert answer(asked, known, aggregate="count") == [0, 1, 3, 3, 2, 1, 1, 0]


@pytest.mark.parametrize("loud", [1e300, math.inf, -math.inf, math.nan])
def test_what_lies_outside_a_window_leaves_no_trace(loud: float) -> None:
    quiet = [("AA", hours(6), 0.1), ("AA", hours(7), 0.2), ("AA", hours(8), 0.3)]
    noise = [("AA", hours(1), loud), ("AA", hours(9), loud), ("0", hours(7), loud), ("UA", hours(7), loud)]
    asked = [("AA", hours(8))]

    for aggregate in Aggregate:
        alone = answer(asked, facts(quiet, pl.Float64), aggregate=aggregate)
        assert answer(asked, facts([*noise, *quiet], pl.Float64), aggregate=aggregate) == alone


def test_not_a_number_spoils_sums_and_is_passed_over_by_extremes() -> None:
    known = facts([("AA", hours(1), math.nan), ("AA", hours(2), 3.0), ("UA", hours(2), math.nan)], pl.Float64)
    asked = [("AA", hours(2)), ("UA", hours(2))]

    assert [math.isnan(one) for one in answer(asked, known, aggregate="sum")] == [True, True]
    least = answer(asked, known, aggregate="min")
    assert (least[0], math.isnan(least[1])) == (3.0, True)


@pytest.mark.parametrize(
    ("kind", "aggregate", "expected"),
    [
        (pl.Int8, "max", pl.Int8),
        (pl.Int8, "sum", pl.Int64),
        (pl.UInt32, "min", pl.UInt32),
        (pl.Boolean, "sum", pl.Int64),
        (pl.Boolean, "max", pl.Boolean),
        (pl.Boolean, "mean", pl.Float64),
        (pl.Float32, "sum", pl.Float64),
        (pl.Float32, "max", pl.Float32),
        (pl.String, "count", pl.Int64),
    ],
)
def test_the_type_of_the_answer(kind: Any, aggregate: str, expected: Any) -> None:
    known = facts([("AA", hours(1), 1)]).with_columns(pl.col("delay").cast(kind))

    answered = rolling(
        spine([("AA", hours(1))]),
        known,
        by=["carrier"],
        at="at",
        known_at="known_at",
        value="delay",
        window=timedelta(days=7),
        aggregate=aggregate,
    )

    assert answered.schema[f"delay_{aggregate}_7d"] == expected
    assert answered[f"delay_{aggregate}_7d"].to_list() == [1]


def test_zones_of_time_do_not_matter() -> None:
    # the clocks of New York go back at 06:00 UTC on 2013-11-03: hours are counted, not readings of a clock
    shift = pl.duration(hours=306 * 24 + 3)
    known = facts([("AA", hours(1), 1), ("AA", hours(2), 2), ("AA", hours(4), 4)]).with_columns(
        (pl.col("known_at") + shift).dt.convert_time_zone("America/New_York")
    )
    asked = spine([("AA", hours(4))]).with_columns(pl.col("at") + shift)

    answered = rolling(
        asked,
        known,
        by=["carrier"],
        at="at",
        known_at="known_at",
        value="delay",
        window=timedelta(hours=3),
        aggregate="sum",
        name="answer",
    )

    assert answered["answer"].to_list() == [6]


@pytest.mark.parametrize(
    ("known", "options", "said"),
    [
        (facts([]), {"aggregate": "median"}, "no aggregate 'median'"),
        (facts([]).with_columns(pl.lit("x").alias("delay")), {}, "only numbers and booleans"),
        (facts([("AA", hours(1), 2**62)] * 3), {"aggregate": "sum"}, "cast them to Float64"),
        (facts([("AA", hours(1), 2**64 - 1)], pl.UInt64), {"aggregate": "max"}, "cast them to Float64"),
    ],
)
def test_frames_that_do_not_fit_are_refused_with_the_reason(known: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(FrameMismatchError, match=said):
        answer([("AA", hours(1))], known, **options)


@pytest.mark.parametrize("options", [{"window": timedelta(0)}, {"window": timedelta(days=36_526)}, {"min_count": 0}])
def test_windows_that_hold_nothing_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(BadDefinitionError):
        answer([], facts([]), **options)


@settings(deadline=None)
@given(st.lists(integers, min_size=1, max_size=70), st.data())
def test_every_range_of_an_array_is_folded(values: list[int], data: st.DataObject) -> None:
    ends = st.tuples(st.integers(0, len(values)), st.integers(0, len(values))).map(sorted)
    chosen = data.draw(st.lists(ends, max_size=10))
    starts = np.array([start for start, _ in chosen], dtype=np.int64)
    lengths = np.array([end - start for start, end in chosen], dtype=np.int64)
    array = np.array(values, dtype=np.int64)

    assert range_sums(array, starts, lengths).tolist() == [sum(values[start:end]) for start, end in chosen]
    for fold, plain in ((range_minima, min), (range_maxima, max)):
        folded = fold(array, starts, lengths).tolist()
        for (start, end), got in zip(chosen, folded, strict=True):
            assert start == end or got == plain(values[start:end])

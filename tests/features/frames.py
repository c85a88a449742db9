"""Frames for the tests of features, and what hypothesis draws them from."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

NEW_YEAR = datetime(2013, 1, 1, tzinfo=UTC)
INSTANT = pl.Datetime("us", "UTC")

Row = tuple[Any, ...]

keys = st.sampled_from(["AA", "UA", "B6", None])
# few instants, so that ties, window edges and empty windows are common
moments = st.none() | st.integers(0, 12).map(lambda hours: NEW_YEAR + timedelta(hours=hours))
questions = st.lists(st.tuples(keys, moments), max_size=15)


def facts_of(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Row]]:
    return st.lists(st.tuples(keys, moments, st.none() | values), max_size=25)


def spine(rows: Sequence[Row], at: pl.DataType = INSTANT) -> pl.DataFrame:
    """Rows of (key, moment)."""
    return pl.DataFrame(
        {"carrier": [row[0] for row in rows], "at": [row[1] for row in rows]},
        schema={"carrier": pl.String, "at": INSTANT},
    ).with_columns(_as(at, "at"))


def facts(rows: Sequence[Row], value: Any = pl.Int64, known_at: pl.DataType = INSTANT) -> pl.DataFrame:
    """Rows of (key, known at, value)."""
    return pl.DataFrame(
        {
            "carrier": [row[0] for row in rows],
            "known_at": [row[1] for row in rows],
            "delay": [row[2] for row in rows],
        },
        schema={"carrier": pl.String, "known_at": INSTANT, "delay": value},
    ).with_columns(_as(known_at, "known_at"))


def hours(count: float) -> datetime:
    return NEW_YEAR + timedelta(hours=count)


def _as(wanted: pl.DataType, column: str) -> pl.Expr:
    assert isinstance(wanted, pl.Datetime)
    assert wanted.time_zone is not None
    return pl.col(column).dt.convert_time_zone(wanted.time_zone).dt.cast_time_unit(wanted.time_unit)

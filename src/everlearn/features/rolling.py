"""Aggregates over what became known in a window of time before a moment."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import polars as pl

from everlearn.features.frames import MOMENT, ROW, Frame, attached, check_free, known_facts, questions, same_keys
from everlearn.features.model import Aggregate, FrameMismatchError, Rolling
from everlearn.features.ranges import Indices, Values, range_maxima, range_minima, range_sums

_START, _LAST, _BEFORE, _GROUP = "__everlearn_start", "__everlearn_last", "__everlearn_before", "__everlearn_group"
_VALUE = "__everlearn_value"


def rolling(  # noqa: PLR0913  # a window is of what, how long, known when, and what is made of it
    spine: pl.DataFrame,
    facts: Frame,
    *,
    by: Sequence[str],
    at: str,
    known_at: str,
    value: str,
    window: timedelta,
    aggregate: Aggregate | str,
    min_count: int = 1,
    name: str = "",
) -> pl.DataFrame:
    """Give the rows of `spine` with an aggregate of `value` over the facts known in `(at - window, at]`.

    The window ends at the moment of each row, not at its last fact, so it can be empty. A fact that became known at
    that very moment counts, one exactly `window` before does not. Null values are no values. With fewer than
    `min_count` values the feature is null; a count is a number (0) for every row with a key and a moment. Not-a-number
    is a value: it spoils sums and means of windows that hold it, and is passed over by minima and maxima.

    The result for a row depends on the values inside its window and on their order only (see `ranges`): facts of other
    times, of other keys, or known later do not change a single bit of it. Integers are summed exactly.

    Parameters
    ----------
    spine, facts, by, at, known_at
        As in `as_of`.
    value
        The column to aggregate: numbers or booleans.
    window
        How far back.
    aggregate
        mean, count, sum, min or max.
    min_count
        How many values there must be for an answer.
    name
        What to call the feature; empty: such as `delay_mean_7d`.

    Raises
    ------
    FrameMismatchError
        When a column is missing, is of the wrong kind, or has its name taken in `spine`; when integers could not be
        summed in 64 bits.

    Notes
    -----
    O((n + m) log(n + m)) for n rows and m facts.
    """
    definition = Rolling(value=value, window=window, aggregate=_aggregate(aggregate), min_count=min_count, name=name)
    definition.check()
    check_free(spine, [definition.output])
    asked = questions(spine, by, at)
    known = same_keys(spine, known_facts(facts, by, known_at, [value]), by)
    ordered = _ordered(known, by, value, only_counted=definition.aggregate is Aggregate.COUNT)
    rows, starts, lengths = _windows(asked, ordered, by, window)
    answers = pl.DataFrame({ROW: rows, definition.output: _aggregated(ordered[_VALUE], starts, lengths, definition)})
    return attached(spine, answers, [definition.output])


def _aggregate(aggregate: Aggregate | str) -> Aggregate:
    try:
        return Aggregate(aggregate)
    except ValueError as error:
        raise FrameMismatchError(f"no aggregate {str(aggregate)[:80]!r}; there are {', '.join(Aggregate)}") from error


def _ordered(known: pl.DataFrame, by: Sequence[str], value: str, *, only_counted: bool) -> pl.DataFrame:
    """Give the facts that have a value, each key's together, in order of time, with where their key begins."""
    kind = known.schema[value]
    if not only_counted and not (kind.is_integer() or kind.is_float() or kind == pl.Boolean):
        raise FrameMismatchError(f"the value {value!r} is {kind}; only numbers and booleans can be aggregated, cast it")
    chosen = known.filter(pl.col(value).is_not_null()).select(*by, MOMENT, pl.col(value).alias(_VALUE))
    # sorted by time already and the sort is stable, so ties keep their order
    grouped = chosen.sort(by, maintain_order=True) if by else chosen
    numbered = grouped.with_row_index(_LAST)
    start = pl.col(_LAST).min().over(by) if by else pl.lit(0, pl.UInt32)
    return numbered.with_columns(start.alias(_START))


def _windows(
    asked: pl.DataFrame, ordered: pl.DataFrame, by: Sequence[str], window: timedelta
) -> tuple[pl.Series, Indices, Indices]:
    """Give each row's number, and where in the ordered facts its window begins and how many facts it holds."""
    places = ordered.select(*by, MOMENT, _LAST, _START)
    keys = list(by) or None
    ends = asked.join_asof(places, on=MOMENT, by=keys, strategy="backward", check_sortedness=False)
    opened = asked.with_columns(pl.col(MOMENT) - window)
    begins = opened.join_asof(
        places.select(*by, MOMENT, pl.col(_LAST).alias(_BEFORE)),
        on=MOMENT,
        by=keys,
        strategy="backward",
        check_sortedness=False,
    )
    last, begun = ends[_LAST].cast(pl.Int64), begins[_BEFORE].cast(pl.Int64) + 1
    first = begun.zip_with(begun.is_not_null(), ends[_START].cast(pl.Int64))
    starts = first.fill_null(0).to_numpy()
    return ends[ROW], starts, (last - first + 1).fill_null(0).to_numpy()


def _aggregated(values: pl.Series, starts: Indices, lengths: Indices, definition: Rolling) -> pl.Series:
    counts = pl.Series(lengths)
    if definition.aggregate is Aggregate.COUNT:
        return counts
    result = pl.Series(_computed(values, starts, lengths, definition.aggregate))
    if definition.aggregate in {Aggregate.MIN, Aggregate.MAX}:
        result = result.cast(values.dtype)  # integers went through 64 bits
    return result.zip_with(counts >= definition.min_count, pl.Series([None], dtype=result.dtype))


def _computed(values: pl.Series, starts: Indices, lengths: Indices, aggregate: Aggregate) -> Values:
    try:
        numbers = values.cast(pl.Float64 if values.dtype.is_float() else pl.Int64).to_numpy()
    except pl.exceptions.InvalidOperationError as error:
        raise FrameMismatchError("the integers do not fit 64 bits with a sign; cast them to Float64") from error
    match aggregate:
        case Aggregate.MIN:
            return range_minima(numbers, starts, lengths)
        case Aggregate.MAX:
            return range_maxima(numbers, starts, lengths)
        case Aggregate.SUM:
            return _sums(numbers, starts, lengths)
        case _:
            return _sums(numbers, starts, lengths) / np.maximum(lengths, 1)


def _sums(numbers: Values, starts: Indices, lengths: Indices) -> Values:
    if numbers.dtype.kind != "f" and len(numbers):
        largest = max(abs(int(numbers.max())), abs(int(numbers.min())))
        if largest * int(lengths.max(initial=0)) >= 2**63:
            raise FrameMismatchError("the integers are too large to be summed in 64 bits; cast them to Float64")
    return range_sums(numbers, starts, lengths)

"""Does a partition keep its contract? Every expectation gets its own finding, with rows to look at.

Uniqueness holds across partitions. Where the event time is part of a key, equal keys have equal event times, so only
partitions whose ranges of event time overlap the new one's can hold one; that makes appending the newest data cheap.
Any other key can recur anywhere, so its columns are read from every partition.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

import polars as pl

from everlearn.core.decisions import Verdict
from everlearn.core.errors import InvalidError
from everlearn.core.json import JSONObject, JSONValue
from everlearn.datasets.model import (
    MOST_EXAMPLES,
    Check,
    Column,
    Contract,
    Partition,
    Range,
    Report,
    Severity,
    UniqueKey,
    bound_value,
)
from everlearn.datasets.parquet import described, frame_type, read, same_type, type_name

_ROW, _SEEN = "__everlearn_row", "__everlearn_seen"

ReadColumns = Callable[[Partition, Sequence[str]], pl.DataFrame]
"""Gives columns of a partition that is there; those that it lacks are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """A partition that was looked at."""

    report: Report
    rows: int
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """The partitions before this one, and how to look into them."""

    partitions: Sequence[Partition] = ()
    read: ReadColumns = field(default=lambda _partition, _columns: pl.DataFrame())


def validate(content: bytes, contract: Contract, earlier: Earlier) -> Validated:
    """Look at a partition.

    Raises
    ------
    NotParquetError, PartitionTooLargeError
        When it cannot be read.
    InvalidError
        When it has no rows.
    """
    schema, rows = described(content)
    if not rows:
        raise InvalidError("the partition has no rows; nothing was appended")
    structure = [*_columns(schema, contract, rows)]
    fitting = [column.name for column in contract.columns if _fits(schema, column)]
    # a file of foreign columns is refused anyway: do not read it
    frame = read(content, fitting) if fitting else pl.DataFrame()
    first_at, last_at = _span(frame, contract.event_time)
    checks = [
        *structure,
        *(_nulls(frame, column, rows) for column in contract.columns),
        *(_range(frame, column, column.range) for column in contract.columns if column.range is not None),
        *(_unique(frame, key, _suspects(key, contract, earlier, first_at, last_at)) for key in contract.unique),
    ]
    return Validated(report=Report(rows=rows, checks=tuple(checks)), rows=rows, first_at=first_at, last_at=last_at)


def _fits(schema: pl.Schema, column: Column) -> bool:
    return column.name in schema and same_type(schema[column.name], column.dtype)


def _columns(schema: pl.Schema, contract: Contract, rows: int) -> Iterator[Check]:
    for column in contract.columns:
        found = type_name(schema[column.name]) if column.name in schema else "missing"
        is_kept = _fits(schema, column)
        yield Check(
            expectation=f"{column.name} is {column.dtype}",
            severity=Severity.REFUSE,
            verdict=Verdict.PASS if is_kept else Verdict.FAIL,
            checked=rows,
            found=0 if is_kept else rows,
            examples=() if is_kept else ({"found": found},),
        )
    unknown = [name for name in schema if name not in {column.name for column in contract.columns}]
    yield Check(
        expectation="there are no columns that the contract does not name",
        severity=Severity.REFUSE,
        verdict=Verdict.FAIL if unknown else Verdict.PASS,
        checked=rows,
        found=rows if unknown else 0,
        examples=tuple({"column": name[:200]} for name in unknown[:MOST_EXAMPLES]),
    )


def _nulls(frame: pl.DataFrame, column: Column, rows: int) -> Check:
    share = column.nulls.max_share
    expectation = (
        f"{column.name} is null in at most {share * 100:.4g} % of rows" if share else f"{column.name} is not null"
    )
    if column.name not in frame.columns:
        return _not_evaluated(expectation, column.nulls.severity)
    missing = frame[column.name].is_null()
    return Check(
        expectation=expectation,
        severity=column.nulls.severity,
        verdict=Verdict.PASS if missing.sum() <= share * rows else Verdict.FAIL,
        checked=rows,
        found=int(missing.sum()),
        examples=tuple({"row": row} for row in missing.arg_true().head(MOST_EXAMPLES).to_list()),
    )


def _range(frame: pl.DataFrame, column: Column, allowed: Range) -> Check:
    expectation = f"{column.name} {_range_text(allowed)}"
    if column.name not in frame.columns or frame[column.name].null_count() == frame.height:
        return _not_evaluated(expectation, allowed.severity)
    values = frame[column.name]
    outside = frame.select(_outside(column, allowed).fill_null(False)).to_series()
    rows = outside.arg_true().head(MOST_EXAMPLES).to_list()
    return Check(
        expectation=expectation,
        severity=allowed.severity,
        verdict=Verdict.FAIL if rows else Verdict.PASS,
        checked=values.len() - values.null_count(),
        found=int(outside.sum()),
        examples=tuple({"row": row, "value": _plain(values[row])} for row in rows),
    )


def _range_text(allowed: Range) -> str:
    if allowed.minimum is None:
        return f"is at most {allowed.maximum}"
    if allowed.maximum is None:
        return f"is at least {allowed.minimum}"
    return f"lies between {allowed.minimum} and {allowed.maximum}"


def _outside(column: Column, allowed: Range) -> pl.Expr:
    kind = frame_type(column.dtype)
    value = pl.col(column.name)
    if isinstance(kind, pl.Datetime) and kind.time_zone is not None:
        value = value.dt.convert_time_zone("UTC")
    found = value.is_nan() if kind.is_float() else pl.lit(value=False)
    if allowed.minimum is not None:
        found |= value < bound_value(allowed.minimum, column.dtype)
    if allowed.maximum is not None:
        found |= value > bound_value(allowed.maximum, column.dtype)
    return found


def _unique(frame: pl.DataFrame, key: UniqueKey, suspects: Iterator[tuple[str, pl.DataFrame]]) -> Check:
    expectation = f"{' and '.join(key.columns)} {'is' if len(key.columns) == 1 else 'together are'} unique"
    if not set(key.columns) <= set(frame.columns):
        return _not_evaluated(expectation, key.severity)
    whole = frame.select(key.columns).with_row_index(_ROW).drop_nulls(key.columns)
    if whole.is_empty():
        return _not_evaluated(expectation, key.severity)
    # for each repeated row the partition that has its key already; "" is this one
    seen = dict.fromkeys(whole.filter(~pl.struct(key.columns).is_first_distinct())[_ROW], "")
    for name, others in suspects:
        repeated = whole.join(others.select(key.columns), on=key.columns, how="semi")
        seen |= dict.fromkeys(repeated[_ROW], name)
    return Check(
        expectation=expectation,
        severity=key.severity,
        verdict=Verdict.FAIL if seen else Verdict.PASS,
        checked=whole.height,
        found=len(seen),
        examples=tuple(_repeated(frame, key, row, seen[row]) for row in sorted(seen)[:MOST_EXAMPLES]),
    )


def _repeated(frame: pl.DataFrame, key: UniqueKey, row: int, partition: str) -> JSONObject:
    example: JSONObject = {"row": row, "key": {column: _plain(frame[column][row]) for column in key.columns}}
    return {**example, "partition": partition} if partition else example


def _suspects(
    key: UniqueKey, contract: Contract, earlier: Earlier, first_at: datetime | None, last_at: datetime | None
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Give the keys of the partitions that could hold one of ours."""
    by_time = contract.event_time in key.columns
    for partition in earlier.partitions:
        if by_time and _apart(partition, first_at, last_at):
            continue
        others = earlier.read(partition, key.columns)
        if set(key.columns) <= set(others.columns):
            yield partition.key, others


def _apart(partition: Partition, first_at: datetime | None, last_at: datetime | None) -> bool:
    if partition.first_at is None or partition.last_at is None or first_at is None or last_at is None:
        return False
    return partition.last_at < first_at or last_at < partition.first_at


def _span(frame: pl.DataFrame, event_time: str | None) -> tuple[datetime | None, datetime | None]:
    """Give the first and the last event time, at microseconds."""
    if event_time is None or event_time not in frame.columns:
        return None, None
    times = frame[event_time].dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    first, last = times.min(), times.max()
    return first if isinstance(first, datetime) else None, last if isinstance(last, datetime) else None


def _not_evaluated(expectation: str, severity: Severity) -> Check:
    return Check(expectation=expectation, severity=severity, verdict=Verdict.NOT_EVALUATED, checked=0, found=0)


def _plain(value: Any) -> JSONValue:
    """Give a value as JSON; long text is cut, numbers that JSON has no word for become text."""
    match value:
        case bool() | int() | None:
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case datetime():
            return (value if value.tzinfo is None else value.astimezone(UTC)).isoformat()
        case date() | time():
            return value.isoformat()
        case bytes():
            return value[:100].hex()
        case _:
            return str(value)[:200]

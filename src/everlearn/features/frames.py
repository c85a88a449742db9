"""What the point-in-time functions ask of the frames that they are given, and how they bring them into shape.

Instants are compared in UTC and at microseconds. Where a frame is finer, the moment at which a fact became known is
rounded up and the moment of a question down, so that rounding never shows a fact early.
"""

from collections.abc import Sequence
from typing import TypeAlias

import polars as pl

from everlearn.features.model import FrameMismatchError

Frame: TypeAlias = pl.DataFrame | pl.LazyFrame

ROW, MOMENT = "__everlearn_row", "__everlearn_moment"
_INSTANT = pl.Datetime("us", "UTC")


def collected(frame: Frame) -> pl.DataFrame:
    """Read a frame, if it is not read already."""
    return frame.collect() if isinstance(frame, pl.LazyFrame) else frame


def questions(spine: pl.DataFrame, by: Sequence[str], at: str) -> pl.DataFrame:
    """Give the rows that can have an answer (a whole key and a moment) with their row numbers, in order of time."""
    _require(spine.schema, (*by, at), "the rows")
    _require_zone(spine.schema, at, "the rows")
    return (
        spine.select(*by, _instant(spine.schema, at))
        .with_row_index(ROW)
        .drop_nulls([*by, MOMENT])
        .sort(MOMENT, maintain_order=True)
    )


def known_facts(facts: Frame, by: Sequence[str], known_at: str, columns: Sequence[str]) -> pl.DataFrame:
    """Give the facts that can be found (a whole key, known at some moment) in order of time; ties keep their order."""
    schema = facts.collect_schema()
    _require(schema, (*by, known_at, *columns), "the facts")
    _require_zone(schema, known_at, "the facts")
    chosen = facts.lazy().select(*dict.fromkeys((*by, *columns)), _instant(schema, known_at, up=True))
    return chosen.drop_nulls([*by, MOMENT]).collect().sort(MOMENT, maintain_order=True)


def same_keys(spine: pl.DataFrame, facts: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Give the facts with keys of the rows' types.

    Raises
    ------
    FrameMismatchError
        When a key is of another kind, or of one that has no exact equality.
    """
    for column in by:
        left, right = spine.schema[column], facts.schema[column]
        if left.is_float() or right.is_float():
            raise FrameMismatchError(f"the key {column!r} is a floating-point number; cast it to an integer or text")
        if left != right and not (left.is_integer() and right.is_integer()):
            raise FrameMismatchError(f"the key {column!r} is {left} in the rows and {right} in the facts; cast one")
    # a number that the rows' type cannot hold is no row's key
    cast = facts.with_columns(pl.col(column).cast(spine.schema[column], strict=False) for column in by)
    return cast.drop_nulls([*by, MOMENT])


def attached(spine: pl.DataFrame, answers: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Give the rows in their own order with the answers beside them.

    Raises
    ------
    FrameMismatchError
        When the rows have a column of an answer's name already.
    """
    return spine.hstack(
        pl.DataFrame({ROW: pl.int_range(spine.height, dtype=pl.UInt32, eager=True)})
        .join(answers, on=ROW, how="left", maintain_order="left")
        .select(names)
    )


def check_free(spine: pl.DataFrame, names: Sequence[str]) -> None:
    """Refuse features that would replace a column of the rows, or each other."""
    taken = [*spine.columns]
    for name in names:
        if name in taken:
            raise FrameMismatchError(
                f"the rows have a column {name!r} already; give the feature another prefix or name"
            )
        taken.append(name)


def _instant(schema: pl.Schema, column: str, *, up: bool = False) -> pl.Expr:
    """Give the instants at microseconds, finer ones rounded down or up."""
    kind, ticks = schema[column], pl.col(column).to_physical()
    match kind.time_unit if isinstance(kind, pl.Datetime) else None:
        case "ms":
            ticks = ticks * 1_000
        case "ns":
            ticks = -(-ticks // 1_000) if up else ticks // 1_000
        case _:
            pass
    return ticks.cast(_INSTANT).alias(MOMENT)


def _require(schema: pl.Schema, columns: Sequence[str], whose: str) -> None:
    for column in columns:
        if column not in schema:
            raise FrameMismatchError(f"{whose} have no column {column!r}; they have {', '.join(schema)[:500]}")


def _require_zone(schema: pl.Schema, column: str, whose: str) -> None:
    kind = schema[column]
    if not isinstance(kind, pl.Datetime) or kind.time_zone is None:
        raise FrameMismatchError(
            f"{column!r} of {whose} is {kind}; it must be a Datetime with a time zone (see dt.replace_time_zone)"
        )

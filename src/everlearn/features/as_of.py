"""The newest fact that was known at a moment."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from everlearn.features.frames import MOMENT, ROW, Frame, attached, check_free, known_facts, questions, same_keys
from everlearn.features.model import AsOf


def as_of(
    spine: pl.DataFrame,
    facts: Frame,
    *,
    by: Sequence[str],
    at: str,
    known_at: str,
    columns: Sequence[str],
    max_age: timedelta | None = None,
    prefix: str = "",
) -> pl.DataFrame:
    """Give the rows of `spine` with `columns` of the newest fact of their key that was known by then.

    A fact that became known at the very moment of the question is known (`known_at <= at`), and one that is exactly
    `max_age` old is still fresh. Of facts that became known at one instant the last in the frame counts. It is the
    newest *fact* that answers: where it holds a null, the answer is null, not an older value. Rows without a key or a
    moment, and rows that no fact answers, keep their place with nulls. Facts without a key or a moment answer nothing.

    Parameters
    ----------
    spine
        The rows; order and columns stay as they are.
    facts
        What is known, in any order.
    by
        The key columns, of the same names in both; empty: every fact is about every row.
    at, known_at
        The moment of a row, and when a fact became known; both Datetime with a time zone.
    columns, prefix
        Which columns of the facts, and what their names get in front.
    max_age
        How old a fact may be to answer; None: as old as it likes.

    Raises
    ------
    FrameMismatchError
        When a column is missing, is of the wrong kind, or has its name taken in `spine`.

    Notes
    -----
    O((n + m) log(n + m)) for n rows and m facts.
    """
    definition = AsOf(columns=tuple(columns), max_age=max_age, prefix=prefix)
    definition.check()
    names = definition.outputs
    check_free(spine, names)
    asked, known = questions(spine, by, at), known_facts(facts, by, known_at, columns)
    answering = same_keys(spine, known, by).select(
        *by, MOMENT, *(pl.col(column).alias(prefix + column + _SUFFIX) for column in columns)
    )
    found = asked.join_asof(
        answering, on=MOMENT, by=list(by) or None, strategy="backward", tolerance=max_age, check_sortedness=False
    )
    renamed = found.select(ROW, *(pl.col(name + _SUFFIX).alias(name) for name in names))
    return attached(spine, renamed, names)


_SUFFIX = "__everlearn_answer"  # an answer may have a key's name without its prefix

"""Applying a feature set to rows, and proving of any way to compute features that it does not look ahead."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import polars as pl

from everlearn.core.clock import iso
from everlearn.core.json import JSONValue
from everlearn.features.as_of import as_of
from everlearn.features.frames import Frame, collected
from everlearn.features.model import BadDefinitionError, FeatureSet, FeatureView, FrameMismatchError, FutureLeakError
from everlearn.features.rolling import rolling

Facts: TypeAlias = Mapping[str, Frame]
Computation: TypeAlias = Callable[[pl.DataFrame, Mapping[str, pl.DataFrame]], pl.DataFrame]

MOST_EXAMPLES = 5


def compute(features: FeatureSet, spine: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Give the rows of `spine` with every feature of the set, in the set's order; `facts` by the name of their source.

    Raises
    ------
    BadDefinitionError
        When the set cannot be computed at all.
    FrameMismatchError
        When a source is missing, or a frame does not have what a view needs.
    """
    features.check()
    missing = sorted({view.source for view in features.views} - set(facts))
    if missing:
        raise FrameMismatchError(
            f"no facts of the source {missing[0]!r}; given are {', '.join(sorted(facts)) or 'none'}"
        )
    read = {view.source: collected(facts[view.source]) for view in features.views}
    for view in features.views:
        spine = compute_view(view, spine, read[view.source], at=features.at)
    return spine


def compute_view(view: FeatureView, spine: pl.DataFrame, facts: Frame, *, at: str) -> pl.DataFrame:
    """Give the rows of `spine` with the features of one view."""
    read = collected(facts)
    for newest in view.latest:
        spine = as_of(
            spine,
            read,
            by=view.entity,
            at=at,
            known_at=view.known_at,
            columns=newest.columns,
            max_age=newest.max_age,
            prefix=newest.prefix,
        )
    for each in view.rolling:
        spine = rolling(
            spine,
            read,
            by=view.entity,
            at=at,
            known_at=view.known_at,
            value=each.value,
            window=each.window,
            aggregate=each.aggregate,
            min_count=each.min_count,
            name=each.output,
        )
    return spine


def known_columns(features: FeatureSet) -> dict[str, str]:
    """Give for each source of a set the column that says when its facts became known, as `check_no_future` asks.

    Raises
    ------
    BadDefinitionError
        When two views of one source disagree about it.
    """
    columns: dict[str, str] = {}
    for view in features.views:
        if columns.setdefault(view.source, view.known_at) != view.known_at:
            raise BadDefinitionError(
                f"two views of the set {features.name!r} read {view.source!r} as known at "
                f"{columns[view.source]!r} and at {view.known_at!r}; give the source two names"
            )
    return columns


def check_no_future(
    computation: Computation,
    spine: pl.DataFrame,
    facts: Facts,
    *,
    at: str,
    known_at: Mapping[str, str],
    through: Sequence[datetime],
) -> None:
    """Prove by truncation that a computation does not look ahead.

    For each instant of `through`, the rows up to it are computed a second time from the world as it was known then:
    these rows alone, and the facts known by then. Every value must be the same, without tolerance: nothing that came
    later can have had a part in it. `computation` may be anything that gives the rows it gets in their order with
    columns added, such as `partial(compute, features)`; give instants that cut the data in its middle.

    Parameters
    ----------
    computation
        Called with rows and facts by source.
    at
        The column of the rows that says as of when.
    known_at
        For each source of facts the column that says when a fact became known.
    through
        Where to cut; at least one instant.

    Raises
    ------
    FutureLeakError
        Naming the columns that changed, with the number of rows and examples in the details.
    BadDefinitionError
        When nothing would be compared.
    """
    read = {source: collected(frame) for source, frame in facts.items()}
    if absent := sorted(set(read) - set(known_at)):
        raise BadDefinitionError(f"say by `known_at` which column tells when facts of {absent[0]!r} became known")
    whole = _checked_rows(computation(spine, read), spine)
    if not through:
        raise BadDefinitionError("name at least one instant to cut at; otherwise nothing would be proven")
    for instant in through:
        iso(instant)  # refuses a time without a zone
        kept = spine.select((pl.col(at) <= instant).fill_null(False)).to_series()
        if not kept.any():
            raise BadDefinitionError(f"no row is of {instant.isoformat()} or before; cut where there are rows")
        past = {source: frame.filter(pl.col(known_at[source]) <= instant) for source, frame in read.items()}
        rows = spine.filter(kept)
        _compare(_checked_rows(computation(rows, past), rows), whole.filter(kept), instant)


def _checked_rows(computed: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    if computed.height != rows.height:
        raise FrameMismatchError(
            f"the computation gives {computed.height} rows for {rows.height}; it must give each row once, in order"
        )
    return computed


def _compare(then: pl.DataFrame, now: pl.DataFrame, instant: datetime) -> None:
    changed: dict[str, JSONValue] = {}
    for column in now.columns:
        if column not in then.columns:
            changed[column] = {"rows": now.height, "examples": []}
            continue
        differs = then[column].ne_missing(now[column])
        if differs.any():
            rows = differs.arg_true().head(MOST_EXAMPLES).to_list()
            changed[column] = {
                "rows": int(differs.sum()),
                "examples": [
                    {"row": row, "then": str(then[column][row]), "now": str(now[column][row])} for row in rows
                ],
            }
    if changed:
        raise FutureLeakError(
            f"features of moments up to {iso(instant)} change with what was known only later: "
            f"{', '.join(changed)[:500]}; use only facts with known_at <= {iso(instant)}",
            through=iso(instant),
            columns=changed,
        )

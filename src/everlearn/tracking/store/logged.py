"""Parameters, tags and metrics of runs."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from everlearn.core.clock import iso, parse_instant
from everlearn.core.errors import InvalidError
from everlearn.db import Instant, Tx, insert_for
from everlearn.tracking.model import Metric
from everlearn.tracking.tables import metrics, newest_metrics, params, tags

MOST_KEYS = 10_000  # of one run that are ever read at once


def insert_params(tx: Tx, run_id: str, values: Mapping[str, str]) -> None:
    """Add parameters; those that are there already stay as they are."""
    rows = [{"run_id": run_id, "key": key, "value": value} for key, value in sorted(values.items())]
    if rows:
        tx.execute(insert_for(tx, params).on_conflict_do_nothing(), rows)


def read_params(tx: Tx, run_id: str, *, keys: Sequence[str] | None = None) -> dict[str, str]:
    """Give the parameters of a run: all, or those of these keys."""
    query = sa.select(params.c.key, params.c.value).where(params.c.run_id == run_id).order_by(params.c.key)
    if keys is not None:
        query = query.where(params.c.key.in_(keys))
    return {row.key: row.value for row in tx.execute(query.limit(MOST_KEYS))}


def set_tags(tx: Tx, run_id: str, values: Mapping[str, str]) -> None:
    """Set tags; the newest value wins."""
    rows = [{"run_id": run_id, "key": key, "value": value} for key, value in sorted(values.items())]
    if rows:
        insert = insert_for(tx, tags)
        update = insert.on_conflict_do_update(
            index_elements=[tags.c.run_id, tags.c.key], set_={"value": insert.excluded.value}
        )
        tx.execute(update, rows)


def read_tags(tx: Tx, run_id: str) -> dict[str, str]:
    """Give the tags of a run."""
    query = sa.select(tags.c.key, tags.c.value).where(tags.c.run_id == run_id).order_by(tags.c.key)
    return {row.key: row.value for row in tx.execute(query.limit(MOST_KEYS))}


def insert_metrics(tx: Tx, run_id: str, measured: Sequence[Metric]) -> None:
    """Add measurements and keep the newest of each key; one that is there already is not added again."""
    if not measured:
        return
    tx.execute(insert_for(tx, metrics).on_conflict_do_nothing(), [_metric_row(run_id, one) for one in measured])
    newest = insert_for(tx, newest_metrics)
    order = ("step", "at", "value")
    tx.execute(
        newest.on_conflict_do_update(
            index_elements=[newest_metrics.c.run_id, newest_metrics.c.key],
            set_={name: newest.excluded[name] for name in (*order, "is_nan")},
            where=sa.tuple_(*(newest.excluded[name] for name in order))
            > sa.tuple_(*(newest_metrics.c[name] for name in order)),
        ),
        [_metric_row(run_id, one) for one in _newest_by_key(measured)],
    )


def read_newest(tx: Tx, run_id: str) -> dict[str, Metric]:
    """Give the newest measurement of each key."""
    table = newest_metrics
    query = (
        sa.select(table.c.key, table.c.value, table.c.is_nan, table.c.step, table.c.at)
        .where(table.c.run_id == run_id)
        .order_by(table.c.key)
        .limit(MOST_KEYS)
    )
    return {row.key: _metric(row) for row in tx.execute(query)}


def list_metrics(tx: Tx, run_id: str, key: str, *, after: str | None, limit: int) -> list[Metric]:
    """Give up to `limit` measurements of one key by (step, time, value); `after` is a `metric_key`."""
    columns = (metrics.c.step, metrics.c.at, metrics.c.value, metrics.c.is_nan)
    query = (
        sa.select(metrics.c.key, *columns)
        .where(metrics.c.run_id == run_id, metrics.c.key == key)
        .order_by(*columns)
        .limit(limit)
    )
    if after is not None:
        step, at, value, is_nan = _parsed_key(after)
        last = (
            sa.literal(step, sa.BigInteger),
            sa.literal(at, Instant),
            sa.literal(value, sa.Double),
            sa.literal(is_nan, sa.Boolean),
        )
        query = query.where(sa.tuple_(*columns) > sa.tuple_(*last))
    return [_metric(row) for row in tx.execute(query)]


def metric_key(metric: Metric) -> str:
    """Give the key that a history continues after."""
    is_nan = math.isnan(metric.value)
    return f"{metric.step}~{iso(metric.at)}~{0.0 if is_nan else metric.value!r}~{int(is_nan)}"


def _parsed_key(key: str) -> tuple[int, datetime, float, bool]:
    parts = key.split("~")
    try:
        step, at, value, is_nan = parts
        return int(step), parse_instant(at), float(value), is_nan == "1"
    except ValueError as error:
        raise InvalidError(f"not a key of a metric's history: {key[:80]!r}; send `next` of the page before") from error


def _newest_by_key(measured: Sequence[Metric]) -> Iterable[Metric]:
    newest: dict[str, Metric] = {}
    for one in measured:
        if one.key not in newest or _order(one) > _order(newest[one.key]):
            newest[one.key] = one
    return newest.values()


def _order(metric: Metric) -> tuple[int, datetime, float]:
    return metric.step, metric.at, 0.0 if math.isnan(metric.value) else metric.value


def _metric_row(run_id: str, metric: Metric) -> dict[str, object]:
    is_nan = math.isnan(metric.value)
    return {
        "run_id": run_id,
        "key": metric.key,
        "step": metric.step,
        "at": metric.at,
        "value": 0.0 if is_nan else metric.value,
        "is_nan": is_nan,
    }


def _metric(row: sa.Row[tuple[object, ...]]) -> Metric:
    return Metric(key=row.key, value=math.nan if row.is_nan else row.value, step=row.step, at=row.at)

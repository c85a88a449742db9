"""Searching logged models. They are few beside runs, so those of the experiments asked for are simply read through."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from everlearn.core.search import Clause, Op, Order
from everlearn.db import Sql, Tx, marks
from everlearn.db.conditions import Condition, Term, after, compared
from everlearn.tracking.store.models import COLUMNS, FROM, SELECTED, ModelRow

_ATTRIBUTES = {
    "name": "m.name",
    "model_id": "m.id",
    "model_type": "m.model_type",
    "status": "m.status",
    "source_run_id": "m.source_run_id",
    "creation_timestamp": "m.created_ms",
    "last_updated_timestamp": "m.updated_ms",
}


class ModelSearch(NamedTuple):
    """What is asked."""

    experiments: tuple[int, ...]
    clauses: tuple[Clause, ...]
    orders: tuple[tuple[Order, str, str], ...]  # each with the name and digest of a data set, or empty
    datasets: tuple[tuple[str, str], ...]  # names and digests that metrics must be of; none: any
    limit: int
    last: tuple[Any, ...] | None


def search(tx: Tx, asked: ModelSearch) -> list[tuple[ModelRow, tuple[Any, ...]]]:
    """Give up to `limit` models in order, each with its sort values; newest first when nothing is said."""
    if not asked.experiments:
        return []
    terms = _terms(asked, is_postgresql=tx.is_postgresql)
    where = [Condition(f"m.experiment_no in ({marks(len(asked.experiments))})", asked.experiments)]
    where.append(Condition("m.deleted_ms is null", ()))
    where += [_condition(clause, asked.datasets, is_postgresql=tx.is_postgresql) for clause in asked.clauses]
    if asked.datasets:  # whatever else is asked: measured on one of these
        of, given_names = _of_datasets(asked.datasets)
        text = f"exists (select 1 from tracking_model_metrics x where x.model_no = m.no{of})"
        where.append(Condition(text, given_names))
    inner = (
        f"select {SELECTED} as experiment_id, {', '.join(f'{term.sql} as t{n}' for n, (term, _) in enumerate(terms))} "
        f"{FROM} where {' and '.join(one.sql for one in where)}"
    )
    named = [replace(term, sql=f"t{number}") for number, (term, _) in enumerate(terms)]
    outer = f"select * from ({inner}) as found"
    given = [*(value for _, values in terms for value in values), *(value for one in where for value in one.given)]
    if asked.last is not None:
        beyond = after(named, asked.last)
        outer, given = f"{outer} where {beyond.sql}", [*given, *beyond.given]
    order = ", ".join(f"{term.sql} desc" if term.is_descending else term.sql for term in named)
    rows = Sql(f"{outer} order by {order} limit ?").rows(tx, *given, asked.limit)
    width = len(COLUMNS) + 1
    return [(ModelRow(*row[:width]), tuple(row[width:])) for row in rows]


def _terms(asked: ModelSearch, *, is_postgresql: bool) -> list[tuple[Term, tuple[Any, ...]]]:
    collate = ' collate "C"' if is_postgresql else ""
    terms: list[tuple[Term, tuple[Any, ...]]] = []
    for order, dataset, digest in asked.orders:
        if order.kind == "metric":
            terms += _metric_terms(order, dataset, digest)
        elif order.key in {"creation_timestamp", "last_updated_timestamp"}:
            terms.append((Term(_ATTRIBUTES[order.key], not order.ascending), ()))
        else:
            terms.append(
                (Term(f"coalesce({_ATTRIBUTES[order.key]}, ''){collate}", not order.ascending, is_text=True), ())
            )
    if not any(order.key == "creation_timestamp" for order, _, _ in asked.orders):
        terms.append((Term("m.created_ms", True), ()))
    return [*terms, (Term("m.id", False, is_text=True), ())]


def _metric_terms(order: Order, dataset: str, digest: str) -> list[tuple[Term, tuple[Any, ...]]]:
    """Sort by the newest value of a metric; models without it come last, not-a-number before them."""
    narrowed = f"{' and x.dataset_name = ?' if dataset else ''}{' and x.dataset_digest = ?' if digest else ''}"
    given = (order.key, *(value for value in (dataset, digest) if value))

    def newest(column: str) -> str:
        return (
            f"(select x.{column} from tracking_model_metrics x where x.model_no = m.no and x.key = ?{narrowed} "
            "order by x.at_ms desc, x.step desc, x.value desc limit 1)"
        )

    return [
        (Term(f"coalesce({newest('is_nan')}, 2)", False), given),
        (Term(f"coalesce({newest('value')}, 0)", not order.ascending), given),
    ]


def _condition(clause: Clause, datasets: Sequence[tuple[str, str]], *, is_postgresql: bool) -> Condition:
    if clause.kind == "metric":
        differs = (
            "(x.is_nan = 1 or x.value != ?)" if clause.op is Op.UNEQUAL else f"x.is_nan = 0 and x.value {clause.op} ?"
        )
        of, given = _of_datasets(datasets)
        return Condition(
            f"exists (select 1 from tracking_model_metrics x where x.model_no = m.no and x.key = ? and {differs}{of})",
            (clause.key, clause.value, *given),
        )
    if clause.kind in {"param", "tag"}:
        inner = compared("l.value", clause, is_postgresql=is_postgresql)
        return Condition(
            "exists (select 1 from tracking_model_labels l where l.model_no = m.no and l.kind = ? and l.key = ? "
            f"and {inner.sql})",
            (clause.kind, clause.key, *inner.given),
        )
    return compared(_ATTRIBUTES[clause.key], clause, is_postgresql=is_postgresql)


def _of_datasets(datasets: Sequence[tuple[str, str]]) -> tuple[str, tuple[str, ...]]:
    if not datasets:
        return "", ()
    parts, given = list[str](), list[str]()
    for name, digest in datasets:
        parts.append("x.dataset_name = ? and x.dataset_digest = ?" if digest else "x.dataset_name = ?")
        given += [name, digest] if digest else [name]
    return f" and ({' or '.join(f'({part})' for part in parts)})", tuple(given)

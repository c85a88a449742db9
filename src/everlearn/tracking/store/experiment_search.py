"""Searching experiments. They are few beside runs, so their table is simply read through."""

from collections.abc import Sequence
from typing import Any

from everlearn.core.search import Clause, Op, Order
from everlearn.db import Sql, Tx, marks
from everlearn.db.conditions import Condition, Term, after, compared
from everlearn.tracking.store.experiments import COLUMNS, ExperimentRow

_ATTRIBUTES = {
    "name": "e.name",
    "experiment_id": "cast(e.id as text)",
    "creation_time": "e.created_ms",
    "last_update_time": "e.updated_ms",
}
_SORTED = _ATTRIBUTES | {"experiment_id": "e.id"}


def search(
    tx: Tx,
    project: str,
    clauses: Sequence[Clause],
    orders: Sequence[Order],
    *,
    lifecycles: Sequence[str],
    limit: int,
    last: tuple[Any, ...] | None,
) -> list[tuple[ExperimentRow, tuple[Any, ...]]]:
    """Give up to `limit` experiments in order, each with its sort values; newest first when nothing is said."""
    terms = _terms(orders, is_postgresql=tx.is_postgresql)
    joins = [
        Condition(f"left join tracking_experiment_tags o{number} on o{number}.experiment_no = e.no and o{number}.key = ?", (order.key,))  # noqa: E501
        for number, order in enumerate(orders)
        if order.kind == "tag"
    ]  # fmt: skip
    where = [Condition(f"e.project = ? and e.lifecycle in ({marks(len(lifecycles))})", (project, *lifecycles))]
    where += [_condition(clause, is_postgresql=tx.is_postgresql) for clause in clauses]
    if last is not None:
        where.append(after(terms, last))
    columns = ", ".join(f"e.{column}" for column in COLUMNS)
    text = (
        f"select {columns}, {', '.join(term.sql for term in terms)} from tracking_experiments e "
        f"{' '.join(join.sql for join in joins)} where {' and '.join(one.sql for one in where)} "
        f"order by {', '.join(f'{term.sql} desc' if term.is_descending else term.sql for term in terms)} limit ?"
    )
    given = [value for one in (*joins, *where) for value in one.given]
    rows = Sql(text).rows(tx, *given, limit)
    return [(ExperimentRow(*row[: len(COLUMNS)]), tuple(row[len(COLUMNS) :])) for row in rows]


def _terms(orders: Sequence[Order], *, is_postgresql: bool) -> list[Term]:
    collate, terms = ' collate "C"' if is_postgresql else "", list[Term]()
    for number, order in enumerate(orders):
        if order.kind == "tag":
            terms.append(Term(f"(case when o{number}.key is null then 1 else 0 end)", False))
            terms.append(Term(f"coalesce(o{number}.value, ''){collate}", not order.ascending, is_text=True))
        else:
            terms.append(Term(_SORTED[order.key], not order.ascending, is_text=order.key == "name"))
    if not orders:
        terms.append(Term("e.created_ms", True))
    return [*terms, Term("e.id", True)]


def _condition(clause: Clause, *, is_postgresql: bool) -> Condition:
    if clause.kind != "tag":
        return compared(_ATTRIBUTES[clause.key], clause, is_postgresql=is_postgresql)
    held = "exists (select 1 from tracking_experiment_tags t where t.experiment_no = e.no and t.key = ?"
    if clause.op in {Op.IS_NULL, Op.IS_NOT_NULL}:
        return Condition(f"{'not ' if clause.op is Op.IS_NULL else ''}{held})", (clause.key,))
    inner = compared("t.value", clause, is_postgresql=is_postgresql)
    return Condition(f"{held} and {inner.sql})", (clause.key, *inner.given))

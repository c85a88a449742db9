"""Searching the catalogue."""

from collections.abc import Sequence
from typing import Any

from everlearn.core.search import Clause, Order
from everlearn.db import Tx
from everlearn.db.conditions import Condition, Term, after, compared
from everlearn.registry.store.catalogue import (
    CatalogueRow,
    ModelRow,
    search_entries,
    search_models,
    tag_condition,
)

_MODELS = {
    "name": "m.name",
    "creation_timestamp": "m.created_at",
    "last_updated_timestamp": "m.updated_at",
}
_VERSIONS = {
    "name": "c.model",
    "run_id": "c.run_id",
    "source_path": "c.source",
    "version_number": "c.number",
    "creation_timestamp": "c.created_at",
    "last_updated_timestamp": "c.updated_at",
}
_INSTANTS = frozenset({"creation_timestamp", "last_updated_timestamp"})


def models(
    tx: Tx,
    project: str,
    clauses: Sequence[Clause],
    orders: Sequence[Order],
    *,
    last: tuple[Any, ...] | None,
    limit: int,
) -> list[tuple[ModelRow, tuple[Any, ...]]]:
    """Give up to `limit` models in order, by name when nothing is said."""
    pg = tx.is_postgresql
    terms = [_term(_MODELS, order.key, not order.ascending, is_postgresql=pg) for order in orders]
    if not any(order.key == "name" for order in orders):
        terms.append(_term(_MODELS, "name", False, is_postgresql=pg))
    where = [Condition("m.project = ?", (project,))]
    where += [
        tag_condition(clause, of_versions=False, is_postgresql=pg)
        if clause.kind == "tag"
        else compared(_MODELS[clause.key], clause, is_postgresql=pg)
        for clause in clauses
    ]
    if last is not None:
        where.append(after(terms, last))
    return search_models(tx, terms, where, limit=limit)


def versions(
    tx: Tx,
    project: str,
    clauses: Sequence[Clause],
    orders: Sequence[Order],
    *,
    last: tuple[Any, ...] | None,
    limit: int,
) -> list[tuple[CatalogueRow, tuple[Any, ...]]]:
    """Give up to `limit` versions in order, the last changed first when nothing is said."""
    pg, said = tx.is_postgresql, [(order.key, not order.ascending) for order in orders]
    said = said or [("last_updated_timestamp", True)]
    asked = {key for key, _ in said}
    said += [(key, descending) for key, descending in (("name", False), ("version_number", True)) if key not in asked]
    terms = [_term(_VERSIONS, key, descending, is_postgresql=pg) for key, descending in said]
    where = [Condition("c.project = ?", (project,))]
    where += [
        tag_condition(clause, of_versions=True, is_postgresql=pg)
        if clause.kind == "tag"
        else compared(_VERSIONS[clause.key], clause, is_postgresql=pg)
        for clause in clauses
    ]
    if last is not None:
        where.append(after(terms, last))
    return search_entries(tx, terms, where, limit=limit)


def _term(columns: dict[str, str], key: str, is_descending: bool, *, is_postgresql: bool) -> Term:  # noqa: FBT001
    if key in _INSTANTS:  # as text on both engines: what a page token can carry
        column = columns[key]
        if is_postgresql:
            column = f'to_char({column} at time zone \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\') collate "C"'
        return Term(column, is_descending, is_text=True)
    if key == "version_number":
        return Term(columns[key], is_descending)
    return Term(f'{columns[key]} collate "C"' if is_postgresql else columns[key], is_descending, is_text=True)

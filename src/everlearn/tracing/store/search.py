"""Searching traces.

There are two ways to answer, and the cheaper one is taken, by counts that stop early: from the clause whose index
gives the fewest traces, or along the traces of the experiments, newest first, until a page is full. A planner without
statistics of our keys would have to guess; SQLite's is told, with `cross join` and a `+` that hides a column from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from everlearn.core.search import Clause, Order
from everlearn.db import Sql, Tx, marks
from everlearn.db.conditions import Condition, Term, after
from everlearn.tracing.store.search_terms import (
    NO_KEY,
    Driver,
    condition_of,
    driver_of,
    key_of,
    ordering_of,
    span_condition,
)
from everlearn.tracing.store.traces import COLUMNS, SELECTED, TraceRow
from everlearn.tracking.store.keys import find_keys

_MOST_COUNTED = 5_000  # entries of an index
_EXPERIMENT_ID = "(select e.id from tracking_experiments e where e.no = r.experiment_no)"
_WIDTH = len(COLUMNS) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceSearch:
    """What is asked."""

    experiments: tuple[int, ...]  # their keys
    clauses: tuple[Clause, ...]
    orders: tuple[Order, ...]


class Hit(NamedTuple):
    """A trace that was found, and its sort values."""

    row: TraceRow
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A search, ready to be run page by page."""

    experiments: tuple[int, ...]
    driver: Driver | None
    conditions: tuple[Condition, ...]
    terms: tuple[Term, ...]
    joins: tuple[Condition, ...]
    is_empty: bool


def planned(tx: Tx, asked: TraceSearch) -> Plan:
    """Choose how to answer."""
    said: list[Clause | Order] = [*asked.clauses, *asked.orders]
    keys = find_keys(tx, {key for one in said if (key := key_of(one)) is not None})
    drivers = [
        driver
        for clause in asked.clauses
        if (driver := driver_of(clause, keys.get(key_of(clause) or "", NO_KEY), asked.experiments)) is not None
    ]
    counts = [_count(tx, driver) for driver in drivers]
    fewest = min(counts, default=_MOST_COUNTED)
    terms, joins = ordering_of(asked.orders, keys, is_postgresql=tx.is_postgresql)
    return Plan(
        experiments=asked.experiments,
        driver=drivers[counts.index(fewest)] if fewest < _MOST_COUNTED else None,
        conditions=tuple(_conditions(asked, keys, is_postgresql=tx.is_postgresql)),
        terms=terms,
        joins=joins,
        is_empty=not asked.experiments or fewest == 0,
    )


def run(tx: Tx, plan: Plan, *, last: Sequence[Any] | None, limit: int) -> list[Hit]:
    """Give up to `limit` traces in order, beginning after one."""
    if plan.is_empty:
        return []
    where = [Condition(f"r.experiment_no in ({marks(len(plan.experiments))})", plan.experiments), *plan.conditions]
    if last is not None:
        where += [after(plan.terms, last), *_bound(plan.terms[0], last[0])]
    given = [value for one in (*plan.joins, *where) for value in one.given]
    tables = "tracing_traces r"
    if plan.driver is not None:
        fixed = "join" if tx.is_postgresql else "cross join"
        tables = f"({plan.driver.sql}) as f {fixed} tracing_traces r on r.no = f.no"
        given = [*plan.driver.given, *given]
    order = ", ".join(f"{term.sql}{' desc' if term.is_descending else ''}" for term in plan.terms)
    text = (
        f"select {SELECTED}, {_EXPERIMENT_ID}, {', '.join(term.sql for term in plan.terms)} from {tables} "
        f"{' '.join(join.sql for join in plan.joins)} where {' and '.join(one.sql for one in where)} "
        f"order by {order} limit ?"
    )
    return [Hit(TraceRow(*row[:_WIDTH]), tuple(row[_WIDTH:])) for row in Sql(text).rows(tx, *given, limit)]


def _conditions(asked: TraceSearch, keys: dict[str, int], *, is_postgresql: bool) -> list[Condition]:
    about_spans = [clause for clause in asked.clauses if is_about_spans(clause)]
    found = [
        condition_of(clause, keys.get(key_of(clause) or "", NO_KEY), is_postgresql=is_postgresql)
        for clause in asked.clauses
        if not is_about_spans(clause)
    ]
    found.append(span_condition(about_spans, is_postgresql=is_postgresql))
    return [one if is_postgresql else _hidden(one) for one in found if one is not None]


def is_about_spans(clause: Clause) -> bool:
    """Tell whether a clause asks about the steps of a trace: those must all hold of the same step."""
    return clause.kind == "span" or (clause.kind, clause.key) == ("attribute", "text")


def _hidden(condition: Condition) -> Condition:
    """Keep SQLite from reading a column's own index where the order's is the better one."""
    hidden = condition.sql.startswith(("r.name", "r.state", "r.client_request_id"))
    return Condition(f"+{condition.sql}", condition.given) if hidden else condition


def _bound(term: Term, value: Any) -> list[Condition]:
    """Say once more, plainly, where the index of start times is to be entered."""
    if term.sql != "r.start_ms":
        return []
    return [Condition(f"r.start_ms {'<=' if term.is_descending else '>='} ?", (value,))]


def _count(tx: Tx, driver: Driver) -> int:
    text = f"select count(*) from ({driver.sql} limit {_MOST_COUNTED}) as found"
    return int(Sql(text).rows(tx, *driver.given)[0][0])

"""Searching runs.

There are three ways to answer, and the cheapest is taken, by counts that stop early and by trying:

- from a condition: the index of a metric's or label's values gives the few runs that fulfil it, the rest is checked
  and sorted;
- along the order: the index of the metric that is sorted by is walked from its end, until a page is full;
- over the runs: newest first along their own index, or all of them.

Where no condition has few runs, the beginning of the order is tried: its entries down to the value of the entry at
`_WINDOW` fill the page in most searches, and counting to know that beforehand would take longer.

A planner without statistics of our keys would have to guess; SQLite's is told with `cross join`, which fixes the order.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy.engine import Engine

from everlearn.core.search import Clause, Order
from everlearn.db import Sql, Tx, marks
from everlearn.db.conditions import Condition, after
from everlearn.tracking.store.keys import find_keys
from everlearn.tracking.store.search_terms import (
    NO_KEY,
    Ordering,
    condition_of,
    driver_of,
    ordering_of,
    table_of,
)

_FEW = 2_000  # runs that are quickly checked and sorted
_WINDOW = 40  # entries of an order that are tried, for each run of the page
_MOST_COUNTED = 20_000  # entries of an index
_TOTAL_LASTS_S = 60.0
_PLANNER = Sql(
    "select set_config('enable_bitmapscan', ?, true), set_config('enable_hashjoin', ?, true), "
    "set_config('enable_mergejoin', ?, true), set_config('enable_seqscan', ?, true)"
)
_totals: WeakKeyDictionary[Engine, dict[int, tuple[int, float]]] = WeakKeyDictionary()
_PROBE_COST = 3.0  # checking a candidate that a condition gave, and sorting it, against one step along an order


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSearch:
    """What is asked."""

    experiments: tuple[int, ...]  # their keys
    clauses: tuple[Clause, ...]
    orders: tuple[Order, ...]
    lifecycles: tuple[str, ...]
    limit: int
    last: tuple[Any, ...] | None  # the sort values of the last run of the page before


class Hit(NamedTuple):
    """A run that was found, and its sort values."""

    no: int
    values: tuple[Any, ...]


class _Driver(NamedTuple):
    """A condition whose runs an index gives."""

    table: str
    range: Condition
    place: int  # of the clause


@dataclass(frozen=True, slots=True)
class _Plan:
    tx: Tx
    asked: RunSearch
    conditions: tuple[Condition, ...]
    drivers: tuple["_Driver", ...]
    ordering: Ordering


def search(tx: Tx, asked: RunSearch) -> list[Hit]:
    """Give up to `limit` runs in order."""
    if not asked.experiments:
        return []
    plan = _planned(tx, asked)
    for driver in plan.drivers:
        count = _count(plan, driver, most=_FEW)
        if count < _FEW:
            with _walking(tx):
                return _run(*_from_condition(plan, driver)) if count else []
    return _from_beginning_of_order(plan) or _by_counts(plan)


def _by_counts(plan: _Plan) -> list[Hit]:
    counts = [_count(plan, driver, most=_MOST_COUNTED) for driver in plan.drivers]
    if _is_along_order_cheaper(plan, counts):
        return _along_order(plan)
    if counts and min(counts) < _MOST_COUNTED:
        return _run(*_from_condition(plan, plan.drivers[counts.index(min(counts))]))
    return _run(plan, _OVER_RUNS)


def _from_beginning_of_order(plan: _Plan) -> list[Hit]:
    """Try the first entries of the order; give nothing when they do not fill the page."""
    last = plan.asked.last
    if not plan.drivers or not _is_by_metric(plan) or (last is not None and last[:2] != (0, 0)):
        return []
    source = _along(plan, is_nan=0)
    window = _window(plan, source)
    if window is None:
        return []
    bounded = replace(plan, conditions=_early(plan.conditions, "o0"))
    with _walking(plan.tx):
        found = _run(bounded, source._replace(conditions=(*source.conditions, window)))
    return found if len(found) == plan.asked.limit else []


@contextmanager
def _walking(tx: Tx) -> Iterator[None]:
    """Keep PostgreSQL from reading the whole range and sorting it: the page is full long before its end."""
    if not tx.is_postgresql:
        yield
        return
    _PLANNER.row(tx, *["off"] * 4)
    yield
    _PLANNER.row(tx, *["on"] * 4)


def _window(plan: _Plan, source: "_Source") -> Condition | None:
    """Give the condition that holds for the first entries of an order and whatever equals the last of them."""
    ascending = plan.asked.orders[0].ascending
    where = " and ".join(one.sql for one in source.conditions)
    text = f"select o0.value from tracking_newest o0 where {where} order by o0.value {'' if ascending else 'desc'} "
    given = [value for one in source.conditions for value in one.given]
    row = Sql(f"{text} limit 1 offset ?").row(plan.tx, *given, plan.asked.limit * _WINDOW)
    return None if row is None else Condition(f"o0.value {'<=' if ascending else '>='} ?", (row[0],))


def _planned(tx: Tx, asked: RunSearch) -> _Plan:
    said: list[Clause | Order] = [*asked.clauses, *asked.orders]
    keyed = {(one.kind, one.key) for one in said if one.kind in {"metric", "param", "tag"}}
    known = find_keys(tx, {key for _, key in keyed})
    key_nos = {(kind, key): known.get(key, NO_KEY) for kind, key in keyed}
    is_postgresql = tx.is_postgresql
    conditions, drivers = list[Condition](), list[_Driver]()
    for place, clause in enumerate(asked.clauses):
        key_no = key_nos.get((clause.kind, clause.key), NO_KEY)
        conditions.append(condition_of(clause, key_no, is_postgresql=is_postgresql))
        if (driver := driver_of(clause, key_no)) is not None:
            drivers.append(_Driver(table_of(clause.kind), driver, place))
    ordering = ordering_of(asked.orders, key_nos, is_postgresql=is_postgresql)
    return _Plan(tx, asked, tuple(conditions), tuple(drivers), ordering)


def _count(plan: _Plan, driver: _Driver, *, most: int) -> int:
    inside = f"d.experiment_no in ({marks(len(plan.asked.experiments))}) and {driver.range.sql}"
    text = f"select count(*) from (select 1 from {driver.table} d where {inside} limit {most}) as found"
    return int(Sql(text).rows(plan.tx, *plan.asked.experiments, *driver.range.given)[0][0])


def _is_along_order_cheaper(plan: _Plan, counts: Sequence[int]) -> bool:
    """Compare how many entries each way would touch, taking the conditions as independent."""
    if not _is_by_metric(plan):
        return False
    if not counts:
        return True
    total = max(_total(plan), *counts)
    walked = float(plan.asked.limit)
    for count in counts:
        walked *= total / count
    return min(walked, total) < min(counts) * _PROBE_COST


def _is_by_metric(plan: _Plan) -> bool:
    """Tell whether the order is that of one metric's values in one experiment, which is an index."""
    first = next(iter(plan.asked.orders), None)
    return first is not None and first.kind == "metric" and len(plan.asked.experiments) == 1


def _total(plan: _Plan) -> int:
    """Count the runs of the experiment, roughly: a count of the last minute will do for a guess."""
    known = _totals.setdefault(plan.tx.connection.engine, {})
    experiment, now = plan.asked.experiments[0], time.monotonic()
    if experiment not in known or now - known[experiment][1] > _TOTAL_LASTS_S:
        known[experiment] = (_counted_runs(plan), now)
    return known[experiment][0]


def _counted_runs(plan: _Plan) -> int:
    text = (
        "select count(*) from (select 1 from tracking_runs r where r.experiment_no = ? and r.lifecycle = 'active' "
        f"limit {_MOST_COUNTED * 20}) as found"
    )
    return int(Sql(text).rows(plan.tx, plan.asked.experiments[0])[0][0])


class _Source(NamedTuple):
    """Where rows come from: tables that end in `r`, and conditions on them."""

    tables: str
    conditions: tuple[Condition, ...]


_OVER_RUNS = _Source("tracking_runs r", ())
_WITHOUT = _Source("tracking_runs r", (Condition("o0.run_no is null", ()),))


def _from_condition(plan: _Plan, driver: _Driver) -> tuple[_Plan, _Source]:
    mine = Condition(
        f"d.experiment_no in ({marks(len(plan.asked.experiments))}) and {driver.range.sql}",
        (*plan.asked.experiments, *driver.range.given),
    )
    others = tuple(one for place, one in enumerate(plan.conditions) if place != driver.place)
    tables = f"{driver.table} d {_fixed(plan)} tracking_runs r on r.no = d.run_no"
    return replace(plan, conditions=_early(others, "d")), _Source(tables, (mine,))


def _early(conditions: Sequence[Condition], table: str) -> tuple[Condition, ...]:
    """Write conditions over the number that the index has already: those that fail save the look at the run."""
    return tuple(Condition(one.sql.replace("= r.no ", f"= {table}.run_no "), one.given) for one in conditions)


def _along_order(plan: _Plan) -> list[Hit]:
    """Walk the index of the metric that is sorted by: its numbers, then what is not a number, then runs without it."""
    last, found = plan.asked.last, list[Hit]()
    begun = 0 if last is None else 2 if last[0] == 1 else 1 if last[1] == 1 else 0
    sources = (_along(plan, is_nan=0), _along(plan, is_nan=1), _WITHOUT)
    for source in sources[begun:]:
        rest = replace(plan.asked, limit=plan.asked.limit - len(found), last=None if found else last)
        conditions = plan.conditions if source is _WITHOUT else _early(plan.conditions, "o0")
        found += _run(replace(plan, asked=rest, conditions=conditions), source)
        if len(found) == plan.asked.limit:
            break
    return found


def _along(plan: _Plan, *, is_nan: int) -> _Source:
    asked, (key_no,) = plan.asked, plan.ordering.joins[0].given
    walked = [
        Condition("o0.experiment_no = ? and o0.key_no = ? and o0.is_nan = ?", (asked.experiments[0], key_no, is_nan))
    ]
    if asked.last is not None and asked.last[:2] == (0, is_nan):  # begin at the place, do not walk to it
        comparison = ">=" if asked.orders[0].ascending else "<="
        walked.append(Condition(f"o0.value {comparison} ?", (asked.last[2],)))
    return _Source(f"tracking_newest o0 {_fixed(plan)} tracking_runs r on r.no = o0.run_no", tuple(walked))


def _fixed(plan: _Plan) -> str:
    return "join" if plan.tx.is_postgresql else "cross join"


def _run(plan: _Plan, source: _Source) -> list[Hit]:
    asked, terms = plan.asked, plan.ordering.terms
    is_along = " o0 " in source.tables
    joins = plan.ordering.joins[1:] if is_along else plan.ordering.joins
    if is_along:  # its first three terms are columns of the index, which is in their order
        direction = "" if asked.orders[0].ascending else " desc"
        order = [f"o0.value{direction}"]
        order += [f"{term.sql}{' desc' if term.is_descending else ''}" for term in terms[3:]]
    else:
        order = [f"{term.sql}{' desc' if term.is_descending else ''}" for term in terms]
    where = [*source.conditions, *plan.conditions, *_admitted(asked)]
    if asked.last is not None:
        where.append(after(terms, asked.last))
    text = (
        f"select r.no, {', '.join(term.sql for term in terms)} from {source.tables} "
        f"{' '.join(join.sql for join in joins)} where {' and '.join(one.sql for one in where)} "
        f"order by {', '.join(order)} limit ?"
    )
    given = [value for one in (*joins, *where) for value in one.given]
    return [Hit(row[0], tuple(row[1:])) for row in Sql(text).rows(plan.tx, *given, asked.limit)]


def _admitted(asked: RunSearch) -> list[Condition]:
    return [
        Condition(f"r.experiment_no in ({marks(len(asked.experiments))})", asked.experiments),
        Condition(f"r.lifecycle in ({marks(len(asked.lifecycles))})", asked.lifecycles),
    ]

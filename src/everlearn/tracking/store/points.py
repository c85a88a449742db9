"""Measurements of runs: every point, and the newest of each key."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from everlearn.db import Sql, Tx, marks


class Point(NamedTuple):
    """One measurement as the tables hold it: not-a-number is 0 with a flag."""

    step: int
    at_ms: int
    value: float
    is_nan: int


class Newest(NamedTuple):
    """The newest measurement of a key."""

    key: str
    point: Point


_COLUMNS = "step, at_ms, value, is_nan"
_INSERT = Sql(f"insert into tracking_points (run_no, key_no, {_COLUMNS}) values (?,?,?,?,?,?) on conflict do nothing")
_INSERT_ARRAYS = Sql(
    f"insert into tracking_points (run_no, key_no, {_COLUMNS}) "
    "select ?, * from unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::float8[], ?::smallint[]) on conflict do nothing"
)
_PUT_NEWEST = Sql(
    f"insert into tracking_newest (run_no, key_no, experiment_no, {_COLUMNS}) values (?,?,?,?,?,?,?) "
    "on conflict (run_no, key_no) do update "
    "set step = excluded.step, at_ms = excluded.at_ms, value = excluded.value, is_nan = excluded.is_nan "
    "where (excluded.step, excluded.at_ms, excluded.value) "
    "> (tracking_newest.step, tracking_newest.at_ms, tracking_newest.value)"
)
_FEW = 10_000  # points whose steps are ranked
_AT_ONCE = 200  # steps in one statement
_TWO = Sql("select 1 from tracking_points where run_no = ? and key_no = ? limit 2")
_ENDS = Sql("select min(step), max(step) from tracking_points where run_no = ? and key_no = ?")


def point_of(step: int, at_ms: int, value: float) -> Point:
    """Make a point."""
    return Point(step, at_ms, 0.0, 1) if math.isnan(value) else Point(step, at_ms, value, 0)


def value_of(point: Point) -> float:
    """Give the number that a point stands for."""
    return math.nan if point.is_nan else point.value


def insert(tx: Tx, run_no: int, experiment_no: int, measured: Sequence[tuple[int, Point]]) -> None:
    """Add measurements by key number and keep the newest of each; one that is there is not added again."""
    if not measured:
        return
    if tx.is_postgresql:  # one statement instead of a thousand: its driver would spend ten times as long
        key_nos, points = zip(*measured, strict=True)
        _INSERT_ARRAYS.run(tx, run_no, list(key_nos), *(list(column) for column in zip(*points, strict=True)))
    else:
        _INSERT.run_all(tx, [(run_no, key_no, *point) for key_no, point in measured])
    newest: dict[int, Point] = {}
    for key_no, point in measured:
        if (known := newest.get(key_no)) is None or point > known:
            newest[key_no] = point
    rows = [(run_no, key_no, experiment_no, *point) for key_no, point in sorted(newest.items())]
    _PUT_NEWEST.run_all(tx, rows)


def read_newest(tx: Tx, run_nos: Sequence[int]) -> dict[int, list[Newest]]:
    """Give the newest measurement of each key of several runs, by run, ordered by key."""
    found: dict[int, list[Newest]] = {}
    for start in range(0, len(run_nos), 500):
        part = run_nos[start : start + 500]
        text = (
            "select n.run_no, k.key, n.step, n.at_ms, n.value, n.is_nan "
            "from tracking_newest n join tracking_keys k on k.no = n.key_no "
            f"where n.run_no in ({marks(len(part))}) order by n.run_no, k.key"
        )
        for run_no, key, *point in Sql(text).rows(tx, *part):
            found.setdefault(run_no, []).append(Newest(key, Point(*point)))
    return found


def history(tx: Tx, run_no: int, key_no: int, *, after: Point | None, limit: int) -> list[tuple[int, int, float, int]]:
    """Give up to `limit` points by (step, time, value), beginning after one; plain rows, for they are many."""
    text = f"select {_COLUMNS} from tracking_points where run_no = ? and key_no = ?"
    given: tuple[object, ...] = (run_no, key_no)
    if after is not None:
        text += f" and ({_COLUMNS}) > (?,?,?,?)"
        given += after
    rows: Any = Sql(f"{text} order by {_COLUMNS} limit ?").rows(tx, *given, limit)
    found: list[tuple[int, int, float, int]] = rows
    return found


def list_of_run(tx: Tx, run_id: str, *, after: tuple[int, Point] | None, limit: int) -> list[tuple[int, str, Point]]:
    """Give up to `limit` points of a run with the numbers and names of their keys, in the order of the table."""
    columns = ", ".join(f"p.{column}" for column in ("key_no", *Point._fields))
    text = (
        f"select {columns}, k.key from tracking_points p join tracking_keys k on k.no = p.key_no "
        "where p.run_no = (select no from tracking_runs where id = ?)"
    )
    given: tuple[object, ...] = (run_id,)
    if after is not None:
        text += f" and ({columns}) > (?,?,?,?,?)"
        given += (after[0], *after[1])
    rows = Sql(f"{text} order by {columns} limit ?").rows(tx, *given, limit)
    return [(row[0], row[5], Point(*row[1:5])) for row in rows]


def sampled(
    tx: Tx, run_nos: Sequence[int], key_no: int, *, start: int | None, end: int | None, most: int
) -> list[list[Point]]:
    """Give for each run the points at about `most` steps, the same for all runs, and at everyone's first and last one.

    Of few points the steps are chosen evenly by rank, as the reference does. Of many they are chosen evenly by value,
    each found by one walk down the index, so the time does not grow with the length of a history.
    """
    ranges = [_range(tx, run_no, key_no, start, end) for run_no in run_nos]
    known = [one for one in ranges if one is not None]
    if not known:
        return [[] for _ in run_nos]
    first, last = min(low for low, _ in known), max(high for _, high in known)
    steps = _steps(tx, run_nos, key_no, first, last)
    wanted = _evenly_by_value(first, last, most) if steps is None else _evenly_by_rank(steps, most)
    wanted = sorted({*wanted, *(step for one in known for step in one)})
    read = _at if steps is not None else _seek
    return [
        [] if one is None else sorted(set(read(tx, run_no, key_no, [step for step in wanted if step <= one[1]])))
        for run_no, one in zip(run_nos, ranges, strict=True)
    ]


def _range(tx: Tx, run_no: int, key_no: int, start: int | None, end: int | None) -> tuple[int, int] | None:
    row = _ENDS.row(tx, run_no, key_no)
    if row is None or row[0] is None:
        return None
    low = row[0] if start is None else max(start, row[0])
    high = row[1] if end is None else min(end, row[1])
    return (int(low), int(high)) if low <= high else None


def _steps(tx: Tx, run_nos: Sequence[int], key_no: int, first: int, last: int) -> list[int] | None:
    """Give the steps of all runs, or None when there are too many to look at."""
    text = (
        f"select step from tracking_points where run_no in ({marks(len(run_nos))}) and key_no = ? "
        "and step >= ? and step <= ? limit ?"
    )
    rows = Sql(text).rows(tx, *run_nos, key_no, first, last, _FEW + 1)
    return None if len(rows) > _FEW else sorted({int(row[0]) for row in rows})


def _evenly_by_rank(steps: Sequence[int], most: int) -> list[int]:
    if len(steps) <= most:
        return [*steps]
    return [*(steps[int(place * len(steps) / most)] for place in range(most)), steps[-1]]


def _evenly_by_value(first: int, last: int, most: int) -> list[int]:
    return [first + (last - first) * place // max(most - 1, 1) for place in range(most)]


def _at(tx: Tx, run_no: int, key_no: int, steps: Sequence[int]) -> Iterator[Point]:
    for first in range(0, len(steps), _AT_ONCE):
        part = steps[first : first + _AT_ONCE]
        text = (
            f"select {_COLUMNS} from tracking_points where run_no = ? and key_no = ? and step in ({marks(len(part))})"
        )
        for row in Sql(text).rows(tx, run_no, key_no, *part):
            yield Point(*row)


def _seek(tx: Tx, run_no: int, key_no: int, steps: Sequence[int]) -> Iterator[Point]:
    """Give the first point at or after each step; the last step is there."""
    one = (
        f"select {_COLUMNS} from (select {_COLUMNS} from tracking_points where run_no = ? and key_no = ? "
        f"and step >= ? and step <= ? order by {_COLUMNS} limit 1) as one"
    )
    for first in range(0, len(steps), _AT_ONCE):
        part = steps[first : first + _AT_ONCE]
        given = [value for step in part for value in (run_no, key_no, step, steps[-1])]
        for row in Sql(" union all ".join([one] * len(part))).rows(tx, *given):
            yield Point(*row)


def is_repeated(tx: Tx, run_no: int, key_no: int) -> bool:
    """Tell whether a key was measured more than once."""
    return len(_TWO.rows(tx, run_no, key_no)) == 2

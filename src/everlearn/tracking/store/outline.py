"""The shape of a metric's history in few numbers: least and greatest of each stretch, so that no spike is lost."""

from typing import NamedTuple

from everlearn.db import Sql, Tx
from everlearn.tracking.store.points import Point, history

MOST_READ = 100_000  # points of which every one is looked at; of longer histories a sample is taken
_SAMPLED_AT_ONCE = 48  # consecutive points at each place of a sample
_FINITE = "is_nan = 0 and value between -1.7e308 and 1.7e308"
_COUNT = Sql("select count(*) from (select 1 from tracking_points where run_no = ? and key_no = ? limit ?) as found")
_FIRST = Sql("select step, at_ms from tracking_points where run_no = ? and key_no = ? order by step, at_ms limit 1")
_LAST = Sql(
    "select step, at_ms from tracking_points where run_no = ? and key_no = ? order by step desc, at_ms desc limit 1"
)
_SUMMARY = "min(step), max(step), min(at_ms), max(at_ms), min(value), max(value), avg(value), count(*)"


class Stretch(NamedTuple):
    """Consecutive points; a single one is a stretch of its own."""

    first_step: int
    last_step: int
    first_ms: int
    last_ms: int
    low: float
    high: float
    mean: float
    size: int  # points


class Outline(NamedTuple):
    """A history's shape."""

    stretches: tuple[Stretch, ...]
    is_sample: bool  # spikes between the places of the sample are not seen
    is_whole: bool  # every stretch is one point


def outline(tx: Tx, run_no: int, key_no: int, *, most: int) -> Outline:
    """Give a history's finite values as at most `most` stretches of equal length in steps (in time, within one step).

    Up to `most` points come back as they are. Up to 100,000 every point is looked at. Beyond, stretches are 48 points
    at each of `most` places, found by walks down the index: the time does not grow with the history.
    """
    count = int(_COUNT.rows(tx, run_no, key_no, MOST_READ + 1)[0][0])
    if count <= most:
        points = [Point(*row) for row in history(tx, run_no, key_no, after=None, limit=most)]
        return Outline(tuple(_alone(point) for point in points if _is_finite(point)), is_sample=False, is_whole=True)
    first, last = _FIRST.rows(tx, run_no, key_no)[0], _LAST.rows(tx, run_no, key_no)[0]
    is_one_step = first[0] == last[0]
    start, end = (first[1], last[1]) if is_one_step else (first[0], last[0])
    column = "at_ms" if is_one_step else "step"
    width = max(1, -(-(end - start + 1) // most))
    if count <= MOST_READ:
        text = (
            f"select {_SUMMARY} from tracking_points where run_no = ? and key_no = ? and {_FINITE} "
            f"group by ({column} - ?) / ? order by 1, 3"
        )
        rows = Sql(text).rows(tx, run_no, key_no, start, width)
        return Outline(tuple(Stretch(*row) for row in rows), is_sample=False, is_whole=False)
    return Outline(tuple(_sampled(tx, run_no, key_no, column, range(start, end + 1, width))), True, False)


def _sampled(tx: Tx, run_no: int, key_no: int, column: str, places: range) -> list[Stretch]:
    """Look at a few consecutive points from each place on."""
    one = (
        f"select {_SUMMARY} from (select step, at_ms, value, is_nan from tracking_points where run_no = ? "
        f"and key_no = ? and {column} >= ? and {column} < ? order by step, at_ms limit {_SAMPLED_AT_ONCE}) as few "
        f"where {_FINITE}"
    )
    found = list[Stretch]()
    for number in range(0, len(places), 100):
        part = places[number : number + 100]
        given = [value for place in part for value in (run_no, key_no, place, place + places.step)]
        rows = Sql(" union all ".join([one] * len(part))).rows(tx, *given)
        found += [Stretch(*row) for row in rows if row[7]]
    return sorted(found)


def _alone(point: Point) -> Stretch:
    return Stretch(point.step, point.step, point.at_ms, point.at_ms, point.value, point.value, point.value, 1)


def _is_finite(point: Point) -> bool:
    return not point.is_nan and abs(point.value) <= 1.7e308

"""Metric histories over the protocol."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass

from everlearn.access import Role
from everlearn.tracking.journal import Journal
from everlearn.tracking.mlflow import messages as m
from everlearn.tracking.mlflow.answers import points_out
from everlearn.tracking.store.points import Point
from everlearn.web.mlflow import Call, Route, operation
from everlearn.web.mlflow.errors import ProtocolError

MOST_POINTS, MOST_BULK_POINTS, MOST_THINNED, MOST_RUNS = 1_000_000, 25_000, 2_500, 100


@dataclass(frozen=True, slots=True)
class HistoryDoor:
    """What the routes do."""

    journal: Journal

    def history(self, call: Call, asked: m.History) -> m.Metrics:
        """Give every point, or a page of them."""
        key, run_id = asked.metric_key or "", asked.run_id or asked.run_uuid or ""
        if asked.max_results is not None and asked.max_results <= 0:
            raise ProtocolError(
                f"Invalid value {asked.max_results} for parameter 'max_results' supplied: "
                "It must be a positive integer."
            )
        size = min(asked.max_results or MOST_POINTS, MOST_POINTS)
        points = self.journal.history(
            call.project, run_id, key, after=_point(asked.page_token) if asked.page_token else None, limit=size + 1
        )
        token = _token(Point(*points[size - 1])) if len(points) > size else None
        return m.Metrics(points_out(key, points[:size]), token)

    def bulk(self, call: Call, asked: m.BulkHistory) -> m.RunMetrics:
        """Give the points of one metric of several runs."""
        runs, key = sorted(_run_ids(asked)), asked.metric_key or ""
        size = _bulk_size(asked.max_results, MOST_BULK_POINTS)
        found: list[m.RunMetricOut] = []
        for run_id in runs:
            points = self.journal.history(call.project, run_id, key, after=None, limit=size - len(found))
            in_time = sorted(points, key=lambda point: (point[1], point[0], point[2]))
            found += _of_run(run_id, key, in_time)
            if len(found) >= size:
                break
        return m.RunMetrics(found)

    def interval(self, call: Call, asked: m.BulkHistory) -> m.RunMetrics:
        """Give points spread evenly over the steps: what a plot of several runs needs."""
        if (asked.start_step is None) != (asked.end_step is None):
            raise ProtocolError("If either start step or end step are specified, both must be specified.")
        if asked.start_step is not None and asked.end_step is not None and asked.start_step > asked.end_step:
            raise ProtocolError(
                f"end_step must be greater than start_step. Found start_step={asked.start_step} and "
                f"end_step={asked.end_step}."
            )
        size = _bulk_size(asked.max_results, MOST_THINNED)
        found: list[m.RunMetricOut] = []
        for run_id in _run_ids(asked):
            points = self.journal.thinned(
                call.project, run_id, asked.metric_key or "", start=asked.start_step, end=asked.end_step, most=size
            )
            found += _of_run(run_id, asked.metric_key or "", points)
        return m.RunMetrics(found)


def history_routes(journal: Journal) -> tuple[Route, ...]:
    """List the routes."""
    door, base, look, key = HistoryDoor(journal), "/mlflow/metrics", Role.VIEWER, "metric_key"
    return (
        operation("GET", f"{base}/get-history", look, door.history, m.History, key),
        operation("GET", f"{base}/get-history-bulk", look, door.bulk, m.BulkHistory, key),
        operation("GET", f"{base}/get-history-bulk-interval", look, door.interval, m.BulkHistory, key),
    )


def _run_ids(asked: m.BulkHistory) -> list[str]:
    runs = asked.run_ids or asked.run_id or []
    if not runs:
        raise ProtocolError("Missing value for required parameter 'run_ids'.")
    if len(runs) > MOST_RUNS:
        raise ProtocolError(
            f"GetMetricHistoryBulk request cannot specify more than {MOST_RUNS} run_ids. Received {len(runs)} run_ids."
        )
    return runs


def _bulk_size(wanted: int | None, most: int) -> int:
    size = most if wanted is None else wanted
    if not 1 <= size <= most:
        raise ProtocolError(f"Invalid value {size} for parameter 'max_results' supplied: it is from 1 to {most}.")
    return size


def _of_run(run_id: str, key: str, points: Sequence[tuple[int, int, float, int]]) -> list[m.RunMetricOut]:
    return [m.RunMetricOut(one.key, one.value, one.timestamp, one.step, run_id) for one in points_out(key, points)]


def _token(point: Point) -> str:
    return base64.urlsafe_b64encode(json.dumps([*point]).encode()).decode()


def _point(token: str) -> Point:
    try:
        step, at_ms, value, is_nan = json.loads(base64.urlsafe_b64decode(token.encode()))
        return Point(int(step), int(at_ms), float(value), int(is_nan))
    except (binascii.Error, ValueError, TypeError, OverflowError) as error:
        raise ProtocolError("Invalid page token; send the next_page_token of the page before.") from error

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
        runs, key = sorted(asked.run_id or ()), asked.metric_key or ""
        if not runs or not key:
            missing = "a metric_key" if runs else "at least one run_id"
            raise ProtocolError(f"GetMetricHistoryBulk request must specify {missing}.")
        _check_few(runs, "GetMetricHistoryBulk request cannot specify more than")
        size = MOST_BULK_POINTS if asked.max_results is None else asked.max_results
        if not 1 <= size <= MOST_BULK_POINTS:
            raise ProtocolError(
                f"Invalid value {size} for parameter 'max_results' supplied: it is from 1 to {MOST_BULK_POINTS}."
            )
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
        runs, key = asked.run_ids or [], asked.metric_key or ""
        if not runs or not key:
            raise ProtocolError(f"Missing value for required parameter '{'metric_key' if runs else 'run_ids'}'.")
        _check_few(runs, "GetMetricHistoryBulkInterval request must specify at most")
        if (asked.start_step is None) != (asked.end_step is None):
            raise ProtocolError("If either start step or end step are specified, both must be specified.")
        if asked.start_step is not None and asked.end_step is not None and asked.start_step > asked.end_step:
            raise ProtocolError(
                f"end_step must be greater than start_step. Found start_step={asked.start_step} and "
                f"end_step={asked.end_step}."
            )
        size = MOST_THINNED if asked.max_results is None else asked.max_results
        if not 1 <= size <= MOST_THINNED:
            raise ProtocolError(f"max_results must be between 1 and {MOST_THINNED}.")
        histories = self.journal.sampled(call.project, runs, key, start=asked.start_step, end=asked.end_step, most=size)
        pairs = zip(runs, histories, strict=True)
        return m.RunMetrics([one for run_id, points in pairs for one in _of_run(run_id, key, points)])


def history_routes(journal: Journal) -> tuple[Route, ...]:
    """List the routes."""
    door, base, look, key = HistoryDoor(journal), "/mlflow/metrics", Role.VIEWER, "metric_key"
    return (
        operation("GET", f"{base}/get-history", look, door.history, m.History, key),
        operation("GET", f"{base}/get-history-bulk", look, door.bulk, m.BulkHistory),
        operation("GET", f"{base}/get-history-bulk-interval", look, door.interval, m.BulkHistory),
    )


def _check_few(runs: Sequence[str], refusal: str) -> None:
    if len(runs) > MOST_RUNS:
        raise ProtocolError(f"{refusal} {MOST_RUNS} run_ids. Received {len(runs)} run_ids.")


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

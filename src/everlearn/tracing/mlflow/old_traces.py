"""Traces as clients before 3 speak of them: begun, then ended; their steps are a file that the client uploads."""

from dataclasses import dataclass
from uuid import uuid4

from everlearn.access import Role
from everlearn.tracing.mlflow import messages as m
from everlearn.tracing.mlflow.answers import old_info_out
from everlearn.tracing.mlflow.rules import MOST_FOUND, checked_count, given_state, listed_labels
from everlearn.tracing.model import State, TraceInfo
from everlearn.tracing.searching import Asked, TraceFinder
from everlearn.tracing.service import Traces
from everlearn.tracking.mlflow.rules import experiment_number, page_size
from everlearn.web.mlflow import Call, Route, operation

_MOST_EXPERIMENTS = 1_000


@dataclass(frozen=True, slots=True)
class OldTraceDoor:
    """What the routes do."""

    traces: Traces
    finder: TraceFinder

    async def begin(self, call: Call, asked: m.BeginTrace) -> m.OneOldTrace:
        """Begin a trace."""
        told = TraceInfo(
            id=uuid4().hex,
            experiment_id=str(experiment_number(asked.experiment_id or "")),
            state=State.IN_PROGRESS,
            start_ms=self.traces.now_ms() if asked.timestamp_ms is None else asked.timestamp_ms,
            duration_ms=None,
            tags=listed_labels(asked.tags, "tags"),
            metadata=listed_labels(asked.request_metadata, "metadata"),
        )
        return m.OneOldTrace(old_info_out(await self.traces.tell(call.project, told)))

    async def end(self, call: Call, asked: m.EndTrace) -> m.OneOldTrace:
        """End a trace."""
        ended = await self.traces.finish(
            call.project,
            asked.request_id or "",
            end_ms=self.traces.now_ms() if asked.timestamp_ms is None else asked.timestamp_ms,
            state=given_state(asked.status),
            tags=listed_labels(asked.tags, "tags"),
            metadata=listed_labels(asked.request_metadata, "metadata"),
        )
        return m.OneOldTrace(old_info_out(ended))

    def info(self, call: Call, asked: m.TraceByRequestId) -> m.OneOldTrace:
        """Give a trace."""
        return m.OneOldTrace(old_info_out(self.traces.info(call.project, asked.request_id or "")))

    def search(self, call: Call, asked: m.SearchOldTraces) -> m.OldTracePage:
        """Find traces."""
        found, token = self.finder.find(
            call.project,
            [
                experiment_number(one)
                for one in checked_count(asked.experiment_ids, "experiment_ids", _MOST_EXPERIMENTS)
            ],
            Asked(
                filter=asked.filter,
                order_by=asked.order_by or (),
                limit=page_size(asked.max_results, default=100, most=MOST_FOUND),
                token=asked.page_token or None,
            ),
        )
        return m.OldTracePage([old_info_out(one) for one in found], token)


def old_trace_routes(traces: Traces, finder: TraceFinder) -> tuple[Route, ...]:
    """List the routes."""
    door, base, look, log = OldTraceDoor(traces, finder), "/mlflow/traces", Role.VIEWER, Role.CONTRIBUTOR
    return (
        operation("POST", base, log, door.begin, m.BeginTrace, "experiment_id"),
        operation("GET", base, look, door.search, m.SearchOldTraces, "experiment_ids"),
        operation("PATCH", f"{base}/{{request_id}}", log, door.end, m.EndTrace),
        operation("GET", f"{base}/{{request_id}}/info", look, door.info, m.TraceByRequestId),
    )

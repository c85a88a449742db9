"""From rows of traces to values."""

from collections.abc import Sequence

from everlearn.db import Tx
from everlearn.tracing.model import State, TraceInfo
from everlearn.tracing.rules import ARTIFACTS, SPANS_AT, TRACE_NAME
from everlearn.tracing.store import assessments as assessment_store
from everlearn.tracing.store import labels as label_store
from everlearn.tracing.store.traces import TraceRow

IN_DATABASE = "TRACKING_STORE"


def infos(tx: Tx, rows: Sequence[TraceRow]) -> list[TraceInfo]:
    """Give traces with what is said of them, in the order of `rows`."""
    numbers = [row.no for row in rows]
    labels, said = label_store.read_many(tx, numbers), assessment_store.read_many(tx, numbers)
    return [
        TraceInfo(
            id=row.id,
            experiment_id=str(row.experiment_id),
            state=State(row.state),
            start_ms=row.start_ms,
            duration_ms=row.duration_ms,
            client_request_id=row.client_request_id,
            request_preview=row.request_preview,
            response_preview=row.response_preview,
            tags={**labels[row.no][0], **_derived_tags(row)},
            metadata=labels[row.no][1],
            assessments=said[row.no],
            span_count=row.span_count,
        )
        for row in rows
    ]


def _derived_tags(row: TraceRow) -> dict[str, str]:
    """Write the tags by which clients find a trace's name, its files and its steps."""
    tags = {ARTIFACTS: f"mlflow-artifacts:/{row.artifact_folder}/artifacts"}
    if row.name is not None:
        tags[TRACE_NAME] = row.name
    if row.span_count:
        tags[SPANS_AT] = IN_DATABASE
    return tags

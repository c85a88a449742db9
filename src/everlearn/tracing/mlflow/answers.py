"""Traces as the protocol writes them."""

import base64
from typing import Any

import msgspec

from everlearn.tracing.mlflow import messages as m
from everlearn.tracing.mlflow.times import duration_out, moment_out
from everlearn.tracing.model import Assessment, AssessmentKind, Span, TraceInfo, Value
from everlearn.tracing.service import Trace

_STATUSES = {"OK": "STATUS_CODE_OK", "ERROR": "STATUS_CODE_ERROR"}
_OLDEST_MS, _NEWEST_MS = -62_135_596_800_000, 253_402_300_799_999  # the years 1 to 9999: others have no such text


def info_out(info: TraceInfo) -> m.TraceInfoOut:
    """Write a trace without its steps."""
    return m.TraceInfoOut(
        trace_id=info.id,
        trace_location=m.LocationOut(m.ExperimentLocationOut(info.experiment_id)),
        request_time=moment_out(min(max(info.start_ms, _OLDEST_MS), _NEWEST_MS)),
        execution_duration=None if info.duration_ms is None else duration_out(info.duration_ms),
        state=info.state,
        client_request_id=info.client_request_id,
        request_preview=info.request_preview,
        response_preview=info.response_preview,
        trace_metadata={**info.metadata},
        tags={**info.tags},
        assessments=[assessment_out(one) for one in info.assessments],
    )


def trace_out(trace: Trace) -> m.TraceOut:
    """Write a trace with its steps."""
    return m.TraceOut(info_out(trace.info), [span_out(span) for span in trace.spans])


def old_info_out(info: TraceInfo) -> m.OldTraceInfo:
    """Write a trace for clients before 3."""
    return m.OldTraceInfo(
        request_id=info.id,
        experiment_id=info.experiment_id,
        timestamp_ms=info.start_ms,
        execution_time_ms=info.duration_ms or 0,
        status="TRACE_STATUS_UNSPECIFIED" if info.state == "STATE_UNSPECIFIED" else info.state,
        request_metadata=[m.KeyValueOut(*one) for one in info.metadata.items()],
        tags=[m.KeyValueOut(*one) for one in info.tags.items()],
    )


def assessment_out(said: Assessment) -> m.AssessmentOut:
    """Write what is said of a trace."""
    value = None if said.value is None else msgspec.json.decode(said.value)
    written = m.AssessmentOut(
        assessment_id=said.id,
        assessment_name=said.name,
        trace_id=said.trace_id,
        source=m.SourceOut(said.source_type, said.source_id),
        create_time=moment_out(said.created_ms),
        last_update_time=moment_out(said.updated_ms),
        valid=said.is_valid,
        span_id=said.span_id,
        rationale=said.rationale,
        metadata={**said.metadata},
        overrides=said.overrides,
    )
    match said.kind:
        case AssessmentKind.FEEDBACK:
            written.feedback = {"value": value} | (
                {} if said.error is None else {"error": msgspec.json.decode(said.error)}
            )
        case AssessmentKind.EXPECTATION if isinstance(value, list | dict):
            serialized = {"serialization_format": "JSON_FORMAT", "value": said.value}
            written.expectation = {"serialized_value": serialized}
        case AssessmentKind.EXPECTATION:
            written.expectation = {"value": value}
        case AssessmentKind.ISSUE:
            written.issue = {"issue_name": value}
    return written


def span_out(span: Span) -> dict[str, Any]:
    """Write a step as OpenTelemetry's span in protobuf's JSON: ids in base 64, times as numbers."""
    written: dict[str, Any] = {
        "trace_id": _base64(span.trace_id),
        "span_id": _base64(span.span_id),
        "name": span.name,
        "start_time_unix_nano": span.start_ns,
        "attributes": _attributes_out(span.attributes),
    }
    if span.parent_id:
        written["parent_span_id"] = _base64(span.parent_id)
    if span.end_ns:
        written["end_time_unix_nano"] = span.end_ns
    if span.kind in range(1, 6):
        written["kind"] = span.kind
    if span.events:
        written["events"] = [
            {"name": event.name, "time_unix_nano": event.at_ns, "attributes": _attributes_out(event.attributes)}
            for event in span.events
        ]
    if span.links:
        written["links"] = [
            {
                "trace_id": _base64(link.trace_id),
                "span_id": _base64(link.span_id),
                "attributes": _attributes_out(link.attributes),
            }
            for link in span.links
        ]
    status = {"code": _STATUSES[span.status]} if span.status in _STATUSES else {}
    written["status"] = status | ({"message": span.message} if span.message else {})
    return written


def _base64(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()


def _attributes_out(attributes: dict[str, Value]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value_out(value)} for key, value in attributes.items()]


def _value_out(value: Value) -> dict[str, Any]:  # noqa: PLR0911  # one for each kind of value
    match value:
        case None:
            return {}
        case bool():
            return {"bool_value": value}
        case str():
            return {"string_value": value}
        case int():
            return {"int_value": value}
        case float():
            return {"double_value": value if value - value == 0.0 else _named(value)}
        case bytes():
            return {"bytes_value": base64.b64encode(value).decode()}
        case list():
            return {"array_value": {"values": [_value_out(one) for one in value]}}
        case dict():
            return {"kvlist_value": {"values": _attributes_out(value)}}


def _named(value: float) -> str:
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"  # noqa: PLR0124  # not a number

"""Spans from OTLP's JSON: protobuf's JSON, but ids in hexadecimal and enums as numbers.

Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

import base64
import binascii
import re
from typing import Any

import msgspec

from everlearn.tracing.model import DEEPEST, MOST_ATTRIBUTES, MOST_EVENTS, Span, SpanEvent, SpanLink, Value
from everlearn.tracing.otlp.batch import STATUSES, BadOtlpError, BadSpanError, Batch, checked_ids, named

_HEX = re.compile(r"[0-9a-fA-F]*")
_CODES = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}
_WHOLE = re.compile(r"-?[0-9]{1,20}")


def read_json(content: bytes) -> Batch:
    """Read an `ExportTraceServiceRequest` in JSON.

    Raises
    ------
    BadOtlpError
        When it is none, or over its bounds.
    """
    try:
        request = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadOtlpError(f"Invalid OpenTelemetry format: not JSON: {error}") from error
    batch = Batch()
    for resource_spans in _listed(_object(request), "resourceSpans"):
        resource = _attributes(batch, _object(_object(resource_spans).get("resource") or {}))
        for scope_spans in _listed(_object(resource_spans), "scopeSpans"):
            for span in _listed(_object(scope_spans), "spans"):
                _add(batch, _object(span), resource)
    return batch


def _add(batch: Batch, given: dict[str, Any], resource: dict[str, Value]) -> None:
    try:
        batch.add(_span(batch, given, resource))
    except BadSpanError as error:
        batch.reject(error.message)


def _span(batch: Batch, given: dict[str, Any], resource: dict[str, Value]) -> Span:
    ids = [_hex(given.get(name)) for name in ("traceId", "spanId", "parentSpanId")]
    ids[2] = ids[2] if ids[2].strip("0") else ""
    checked_ids(*ids)
    status = _object(given.get("status") or {})
    code = status.get("code") or 0
    events, links = _listed(given, "events"), _listed(given, "links")
    if max(len(events), len(links)) > MOST_EVENTS:
        raise BadSpanError(f"a span has at most {MOST_EVENTS} events and as many links")
    kind = given.get("kind")
    return Span(
        trace_id=ids[0],
        span_id=ids[1],
        parent_id=ids[2],
        name=named(_text(given.get("name"))),
        kind=kind if isinstance(kind, int) else 0,
        start_ns=_moment(given.get("startTimeUnixNano")),
        end_ns=_moment(given.get("endTimeUnixNano")),
        status=STATUSES.get(_CODES.get(code, 0) if isinstance(code, str) else code, "UNSET"),
        message=batch.text(_text(status.get("message"))),
        attributes=_attributes(batch, given),
        events=[_event(batch, _object(one)) for one in events],
        links=[_link(batch, _object(one)) for one in links],
        resource=resource,
    )


def _event(batch: Batch, given: dict[str, Any]) -> SpanEvent:
    return SpanEvent(named(_text(given.get("name"))), _moment(given.get("timeUnixNano")), _attributes(batch, given))


def _link(batch: Batch, given: dict[str, Any]) -> SpanLink:
    trace_id, span_id = _hex(given.get("traceId")), _hex(given.get("spanId"))
    checked_ids(trace_id, span_id, "")
    return SpanLink(trace_id, span_id, _attributes(batch, given))


def _attributes(batch: Batch, given: dict[str, Any], name: str = "attributes", depth: int = 0) -> dict[str, Value]:
    places = _listed(given, name)
    if len(places) > MOST_ATTRIBUTES and depth == 0:
        raise BadSpanError(f"a span, an event or a link has at most {MOST_ATTRIBUTES} attributes")
    return {
        _text(pair.get("key")): _value(batch, _object(pair.get("value") or {}), depth) for pair in map(_object, places)
    }


def _value(batch: Batch, given: dict[str, Any], depth: int) -> Value:  # noqa: PLR0911  # one for each kind
    if depth > DEEPEST:
        raise BadSpanError(f"values lie within values at most {DEEPEST} deep")
    for name, value in given.items():
        match name:
            case "stringValue":
                return batch.text(_text(value))
            case "boolValue":
                return bool(value)
            case "intValue":
                return _whole(value)
            case "doubleValue":
                return _double(value)
            case "bytesValue":
                return _bytes(value)
            case "arrayValue":
                return [_value(batch, _object(one), depth + 1) for one in _listed(_object(value), "values")]
            case "kvlistValue":
                return _attributes(batch, _object(value), "values", depth + 1)
            case _:
                continue
    return None


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadOtlpError("Invalid OpenTelemetry format: an object is expected where another value stands")
    return value


def _listed(given: dict[str, Any], name: str) -> list[Any]:
    value = given.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadOtlpError(f"Invalid OpenTelemetry format: {name} is a list")
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadSpanError("a text is expected where another value stands")
    return value


def _hex(value: Any) -> str:
    text = _text(value)
    if not _HEX.fullmatch(text):
        raise BadSpanError("ids are written in hexadecimal")
    return text.lower()


def _whole(value: Any) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise BadSpanError("a whole number of 64 bits is expected where another value stands")
    return value


def _moment(value: Any) -> int:
    at_ns = 0 if value is None else _whole(value)
    if at_ns < 0:
        raise BadSpanError("a time lies before 1970")
    return at_ns


def _double(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise BadSpanError("a number is expected where another value stands") from None


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(_text(value), validate=True)
    except binascii.Error:
        raise BadSpanError("bytes are written in base 64") from None

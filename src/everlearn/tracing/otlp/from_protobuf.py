"""Spans from protobuf. Field numbers are those of OpenTelemetry's `trace`, `common` and `resource` messages."""

import struct

from everlearn.tracing.model import (
    DEEPEST,
    LONGEST_TEXT,
    MOST_ATTRIBUTES,
    MOST_EVENTS,
    Span,
    SpanEvent,
    SpanLink,
    Value,
)
from everlearn.tracing.otlp.batch import STATUSES, BadSpanError, Batch, checked_ids, named
from everlearn.tracing.otlp.wire import fields, signed, text_in

_MESSAGE = 2  # the wire type of texts and messages


def _tag(number: int, wire_type: int = _MESSAGE) -> int:
    return number << 3 | wire_type


_ONE, _TWO, _THREE = _tag(1), _tag(2), _tag(3)
_TIME = _tag(1, 1)


def read_protobuf(content: bytes) -> Batch:
    """Read an `ExportTraceServiceRequest`.

    Raises
    ------
    BadOtlpError
        When it is none, or over its bounds.
    """
    batch = Batch()
    for tag, start, end in fields(content, 0, len(content)):
        if tag == _ONE:
            _resource_spans(batch, content, start, end)
    return batch


def _resource_spans(batch: Batch, content: bytes, start: int, end: int) -> None:
    parts = fields(content, start, end)
    resource: dict[str, Value] = {}
    for tag, at, stop in parts:
        if tag == _ONE:
            resource = _attributes(batch, content, [one for one in fields(content, at, stop) if one[0] == _ONE])
    for tag, at, stop in parts:
        if tag == _TWO:
            for inner, first, last in fields(content, at, stop):
                if inner == _TWO:
                    _add(batch, content, (first, last), resource)


def _add(batch: Batch, content: bytes, place: tuple[int, int], resource: dict[str, Value]) -> None:
    try:
        batch.add(_span(batch, content, place, resource))
    except BadSpanError as error:
        batch.reject(error.message)


def _span(batch: Batch, content: bytes, place: tuple[int, int], resource: dict[str, Value]) -> Span:
    single: dict[int, tuple[int, int]] = {}
    attributes, events, links = [], [], []
    for one in fields(content, *place):
        match one[0]:
            case 0x4A:  # 9
                attributes.append(one)
            case 0x5A:  # 11
                events.append(one)
            case 0x6A:  # 13
                links.append(one)
            case tag:
                single[tag] = one[1:]
    if max(len(events), len(links)) > MOST_EVENTS:
        raise BadSpanError(f"a span has at most {MOST_EVENTS} events and as many links")
    ids = [content[slice(*single.get(_tag(number), (0, 0)))].hex() for number in (1, 2, 4)]
    ids[2] = ids[2] if ids[2].strip("0") else ""
    checked_ids(*ids)
    code, message = _status(batch, content, single.get(_tag(15)))
    return Span(
        trace_id=ids[0],
        span_id=ids[1],
        parent_id=ids[2],
        name=named(text_in(content, *single.get(_tag(5), (0, 0)))),
        kind=single.get(_tag(6, 0), (0, 0))[0],
        start_ns=_moment(single.get(_tag(7, 1))),
        end_ns=_moment(single.get(_tag(8, 1))),
        status=STATUSES.get(code, "UNSET"),
        message=message,
        attributes=_attributes(batch, content, attributes),
        events=[_event(batch, content, first, last) for _, first, last in events],
        links=[_link(batch, content, first, last) for _, first, last in links],
        resource=resource,
    )


def _moment(found: tuple[int, int] | None) -> int:
    at_ns = found[0] if found else 0
    if at_ns >= 2**63:
        raise BadSpanError("a time is beyond the year 2262")
    return at_ns


def _status(batch: Batch, content: bytes, place: tuple[int, int] | None) -> tuple[int, str]:
    code, message = 0, ""
    for tag, first, last in fields(content, *place) if place else ():
        if tag == _TWO:
            message = batch.text(text_in(content, first, last))
        elif tag == _tag(3, 0):
            code = first
    return code, message


def _event(batch: Batch, content: bytes, start: int, end: int) -> SpanEvent:
    parts = fields(content, start, end)
    name = next((text_in(content, *one[1:]) for one in parts if one[0] == _TWO), "")
    at_ns = _moment(next((one[1:] for one in parts if one[0] == _TIME), None))
    return SpanEvent(named(name), at_ns, _attributes(batch, content, [one for one in parts if one[0] == _THREE]))


def _link(batch: Batch, content: bytes, start: int, end: int) -> SpanLink:
    parts = fields(content, start, end)
    trace_id, span_id = (
        next((content[first:last].hex() for tag, first, last in parts if tag == wanted), "") for wanted in (_ONE, _TWO)
    )
    checked_ids(trace_id, span_id, "")
    return SpanLink(trace_id, span_id, _attributes(batch, content, [one for one in parts if one[0] == _tag(4)]))


def _attributes(batch: Batch, content: bytes, places: list[tuple[int, int, int]], depth: int = 0) -> dict[str, Value]:
    """Read `KeyValue`s; of two with the same key the later one holds."""
    if len(places) > MOST_ATTRIBUTES and depth == 0:
        raise BadSpanError(f"a span, an event or a link has at most {MOST_ATTRIBUTES} attributes")
    found: dict[str, Value] = {}
    for _, start, end in places:
        key, value = "", None
        for tag, first, last in fields(content, start, end):
            if tag == _ONE:
                key = text_in(content, first, last)
            elif tag == _TWO:
                value = _value(batch, content, (first, last), depth)
        found[key] = value
    return found


def _value(batch: Batch, content: bytes, place: tuple[int, int], depth: int) -> Value:
    if depth > DEEPEST:
        raise BadSpanError(f"values lie within values at most {DEEPEST} deep")
    value: Value = None
    for tag, first, last in fields(content, *place):
        match tag:
            case 0x0A:  # string_value
                value = batch.text(text_in(content, first, last))
            case 0x10:  # bool_value
                value = first != 0
            case 0x18:  # int_value
                value = signed(first)
            case 0x21:  # double_value
                value = struct.unpack("<d", first.to_bytes(8, "little"))[0]
            case 0x2A:  # array_value
                inner = fields(content, first, last)
                value = [_value(batch, content, one[1:], depth + 1) for one in inner if one[0] == _ONE]
            case 0x32:  # kvlist_value
                inner = fields(content, first, last)
                value = _attributes(batch, content, [one for one in inner if one[0] == _ONE], depth + 1)
            case 0x3A:  # bytes_value
                value = content[first:last][:LONGEST_TEXT]
            case _:
                continue
    return value

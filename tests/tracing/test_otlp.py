"""Reading spans: whatever OpenTelemetry's own library writes, in either encoding, comes out as it went in."""

import base64
import json
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from tests.tracing.senders import any_value, key_values, request_of, span

from everlearn.tracing.model import DEEPEST, LONGEST_TEXT, MOST_ATTRIBUTES
from everlearn.tracing.otlp import BadOtlpError, accepted_json, accepted_protobuf, read_json, read_protobuf
from everlearn.tracing.packing import Body, packed, unpacked

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    text,
    st.binary(max_size=20),
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3))
attributes = st.dictionaries(text, values, max_size=5)


@st.composite
def spans(draw: Any) -> Any:
    made = span(
        draw(st.integers(1, 2**128 - 1)),
        draw(st.integers(1, 2**64 - 1)),
        draw(st.integers(0, 2**64 - 1)),
        name=draw(text),
        start=draw(st.integers(0, 2**63 - 1)),
        end=draw(st.integers(0, 2**63 - 1)),
        status=draw(st.sampled_from([0, 1, 2])),
        attributes=draw(attributes),
        kind=draw(st.integers(0, 5)),
        trace_state="vendor=1",
        dropped_attributes_count=draw(st.integers(0, 9)),
        flags=draw(st.integers(0, 2**32 - 1)),
    )
    made.status.message = draw(text)
    for _ in range(draw(st.integers(0, 2))):
        happened = draw(attributes)
        made.events.add(
            name=draw(text), time_unix_nano=draw(st.integers(0, 2**63 - 1)), attributes=key_values(happened)
        )
        made.links.add(trace_id=b"\1" * 16, span_id=b"\2" * 8, attributes=key_values(happened))
    return made


def plain(value: Any) -> Any:
    """Take OpenTelemetry's value apart with its own library."""
    match value.WhichOneof("value"):
        case None:
            return None
        case "array_value":
            return [plain(one) for one in value.array_value.values]
        case "kvlist_value":
            return {one.key: plain(one.value) for one in value.kvlist_value.values}
        case name:
            return getattr(value, name)


def as_json(request: ExportTraceServiceRequest) -> bytes:
    """Write a request as OTLP's JSON: protobuf's JSON, but ids in hexadecimal and enums as numbers."""
    written = MessageToDict(request, use_integers_for_enums=True)

    def hexed(value: Any) -> Any:
        if isinstance(value, list):
            return [hexed(one) for one in value]
        if isinstance(value, dict):
            return {
                key: base64.b64decode(one).hex() if key in {"traceId", "spanId", "parentSpanId"} else hexed(one)
                for key, one in value.items()
            }
        return value

    return json.dumps(hexed(written)).encode()


@settings(max_examples=60, deadline=None)
@given(st.lists(spans(), min_size=1, max_size=3), attributes)
def test_both_encodings_give_back_every_field(sent: list[Any], resource: dict[str, Any]) -> None:
    request = request_of(sent, resource)

    for batch in (read_protobuf(request.SerializeToString()), read_json(as_json(request))):
        assert (batch.rejected, batch.cut) == (0, 0)
        for came, one in zip(batch.spans, sent, strict=True):
            ids = (came.trace_id, came.span_id, came.parent_id)
            assert ids == (one.trace_id.hex(), one.span_id.hex(), one.parent_span_id.hex())
            assert came.name == one.name.replace("\x00", "\ufffd")
            assert (came.kind, came.start_ns, came.end_ns) == (
                one.kind, one.start_time_unix_nano, one.end_time_unix_nano,
            )  # fmt: skip
            assert (came.status, came.message) == (["UNSET", "OK", "ERROR"][one.status.code], one.status.message)
            assert came.attributes == {pair.key: plain(pair.value) for pair in one.attributes}
            assert [(event.at_ns, event.attributes) for event in came.events] == [
                (event.time_unix_nano, {pair.key: plain(pair.value) for pair in event.attributes})
                for event in one.events
            ]
            assert [link.span_id for link in came.links] == [link.span_id.hex() for link in one.links]
            assert came.resource == resource

            body = Body(unpacked(packed(came)))
            assert (body.attributes, body.events, body.links) == (came.attributes, came.events, came.links)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for read in (read_protobuf, read_json):
        try:
            read(content)
        except BadOtlpError:
            continue


@given(spans(), st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_a_damaged_request_is_read_or_refused(one: Any, at: int, noise: bytes) -> None:
    content = request_of([one]).SerializeToString()
    damaged = content[: at % len(content)] + noise + content[at % len(content) :]
    for broken in (damaged, content[: at % len(content)]):
        try:
            read_protobuf(broken)
        except BadOtlpError:
            continue


def test_not_a_number_and_infinity_come_through() -> None:
    odd = {"nan": float("nan"), "more": float("inf"), "less": float("-inf")}
    request = request_of([span(1, 1, attributes=odd)])

    for batch in (read_protobuf(request.SerializeToString()), read_json(as_json(request))):
        assert str(batch.spans[0].attributes) == str(odd)


def deep(depth: int) -> Any:
    value: Any = "end"
    for _ in range(depth):
        value = [value]
    return value


def test_a_span_over_a_bound_is_rejected_and_the_others_are_kept() -> None:
    too_many = {str(number): 1 for number in range(MOST_ATTRIBUTES + 1)}
    bad = [
        span(1, 1, attributes={"a": deep(DEEPEST + 1)}),
        span(1, 2, attributes=too_many),
        span(0, 3),
        span(1, 0),
        span(1, 4, start=2**63),
    ]
    short = span(1, 5)
    short.trace_id = b"short"
    request = request_of([*bad, short, span(1, 9, attributes={"a": deep(DEEPEST)})])

    for batch in (read_protobuf(request.SerializeToString()), read_json(as_json(request))):
        assert [one.span_id for one in batch.spans] == ["0000000000000009"]
        assert batch.rejected == 6
        answer = ExportTraceServiceResponse.FromString(accepted_protobuf(batch))
        assert answer.partial_success.rejected_spans == 6
        assert "deep" in answer.partial_success.error_message
        assert json.loads(accepted_json(batch))["partialSuccess"]["rejectedSpans"] == "6"


def test_a_text_over_its_bound_is_cut_and_the_sender_is_told() -> None:
    long = "x" * (LONGEST_TEXT + 5)
    batch = read_protobuf(request_of([span(1, 1, attributes={"a": long, "b": "short"})]).SerializeToString())

    kept = batch.spans[0].attributes
    assert kept["b"] == "short"
    assert str(kept["a"]).startswith("x" * LONGEST_TEXT + "… [cut: 1000005 characters]")
    answer = ExportTraceServiceResponse.FromString(accepted_protobuf(batch))
    assert (answer.partial_success.rejected_spans, "cut" in answer.partial_success.error_message) == (0, True)


def test_a_name_that_is_not_utf_8_does_not_lose_its_span() -> None:
    content = request_of([span(1, 1, name="abc")]).SerializeToString().replace(b"abc", b"a\xffc")

    assert read_protobuf(content).spans[0].name == "a\ufffdc"


@pytest.mark.parametrize(
    "content", [b"[]", b'{"resourceSpans": 1}', b'{"resourceSpans": [{"scopeSpans": [1]}]}', b"\xff"]
)
def test_json_of_another_form_is_refused(content: bytes) -> None:
    with pytest.raises(BadOtlpError):
        read_json(content)


def test_an_empty_answer_says_that_all_went_well() -> None:
    batch = read_protobuf(request_of([span(1, 1, attributes={"a": plain(any_value([1, "b"]))})]).SerializeToString())

    assert (accepted_protobuf(batch), accepted_json(batch)) == (b"", b"{}")

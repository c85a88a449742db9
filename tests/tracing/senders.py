"""Sending traces to the application in this process, spans as OpenTelemetry's own library writes them."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.tracking.protocol import Server

from everlearn.access.gate import OpenGate
from everlearn.blobs import BlobStore
from everlearn.core.clock import Clock
from everlearn.db import Database
from everlearn.db.group import GroupWriter
from everlearn.eventlog import EventLog
from everlearn.storage import Receipts
from everlearn.tracing import tracing_over
from everlearn.tracing.mlflow import tracing_routes
from everlearn.tracking import Experiments, Files, Journal, Models, NoProtection, Removals, Search, Uploads
from everlearn.tracking.mlflow import removal_routes, tracking_routes
from everlearn.web.mlflow import mlflow_app
from everlearn.web.mlflow.links import Links

PROTOBUF = "application/x-protobuf"
SECOND = 1_000_000_000
BEGIN = 1_767_225_600 * SECOND  # the first moment of 2026


def server_of(db: Database, log: EventLog, blobs: BlobStore, clock: Clock) -> Server:
    """Put the application together."""
    writer = GroupWriter(db)
    journal, models = Journal(db, writer, log, clock), Models(db, log, clock)
    files, uploads = Files(db, blobs, clock), Uploads(db, blobs, clock)
    routes = (
        *tracking_routes(Experiments(db, clock), journal, files, Search(db), models, uploads, Links(b"key", clock)),
        *removal_routes(Removals(db, clock, Receipts(db, log, clock), Experiments(db, clock), NoProtection())),
        *tracing_routes(tracing_over(db, writer, log, clock)),
    )
    return Server(mlflow_app(routes, OpenGate()))


def any_value(value: Any) -> AnyValue:
    """Write a value as OpenTelemetry does."""
    written = AnyValue()
    match value:
        case None:
            pass
        case bool():
            written.bool_value = value
        case str():
            written.string_value = value
        case int():
            written.int_value = value
        case float():
            written.double_value = value
        case bytes():
            written.bytes_value = value
        case list():
            written.array_value.SetInParent()
            written.array_value.values.extend(any_value(one) for one in value)
        case dict():
            written.kvlist_value.SetInParent()
            written.kvlist_value.values.extend(key_values(value))
    return written


def key_values(attributes: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(value)) for key, value in attributes.items()]


def span(trace: int, number: int, parent: int = 0, **fields: Any) -> Span:
    """Make a step; it lasts a second unless something else is said. Number 1 of a trace begins with second 1."""
    attributes = fields.pop("attributes", {})
    status = fields.pop("status", 1)
    written = Span(
        trace_id=trace.to_bytes(16),
        span_id=number.to_bytes(8),
        parent_span_id=parent.to_bytes(8) if parent else b"",
        name=fields.pop("name", f"step-{number}"),
        start_time_unix_nano=fields.pop("start", BEGIN + number * SECOND),
        end_time_unix_nano=fields.pop("end", BEGIN + (number + 1) * SECOND),
        attributes=key_values(attributes),
        **fields,
    )
    written.status.code = status
    return written


def request_of(spans: Sequence[Span], resource: Mapping[str, Any] | None = None) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    come = request.resource_spans.add()
    come.resource.attributes.extend(key_values(resource or {}))
    come.scope_spans.add().spans.extend(spans)
    return request


def post_spans(
    server: Server, body: bytes, *, experiment: str | None = "0", kind: str = PROTOBUF, **headers: str
) -> httpx.Response:
    """Send a body to where spans are taken."""
    said = {"content-type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    if experiment is not None:
        said["x-mlflow-experiment-id"] = experiment

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=server.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.post(f"{server.prefix}/v1/traces", content=body, headers=said)

    return asyncio.run(send())


def send_spans(server: Server, *spans: Span, experiment: str = "0", resource: Mapping[str, Any] | None = None) -> None:
    answer = post_spans(server, request_of(spans, resource).SerializeToString(), experiment=experiment)
    assert (answer.status_code, answer.content) == (200, b""), answer.text


def trace_id(number: int) -> str:
    return f"tr-{number.to_bytes(16).hex()}"


def tell(server: Server, id_: str, *, experiment: str = "0", **fields: Any) -> Any:
    """Tell of a trace as clients from 3 on do; gives the answer's trace_info."""
    info = {
        "trace_id": id_,
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}},
        "request_time": "2026-01-01T00:00:01Z",
        "execution_duration": "1.500s",
        "state": "OK",
        **fields,
    }
    answer = server.send("POST", "/mlflow/traces", version="3.0", json={"trace": {"trace_info": info}})
    assert answer.status == 200, answer.body
    return answer.body["trace"]["trace_info"]


def info_of(server: Server, id_: str) -> Any:
    answer = server.send("GET", f"/mlflow/traces/{id_}", version="3.0")
    assert answer.status == 200, answer.body
    return answer.body["trace"]["trace_info"]


def search(server: Server, filter_: str = "", *, experiments: Sequence[str] = ("0",), **asked: Any) -> Any:
    locations = [
        {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}} for experiment in experiments
    ]
    return server.send(
        "POST", "/mlflow/traces/search", version="3.0", json={"locations": locations, "filter": filter_, **asked}
    )


def found(server: Server, filter_: str = "", **asked: Any) -> list[str]:
    """Ask page by page."""
    ids, token = list[str](), None
    while True:
        answer = search(server, filter_, **asked, **({"page_token": token} if token else {}))
        assert answer.status == 200, (filter_, answer.body)
        ids += [one["trace_id"] for one in answer.body.get("traces", [])]
        token = answer.body.get("next_page_token")
        if token is None:
            return ids

"""Spans over OpenTelemetry's protocol: `POST /v1/traces`, through the same gate as everything else."""

import asyncio
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import msgspec

from everlearn.access import Role
from everlearn.tracing.model import BadTraceError
from everlearn.tracing.otlp import BadOtlpError, Batch, accepted_json, accepted_protobuf, read_json, read_protobuf
from everlearn.tracing.service import Traces
from everlearn.tracking.mlflow.rules import experiment_number
from everlearn.web.mlflow import Call, Route
from everlearn.web.mlflow.application import read_all
from everlearn.web.mlflow.routes import Receive, Scope, Send

LARGEST_BODY = 64_000_000  # bytes, as sent and again as unpacked
_PROTOBUF, _JSON = "application/x-protobuf", "application/json"
_WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class UnacceptableError(BadTraceError):
    """A request whose form is right and whose content cannot be taken: 422."""

    code = "tracing.unacceptable"


@dataclass(frozen=True, slots=True)
class SpanDoor:
    """What the route does."""

    traces: Traces
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, thread_name_prefix="spans"))

    async def take(self, call: Call, _path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep spans, durably before they are acknowledged."""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        try:
            kind = _media_type(headers)
            experiment = _experiment(headers)
            body = await read_all(receive, LARGEST_BODY)
            loop = asyncio.get_running_loop()
            batch = await loop.run_in_executor(self.threads, _read, body, kind, headers.get(b"content-encoding", ""))
            if batch.spans:
                run_id = headers.get(b"x-mlflow-run-id") or None
                await self.traces.add_spans(call.project, experiment, batch.spans, run_id=run_id)
        except UnacceptableError as error:
            await _answer(send, 422, _JSON, _refusal(error.message))
            return
        answer = accepted_json(batch) if kind == _JSON else accepted_protobuf(batch)
        await _answer(send, 200, kind, answer)


def span_routes(traces: Traces) -> tuple[Route, ...]:
    """List the route; it stands at the root of a project's address and has no version."""
    door = SpanDoor(traces)
    return (Route(method="POST", path="/v1/traces", role=Role.CONTRIBUTOR, stream=door.take, versions=("",)),)


def _media_type(headers: dict[bytes, str]) -> str:
    given = headers.get(b"content-type", "")
    kind = given.partition(";")[0].strip().lower()
    if kind not in {_PROTOBUF, _JSON}:
        raise BadOtlpError(f"Invalid Content-Type: {given[:100]}. Expected: {_PROTOBUF} or {_JSON}")
    return kind


def _experiment(headers: dict[bytes, str]) -> int:
    given = headers.get(b"x-mlflow-experiment-id", "").strip()
    if not given:
        raise UnacceptableError("The header x-mlflow-experiment-id is required: spans belong to an experiment.")
    return experiment_number(given)


def _read(body: bytes, kind: str, encoding: str) -> Batch:
    content = _unpacked(body, encoding.strip().lower())
    batch = read_json(content) if kind == _JSON else read_protobuf(content)
    if batch.spans:
        return batch
    if batch.rejected:
        raise UnacceptableError(f"Cannot convert OpenTelemetry span to MLflow span: {batch.reason}")
    raise BadOtlpError("Invalid OpenTelemetry format - no spans found")


def _unpacked(body: bytes, encoding: str) -> bytes:
    if encoding in {"", "identity"}:
        return body
    if encoding not in _WINDOWS:
        raise BadOtlpError(f"Unsupported Content-Encoding: {encoding[:60]}")
    reader = zlib.decompressobj(_WINDOWS[encoding])
    try:
        content = reader.decompress(body, LARGEST_BODY)
    except zlib.error as error:
        raise BadOtlpError(f"Failed to decompress {encoding} payload") from error
    if reader.unconsumed_tail:
        raise BadOtlpError(f"The body unpacks to more than {LARGEST_BODY} bytes; send the spans in several requests")
    if not reader.eof:
        raise BadOtlpError(f"Failed to decompress {encoding} payload")
    return content


def _refusal(message: str) -> bytes:
    return msgspec.json.encode({"error_code": "INVALID_PARAMETER_VALUE", "message": message, "detail": message})


async def _answer(send: Send, status: int, kind: str, body: bytes) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})

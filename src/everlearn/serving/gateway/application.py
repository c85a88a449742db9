"""The inference gateway: a plain ASGI application that speaks the Open Inference Protocol V2 over HTTP.

    app = build_gateway(GatewayParts(name="gateway-1", ...))
    uvicorn.run(app)

The caller names the project in the header `Everlearn-Project` (default: `default`). Beside the model's columns a
request may carry the inputs `entity_id` (BYTES, what is predicted about; decides who is in a canary) and `event_time`
(BYTES, ISO 8601 with a zone, when it happened). Each is [n]; without them a row is its own entity, now. A request is
answered after it is durable in the gateway's own log; row `i` is known to labels as `<id>:<i>`, and a request sent
again under its id is remembered once. Every column of the answering version must be there; inputs that no deployed
version takes are left aside and named in the parameter `ignored_inputs` of the answer.
"""

import asyncio
import logging
import time
from collections.abc import Mapping

import everlearn
from everlearn.access import Role
from everlearn.core.errors import EverlearnError, InvalidError, NotFoundError, UnavailableError
from everlearn.core.names import DEFAULT_PROJECT, checked_name
from everlearn.serving.gateway.answering import Answered, answer_batch
from everlearn.serving.gateway.doors import Doors
from everlearn.serving.gateway.exchange import (
    GoneError,
    Receive,
    Reply,
    Scope,
    Send,
    error_reply,
    headers_of,
    read_body,
    reply_to_error,
    send_reply,
)
from everlearn.serving.gateway.fleet import Route
from everlearn.serving.gateway.machinery import GatewayParts, Machinery
from everlearn.serving.gateway.metrics import CONTENT_TYPE, gateway_metrics
from everlearn.serving.protocol import Answer, Batch, decode_batch, decode_request, encode_answer
from everlearn.serving.protocol.answer import AnswerOutput
from everlearn.serving.protocol.metadata import encode_object, model_metadata, server_metadata
from everlearn.serving.protocol.paths import Endpoint, Target, target_of
from everlearn.serving.spool import encode_record

logger = logging.getLogger(__name__)

ROWS_SCORED_IN_PLACE = 256
"""Larger batches are scored on a thread, so that small requests do not wait behind them."""


def build_gateway(parts: GatewayParts) -> "Gateway":
    """Make the ASGI application of one gateway; it opens its spool and loads its models when the server starts it."""
    return Gateway(parts)


class Gateway:
    """One gateway as an ASGI application."""

    def __init__(self, parts: GatewayParts) -> None:
        self._parts = parts
        self._doors = Doors(parts.doorkeeper)
        self._metrics = gateway_metrics()
        self._machinery: Machinery | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event of the server."""
        match scope["type"]:
            case "http":
                await self._serve(scope, receive, send)
            case "lifespan":
                await self._live(receive, send)
            case _:
                await send({"type": "websocket.close", "code": 1000})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._machinery = await Machinery.start(self._parts)
        except (EverlearnError, OSError) as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._machinery.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        target = target_of(scope["path"])
        try:
            reply = await self._reply(target, scope, receive)
        except EverlearnError as error:
            reply = reply_to_error(error)
        except GoneError:
            return
        except Exception:  # the edge: a defect of ours must become an answer
            logger.exception("a request failed unexpectedly", extra={"action": "gateway.defect"})
            reply = error_reply(500, "a defect in the gateway; its log says more")
        if target is not None and target.endpoint is Endpoint.INFER:
            self._metrics.observe(reply.status, time.perf_counter() - started)
        await send_reply(send, reply)

    async def _reply(self, target: Target | None, scope: Scope, receive: Receive) -> Reply:
        if target is None:
            return error_reply(404, "there is nothing at this address; the protocol begins at /v2")
        if scope["method"] not in _METHODS[target.method]:
            return error_reply(405, f"this address answers {target.method} only", (b"allow", target.method.encode()))
        if target.endpoint is Endpoint.INFER:
            return await self._infer(target, headers_of(scope), receive)
        if target.endpoint in (Endpoint.MODEL, Endpoint.MODEL_READY):
            return await self._describe(target, headers_of(scope))
        return self._tell(target.endpoint)

    def _tell(self, endpoint: Endpoint) -> Reply:
        """Answer what anybody may ask."""
        match endpoint:
            case Endpoint.SERVER:
                return Reply(status=200, body=server_metadata(everlearn.__version__))
            case Endpoint.READY:
                return self._ready()
            case Endpoint.SPOOL:
                return self._spool()
            case Endpoint.METRICS:
                return self._exposition()
            case _:
                return Reply(status=200, body=encode_object({"live": True}))

    def _ready(self) -> Reply:
        machinery = self._machinery
        if machinery is None or not machinery.is_ready:
            error = "the deployments have not been read yet; is the database reachable?"
            return Reply(status=503, body=encode_object({"ready": False, "live": True, "error": error}))
        degraded = machinery.degradation
        return Reply(
            status=200,
            body=encode_object({"ready": True, "live": True} | ({"degraded": degraded} if degraded else {})),
        )

    def _spool(self) -> Reply:
        machinery = self._running()
        generations = {
            f"{project}/{model}": route.deployment.generation
            for (project, model), route in machinery.fleet.routes.items()
        }
        return Reply(
            status=200,
            body=encode_object({"unshipped_bytes": machinery.writer.unshipped_bytes, "generation": dict(generations)}),
        )

    def _exposition(self) -> Reply:
        self._running().measure(self._metrics)
        return Reply(status=200, body=self._metrics.exposition(), content_type=CONTENT_TYPE)

    async def _describe(self, target: Target, headers: Mapping[bytes, bytes]) -> Reply:
        project = _project(headers)
        await self._doors.admit(headers.get(b"authorization"), project, Role.VIEWER)
        route = self._route(project, target)
        if target.endpoint is Endpoint.MODEL_READY:
            return Reply(status=200, body=encode_object({"name": target.model, "ready": True}))
        signature = route.champion.signature
        return Reply(status=200, body=model_metadata(target.model, route.traffic.versions, signature))

    async def _infer(self, target: Target, headers: Mapping[bytes, bytes], receive: Receive) -> Reply:
        project = _project(headers)
        await self._doors.admit(headers.get(b"authorization"), project, Role.CONTRIBUTOR)
        route = self._route(project, target)
        body = await read_body(headers, receive, self._parts.limits)
        request = decode_request(body, header_bytes=_header_bytes(headers))
        batch = decode_batch(request, route.columns, limits=self._parts.limits)
        wanted = _wanted_outputs(batch, route)
        answered = await self._answer(route, batch, target)
        # from here on the answer is a promise: it is durable before the caller sees it
        await self._running().writer.append(encode_record(answered.record))
        if answered.outputs is None:
            return error_reply(500, f"the model failed on this request and nothing could stand in: {batch.request_id}")
        self._metrics.observe_rows((project, target.model), answered.served, answered.fallback_rows)
        return _answer_reply(route, batch, answered, wanted)

    async def _answer(self, route: Route, batch: Batch, target: Target) -> Answered:
        version = None if target.version is None else int(target.version)
        at = self._parts.clock.now()
        if batch.rows <= ROWS_SCORED_IN_PLACE:
            return answer_batch(route, batch, version=version, at=at)
        return await asyncio.to_thread(answer_batch, route, batch, version=version, at=at)

    def _route(self, project: str, target: Target) -> Route:
        machinery = self._running()
        route = machinery.fleet.routes.get((project, target.model))
        if route is None:
            raise machinery.missing(project, target.model)
        if target.version is not None and target.version not in map(str, route.traffic.versions):
            raise NotFoundError("no such version of this model is deployed; its metadata lists those that are")
        return route

    def _running(self) -> Machinery:
        if self._machinery is None or not self._machinery.is_ready:
            raise UnavailableError("the gateway has not read its deployments yet; try again", retry_after_s=1.0)
        return self._machinery


_METHODS = {"GET": frozenset({"GET", "HEAD"}), "POST": frozenset({"POST"})}


def _project(headers: Mapping[bytes, bytes]) -> str:
    given = headers.get(b"everlearn-project")
    return DEFAULT_PROJECT if given is None else checked_name(given.decode("latin-1"), kind="project")


def _header_bytes(headers: Mapping[bytes, bytes]) -> int | None:
    given = headers.get(b"inference-header-content-length")
    if given is None:
        return None
    if not given.isdigit() or len(given) > 15:
        raise InvalidError("Inference-Header-Content-Length is a number of bytes")
    return int(given)


def _wanted_outputs(batch: Batch, route: Route) -> list[tuple[int, bool]]:
    """Give (index in the signature, is binary) of the outputs that the caller asked for, in that order."""
    names = [output.name for output in route.champion.signature.outputs]
    if batch.outputs is None:
        return [(index, batch.is_binary_by_default) for index in range(len(names))]
    if any(name not in names for name, _ in batch.outputs):
        raise InvalidError(f"unknown output; this model gives {', '.join(names)}")
    return [(names.index(name), is_binary) for name, is_binary in batch.outputs]


def _answer_reply(route: Route, batch: Batch, answered: Answered, wanted: list[tuple[int, bool]]) -> Reply:
    outputs = route.champion.signature.outputs
    values = answered.outputs or ()
    parameters: dict[str, str | int] = {
        "served_by": ",".join(f"{version}:{count}" for version, count in answered.served.items()),
        "degraded": int(answered.is_degraded),
        "generation": route.deployment.generation,
    }
    if batch.ignored:
        parameters["ignored_inputs"] = ",".join(batch.ignored)
    encoded = encode_answer(
        Answer(
            model=route.deployment.model,
            version=answered.version,
            request_id=batch.request_id,
            parameters=parameters,
            outputs=[
                AnswerOutput(
                    name=outputs[index].name,
                    datatype=outputs[index].datatype,
                    values=values[index],
                    is_binary=is_binary,
                )
                for index, is_binary in wanted
            ],
        )
    )
    if encoded.header_bytes is None:
        return Reply(status=200, body=encoded.body)
    length = (b"inference-header-content-length", str(encoded.header_bytes).encode())
    return Reply(status=200, body=encoded.body, content_type=b"application/octet-stream", headers=(length,))

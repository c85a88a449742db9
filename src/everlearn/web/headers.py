"""The outermost layer of the HTTP server: security headers, a request id, one log line and the measures.

Plain ASGI around the framework, so that it also covers what the framework answers by itself.
"""

import logging
import time
from uuid import uuid4

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from everlearn.web.metrics import HttpMetrics

logger = logging.getLogger(__name__)

_CONTENT_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", _CONTENT_POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_ADDED = (*SECURITY_HEADERS, (b"cache-control", b"no-store"))
_NAMES = frozenset(name for name, _ in _ADDED)
_FIRST_FAILURE, _SLOW_S = 400, 1.0  # what is logged of calls that training loops make by the thousand
_UNMATCHED = "(no route)"


def guarded_and_measured(app: ASGIApp, metrics: HttpMetrics) -> ASGIApp:
    """Wrap an application: headers on every answer, measures and a log line for every request."""

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = uuid4().hex[:16]
        answered = {"status": 500}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered["status"] = message["status"]
                message["headers"] = _with_security([*message["headers"]], request_id)
            await send(message)

        try:
            await app(scope, receive, send_with_headers)
        finally:
            _record(scope, metrics, answered["status"], time.perf_counter() - started, request_id)

    return outer


def _with_security(headers: list[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    present = {name.lower() for name, _ in headers}
    added = _ADDED if present.isdisjoint(_NAMES) else [header for header in _ADDED if header[0] not in present]
    return [*headers, *added, (b"x-request-id", request_id.encode())]


def _record(scope: Scope, metrics: HttpMetrics, status: int, seconds: float, request_id: str) -> None:
    # the template, not the path: a label for each address would grow without bound
    route = str(scope.get("path_template") or _UNMATCHED)
    metrics.observe(method=str(scope.get("method", "")), route=route, status=status, seconds=seconds)
    is_remarkable = not scope.get("is_routine") or status >= _FIRST_FAILURE or seconds >= _SLOW_S
    logger.log(
        logging.INFO if is_remarkable else logging.DEBUG,
        "request answered",
        extra={
            "action": "request.answered",
            "request_id": request_id,
            "method": scope.get("method"),
            "route": route,
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
        },
    )

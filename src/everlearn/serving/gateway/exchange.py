"""HTTP as ASGI gives it: headers in, a bounded body in, one reply out, errors in the protocol's shape."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from everlearn.core.errors import (
    ConflictError,
    DeniedError,
    EverlearnError,
    InvalidError,
    NotFoundError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
)
from everlearn.serving.protocol import Limits, inflate
from everlearn.serving.protocol.answer import encode_error

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

JSON = b"application/json"

_STATUSES: tuple[tuple[type[EverlearnError], int], ...] = (
    (InvalidError, 400),
    (NotFoundError, 404),
    (UnauthenticatedError, 401),
    (DeniedError, 403),
    (TooLargeError, 413),
    (UnavailableError, 503),
    (ConflictError, 409),
)


class GoneError(Exception):
    """The caller hung up; there is nobody to answer."""


class SlowBodyError(InvalidError):
    """The body did not arrive in time."""

    code = "serving.slow_body"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())


def error_reply(status: int, message: str, *headers: tuple[bytes, bytes]) -> Reply:
    """Make the protocol's one error answer."""
    return Reply(status=status, body=encode_error(message), headers=headers)


def reply_to_error(error: EverlearnError) -> Reply:
    """Turn an error of ours into its answer."""
    if isinstance(error, SlowBodyError):
        return error_reply(408, error.message, (b"connection", b"close"))
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if isinstance(error, UnauthenticatedError):
        headers = ((b"www-authenticate", b"Bearer"),)
    if isinstance(error, UnavailableError):
        headers = ((b"retry-after", str(max(1, round(error.retry_after_s))).encode()),)
    return error_reply(status, error.message, *headers)


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """Give the headers by lower-case name; of a repeated one the last."""
    return dict(scope["headers"])


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, limits: Limits) -> bytes:
    """Read a body, expanded, within the limits.

    Raises
    ------
    TooLargeError
        As soon as it is known to be over the limit, compressed or expanded.
    SlowBodyError
        When it does not arrive in time.
    GoneError
        When the caller hangs up.
    """
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > limits.body_bytes:
        raise _too_large(limits)
    message = await receive()
    body = _chunk(message)
    if message.get("more_body", False):
        try:
            async with asyncio.timeout(limits.body_timeout_s):
                body = await _rest(body, receive, limits)
        except TimeoutError as error:
            raise SlowBodyError(f"the body did not arrive within {limits.body_timeout_s:g} s") from error
    if len(body) > limits.body_bytes:
        raise _too_large(limits)
    encoding = headers.get(b"content-encoding")
    return body if encoding is None else inflate(body, encoding.decode("latin-1"), limit_bytes=limits.body_bytes)


async def send_reply(send: Send, reply: Reply) -> None:
    """Send an answer."""
    headers = [
        (b"content-type", reply.content_type),
        (b"content-length", str(len(reply.body)).encode()),
        *reply.headers,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _rest(first: bytes, receive: Receive, limits: Limits) -> bytes:
    chunks, size_bytes, has_more = [first], len(first), True
    while has_more:
        message = await receive()
        chunks.append(_chunk(message))
        size_bytes += len(chunks[-1])
        if size_bytes > limits.body_bytes:
            raise _too_large(limits)
        has_more = message.get("more_body", False)
    return b"".join(chunks)


def _chunk(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise GoneError
    chunk: bytes = message.get("body", b"")
    return chunk


def _too_large(limits: Limits) -> TooLargeError:
    return TooLargeError(f"the body is longer than {limits.body_bytes} bytes; send fewer rows in one request")

"""The protocol's ASGI application: from a connection to a route and back."""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from inspect import iscoroutinefunction
from typing import Any
from urllib.parse import unquote

import msgspec

from everlearn.core.actor import Actor
from everlearn.core.clock import parse_instant
from everlearn.core.names import DEFAULT_PROJECT, checked_name
from everlearn.web.auth import SESSION_COOKIE, Credentials, Gate
from everlearn.web.mlflow import links
from everlearn.web.mlflow.errors import ProtocolError, failure_of
from everlearn.web.mlflow.links import LinkDeniedError, Links
from everlearn.web.mlflow.routes import Call, Receive, Route, Scope, Send
from everlearn.web.mlflow.table import Found, RouteTable
from everlearn.web.mlflow.wire import encode, read_body, read_object, read_query
from everlearn.web.origin import check_own_site

NOBODY = Actor("anonymous")
_READERS = 4  # threads; more would only queue at the database
_JSON = (b"content-type", b"application/json")
_SAFE_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class MlflowApplication:
    """Answers everything below `/api/2.0`, `/api/3.0` and their `/ajax-api` twins, for one project or another."""

    table: RouteTable
    gate: Gate
    threads: ThreadPoolExecutor
    links: Links | None = None  # without them nothing is done by link
    public_url: str = ""  # where clients reach this server; empty: as they say themselves

    def answers(self, path: str) -> bool:
        """Tell whether a path is the protocol's."""
        return self.table.is_ours(path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await self._answer(scope, receive, send)
        except ConnectionError:  # the client is gone; nobody to tell
            return
        except Exception as error:  # noqa: BLE001  # the outermost layer: every failure has an answer
            failure = failure_of(error)
            await _send(send, failure.status, encode(failure.body), failure.headers)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self.table.find(scope["method"], scope["path"])
        scope["path_template"] = found.route.path
        scope["is_routine"] = True
        call = await self._admitted(scope, found)
        if found.route.stream is not None:
            await found.route.stream(call, next(iter(found.parameters.values()), ""), scope, receive, send)
            return
        answer = await self._handled(call, found, await _request(found, scope, receive))
        body = answer if isinstance(answer, bytes) else encode(answer)
        await _send(send, 200, body, ())

    async def _admitted(self, scope: Scope, found: Found) -> Call:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        self.gate.check_host(host)
        if scope["method"] not in _SAFE_METHODS:
            _check_origin(headers, host)
        project = checked_name(found.project or DEFAULT_PROJECT, kind="project")
        actor, role = await self._caller(scope, found, headers, project)
        return Call(
            project=project,
            actor=actor,
            role=role,
            as_of=_instant(found),
            base=self.public_url or f"{scope.get('scheme', 'http')}://{host}",
            prefix=f"/projects/{project}" if found.project else "",
        )

    async def _caller(
        self, scope: Scope, found: Found, headers: Mapping[bytes, bytes], project: str
    ) -> tuple[Actor, StrEnum | None]:
        """Give who is asking and their role, if they may."""
        if found.route.by_link:
            if self.links is None:
                raise LinkDeniedError("this server makes no links")
            shown = headers.get(links.HEADER.encode(), b"").decode("latin-1")
            return self.links.opened(shown, scope["method"], scope["path"]), None
        if found.route.role is None:
            return NOBODY, None
        caller = await self.gate.identify(_credentials(headers))
        self.gate.require(caller, project=project, role=found.route.role)
        return caller.actor, caller.role_in(project)

    async def _handled(self, call: Call, found: Found, request: Any) -> Any:
        handle = found.route.handle
        if handle is None:
            raise ProtocolError("This operation is not available.", "NOT_IMPLEMENTED")
        if iscoroutinefunction(handle):
            return await handle(call, request)
        return await asyncio.get_running_loop().run_in_executor(self.threads, handle, call, request)


def mlflow_app(
    routes: Sequence[Route], gate: Gate, links: Links | None = None, *, public_url: str = ""
) -> MlflowApplication:
    """Assemble the application from the routes of the domains."""
    threads = ThreadPoolExecutor(_READERS, thread_name_prefix="mlflow")
    return MlflowApplication(RouteTable.of(routes), gate, threads, links, public_url.rstrip("/"))


def beside(protocol: MlflowApplication, app: Any) -> Any:
    """Let the protocol answer what is its own, and the application all the rest."""

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and protocol.answers(scope["path"]):
            await protocol(scope, receive, send)
        else:
            await app(scope, receive, send)

    return choose


def _instant(found: Found) -> datetime | None:
    if found.as_of is None:
        return None
    if not found.route.is_reading:
        raise ProtocolError("The past does not change: this address is for reading.", "PERMISSION_DENIED")
    return parse_instant(found.as_of)


async def _request(found: Found, scope: Scope, receive: Receive) -> Any:
    route = found.route
    if route.request is None:
        return None
    names = [name for name in route.required if name not in found.parameters]
    if scope["method"] == "GET":
        request = read_query(scope["query_string"], route.request, names)
    else:
        _check_json(scope)
        request = read_body(await read_all(receive, route.largest_body), route.request, names)
    if found.parameters:  # the path wins over the body
        given = msgspec.structs.asdict(request) | dict(found.parameters)
        request = read_object(given, route.request, ())
    return request


def _check_json(scope: Scope) -> None:
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"application/json")
    if kind.partition(b";")[0].strip().lower() != b"application/json":
        raise ProtocolError("Bad Request. Content-Type must be one of ['application/json'].")


def _check_origin(headers: Mapping[bytes, bytes], host: str) -> None:
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if site is not None or origin is not None:
        check_own_site(
            site=None if site is None else site.decode("latin-1"),
            origin=None if origin is None else origin.decode("latin-1"),
            host=host,
        )


async def read_all(receive: Receive, limit: int) -> bytes:
    """Read a body into memory.

    Raises
    ------
    ProtocolError
        When it is larger than `limit` bytes.
    """
    parts, size = list[bytes](), 0
    async for chunk in chunks_of(receive):
        parts.append(chunk)
        size += len(chunk)
        if size > limit:
            raise ProtocolError(f"Request body of {size} bytes or more is over the limit of {limit} bytes; send less.")
    return b"".join(parts)


async def chunks_of(receive: Receive) -> AsyncIterator[bytes]:
    """Read a body piece by piece."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError("the client left before the body ended")
        more = message.get("more_body", False)
        yield message.get("body", b"")


def _credentials(headers: Mapping[bytes, bytes]) -> Credentials:
    """Read a token from `Bearer`, or from the password of `Basic`: mlflow's client sends either."""
    kind, _, shown = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    match kind.lower():
        case "bearer":
            return Credentials(token=shown.strip())
        case "basic":
            try:
                _, _, password = base64.b64decode(shown, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return Credentials()
            return Credentials(token=password)
        case _:
            return Credentials(session=_cookie(headers.get(b"cookie", b"").decode("latin-1")))


def _cookie(header: str) -> str | None:
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return next((unquote(value) for name, _, value in pairs if name == SESSION_COOKIE), None)


async def _send(send: Send, status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [_JSON, length, *headers]})
    await send({"type": "http.response.body", "body": body, "more_body": False})

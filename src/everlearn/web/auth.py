"""Who is asking, and may they? The hook; the answer comes from `access` through the port `Gate`.

Each route says what it needs: `guards=[needs(Role.VIEWER)]`. A route that says nothing still needs a known caller;
one that anybody may use says `opt=PUBLIC`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from everlearn.core.actor import Actor

AnyConnection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[AnyConnection, BaseRouteHandler], Awaitable[None]]

PUBLIC = {"public": True}
PLATFORM = "*"
"""The scope of what belongs to no project."""

SESSION_COOKIE = "everlearn_session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a request shows: a token in `Authorization: Bearer`, a session cookie, or neither."""

    token: str | None = None
    session: str | None = None


class Caller(Protocol):
    """Somebody known."""

    @property
    def actor(self) -> Actor:
        """The name that goes into the record."""
        ...

    @property
    def name(self) -> str:
        """The name for people."""
        ...

    def role_in(self, project: str) -> StrEnum | None:
        """Give what they are in a project; None when they are nothing there."""
        ...


class Gate(Protocol):
    """What the web needs from whoever keeps accounts."""

    async def identify(self, credentials: Credentials) -> Caller:
        """Give the caller; raises UnauthenticatedError."""
        ...

    def require(self, caller: Caller, *, project: str, role: StrEnum) -> None:
        """Let pass or raise DeniedError, which says what is missing."""
        ...

    def check_host(self, host: str) -> None:
        """Refuse a Host header that cannot be meant for this server; raises DeniedError."""
        ...


def gate_of(connection: AnyConnection) -> Gate:
    """Give the gate that the application was made with."""
    gate: Gate = connection.app.state["gate"]
    return gate


async def caller_of(connection: AnyConnection) -> Caller:
    """Give who is asking, identified once a request."""
    state = connection.scope["state"]
    if "caller" not in state:
        state["caller"] = await gate_of(connection).identify(credentials_of(connection))
    caller: Caller = state["caller"]
    return caller


def credentials_of(connection: AnyConnection) -> Credentials:
    """Read what the request shows. A token in the address is not accepted: addresses end up in logs."""
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token.strip():
        return Credentials(token=token.strip())
    return Credentials(session=connection.cookies.get(SESSION_COOKIE))


def needs(role: StrEnum, *, otherwise: str = PLATFORM) -> Guard:
    """Make the guard of a route: the caller must have `role` in the project named in the path.

    Where the path names none, it is `otherwise` that counts: `*`, or the project that such a path is about.
    """

    async def guard(connection: AnyConnection, _handler: BaseRouteHandler) -> None:
        caller = await caller_of(connection)
        project = str(connection.path_params.get("project", otherwise))
        gate_of(connection).require(caller, project=project, role=role)

    return guard


async def known_caller(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Guard every route that is not public: somebody known must be asking."""
    if not handler.opt.get("public"):
        await caller_of(connection)

"""A small application over the web kit, for the tests of its promises."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import msgspec
from litestar import Litestar, get, post
from litestar.testing import TestClient
from litestar.types import ASGIApp
from msgspec import Meta

from everlearn.core.actor import Actor
from everlearn.core.errors import (
    ConflictError,
    DamagedError,
    DeniedError,
    EverlearnError,
    InvalidError,
    MissingExtraError,
    NotFoundError,
    StorageFullError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
)
from everlearn.core.page import Page
from everlearn.web import PUBLIC, FromPath, FromQuery, JSONBody, Service, needs
from everlearn.web.application import Site, make_app, make_litestar
from everlearn.web.auth import Caller, Credentials
from everlearn.web.metrics import HttpMetrics, http_metrics

Client = TestClient[ASGIApp]

TOKEN = "evl_good"
SESSION = "a-session"


class Role(StrEnum):
    VIEWER = "viewer"
    ADMIN = "admin"


@dataclass(frozen=True)
class Ada:
    actor: Actor
    name: str

    def role_in(self, project: str) -> StrEnum | None:
        return None


class AdaMayLook:
    """Knows one token and one session; lets nobody be admin, nobody into `closed`."""

    async def identify(self, credentials: Credentials) -> Caller:
        if credentials.token != TOKEN and credentials.session != SESSION:
            raise UnauthenticatedError("show a token")
        return Ada(Actor("user:ada"), "ada")

    def require(self, caller: Caller, *, project: str, role: StrEnum) -> None:
        if role is Role.ADMIN or project == "closed":
            raise DeniedError(f"{caller.name} may not; {role} may", needed=role)

    def check_host(self, host: str) -> None:
        if host == "evil.example":
            raise DeniedError("not this host")


class Fruit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    weights: list[Annotated[int, Meta(ge=0)]] = []


ERRORS: dict[str, EverlearnError] = {
    "not_found": NotFoundError("no such thing"),
    "invalid": InvalidError("cannot be", field="a"),
    "conflict": ConflictError("taken"),
    "denied": DeniedError("no"),
    "unauthenticated": UnauthenticatedError("who"),
    "too_large": TooLargeError("big"),
    "unavailable": UnavailableError("later", retry_after_s=7.2),
    "storage_full": StorageFullError("full"),
    "damaged": DamagedError("broken"),
    "missing_extra": MissingExtraError("sklearn", needed_for="training"),
    "everlearn.error": EverlearnError("something"),
}


@get("/api/projects/{project:str}/fruit/{number:int}", guards=[needs(Role.VIEWER)], sync_to_thread=True)
def one_fruit(
    project: FromPath[str], number: FromPath[int], actor: Service[Actor], ripe: FromQuery[str] = ""
) -> dict[str, str]:
    """Give a fruit."""
    return {"project": project, "number": str(number), "actor": actor, "ripe": ripe}


@get("/api/projects/{project:str}/fruit", guards=[needs(Role.VIEWER)], sync_to_thread=True)
def list_fruit(project: FromPath[str], limit: FromQuery[int] = 10) -> Page[Fruit]:
    """List fruit."""
    return Page(items=[Fruit(project, [limit])], next=None)


@post("/api/projects/{project:str}/fruit", guards=[needs(Role.VIEWER)], sync_to_thread=True)
def add_fruit(project: FromPath[str], data: JSONBody[Fruit]) -> Fruit:
    """Add a fruit."""
    return Fruit(f"{project}/{data.name}", data.weights)


@get("/api/admin", guards=[needs(Role.ADMIN)], sync_to_thread=True)
def admin_only() -> dict[str, str]:
    """Nobody gets here."""
    return {}


@get("/api/whoever", sync_to_thread=True)
def whoever(caller: Service[Caller]) -> dict[str, str]:
    """Say who is asking."""
    return {"name": caller.name}


@get("/api/fail/{code:str}", opt=PUBLIC, include_in_schema=False, sync_to_thread=True)
def fail(code: FromPath[str]) -> dict[str, str]:
    """Fail as asked."""
    raise ERRORS[code]


@get("/page/{code:str}", opt=PUBLIC, include_in_schema=False, sync_to_thread=True)
def failing_page(code: FromPath[str]) -> dict[str, str]:
    """Fail where people look."""
    raise ERRORS[code]


def kit_site(metrics: HttpMetrics | None = None) -> Site:
    handlers = (one_fruit, list_fruit, add_fruit, admin_only, whoever, fail, failing_page)
    return Site(handlers=handlers, gate=AdaMayLook(), metrics=metrics or http_metrics(), body_limit_bytes=10_000)


def kit_litestar() -> Litestar:
    return make_litestar(kit_site())


def kit_client(metrics: HttpMetrics | None = None) -> Client:
    """A client that shows ada's token, of the application as a server runs it."""
    client = TestClient(make_app(kit_site(metrics)), raise_server_exceptions=False)
    client.headers["authorization"] = f"Bearer {TOKEN}"
    return client

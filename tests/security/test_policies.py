"""Who may do what is written at every route, and a route at which it is not fails here."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from everlearn.app.asgi import api_app, api_site, protocol_routes
from everlearn.app.platform import Platform
from everlearn.app.settings import load_settings
from everlearn.app.wiring import build
from everlearn.web.application import make_litestar

PUBLIC = {
    ("GET", "/api"),
    ("GET", "/api/openapi.json"),
    ("GET", "/health"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/login"),
    ("POST", "/login"),
    ("POST", "/logout"),
    ("GET", "/projects/{project}/health"),
    ("GET", "/projects/{project}/version"),
    ("GET", "/static/{name}"),
    ("GET", "/version"),
}
"""What anybody may ask without a token. Whoever adds a line says why in the commit."""

ANYBODY_KNOWN = {("GET", "/"), ("GET", "/api/access/me")}
"""What every known caller may ask, whatever their roles: it shows only what is theirs."""

PUBLIC_OF_THE_PROTOCOL = {("GET", "/mlflow/server-info")}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    home: Path = tmp_path_factory.mktemp("policies") / "home"
    built = build(load_settings({"home": str(home)}, environ={}).settings)
    yield built
    built.close()


def handlers(platform: Platform) -> list[tuple[str, str, HTTPRouteHandler]]:
    return [
        (str(method), route.path_format, handler)
        for route in make_litestar(api_site(platform)).routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods
        if method not in {"HEAD", "OPTIONS"}
    ]


def names_a_role(handler: HTTPRouteHandler) -> bool:
    return any(getattr(guard, "__qualname__", "").startswith("needs.") for guard in handler.resolve_guards())


def test_every_route_of_api_and_pages_names_a_role_or_stands_in_a_list(platform: Platform) -> None:
    public = {(method, path) for method, path, handler in handlers(platform) if handler.opt.get("public")}
    open_to_known = {
        (method, path)
        for method, path, handler in handlers(platform)
        if not handler.opt.get("public") and not names_a_role(handler)
    }

    assert public == PUBLIC
    assert open_to_known == ANYBODY_KNOWN


def test_every_operation_of_the_protocol_names_a_role_a_link_or_stands_in_the_list(platform: Platform) -> None:
    open_to_all = {(one.method, one.path) for one in protocol_routes(platform) if one.role is None and not one.by_link}

    assert open_to_all == PUBLIC_OF_THE_PROTOCOL


def test_whoever_shows_nothing_gets_nothing_but_what_is_public(platform: Platform) -> None:
    """The lists above are what routes say; this is what they do."""
    wanted = [
        (method, re.sub(r"\{[a-z_]+(:[a-z]+)?\}", "1", path))
        for method, path, _ in handlers(platform)
        if (method, path) not in PUBLIC
    ]
    for one in protocol_routes(platform):
        if (one.method, one.path) not in PUBLIC_OF_THE_PROTOCOL:
            path = re.sub(r"\{[a-z_]+\}", "1", one.path)
            wanted += [
                (one.method, f"{root}/{one.versions[0]}{path}") for root in ("/api", "/ajax-api") if one.versions[0]
            ]
            wanted += [(one.method, path)] if not one.versions[0] else []

    answered = asyncio.run(statuses(api_app(platform), wanted))

    assert len(wanted) > 200
    assert {what: status for what, status in answered.items() if status not in {401, 403}} == {}


async def statuses(app: Any, wanted: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return {(method, path): (await client.request(method, path)).status_code for method, path in wanted}

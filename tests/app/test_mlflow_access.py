"""Who may do what over MLflow's protocol, on the whole platform."""

import asyncio
import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from everlearn.access import Role
from everlearn.access.model import AccountKind
from everlearn.app.asgi import api_app, protocol_routes
from everlearn.app.platform import Platform
from everlearn.app.settings import load_settings
from everlearn.app.wiring import build
from everlearn.core.actor import Actor
from everlearn.web.mlflow import Route

ADMIN = Actor("user:admin")
BASE = "/api/2.0/mlflow"


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    built = build(load_settings({"home": str(tmp_path / "home")}, environ={}).settings)
    yield built
    built.close()


def ask(platform: Platform, method: str, path: str, **said: Any) -> httpx.Response:
    async def send() -> httpx.Response:
        app: Any = api_app(platform)  # Litestar spells the protocol's messages with types of its own
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, **said)

    return asyncio.run(send())


def address_of(route: Route) -> str:
    version = route.versions[0]
    path = re.sub(r"\{[a-z_]+\}", "x", route.path)
    return f"/api/{version}{path}" if version else path


def token_of(platform: Platform, name: str, project: str, role: Role) -> str:
    platform.access.create_account(name, AccountKind.SERVICE, actor=ADMIN)
    platform.access.grant(name, project, role, actor=ADMIN)
    return platform.access.issue_token(name, actor=ADMIN).secret


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_every_operation_names_a_role_but_the_one_that_anybody_may_ask(platform: Platform) -> None:
    routes = protocol_routes(platform)
    public = [route.path for route in routes if route.role is None and not route.by_link]
    changing = [route for route in routes if route.method in {"PUT", "PATCH", "DELETE"} and not route.by_link]

    assert public == ["/mlflow/server-info"]
    assert {route.role for route in changing} == {Role.CONTRIBUTOR, Role.OPERATOR}  # webhooks are an operator's


def test_without_a_token_every_operation_is_refused_in_the_protocols_shape(platform: Platform) -> None:
    for route in protocol_routes(platform):
        if route.role is None:
            continue
        answer = ask(platform, route.method, address_of(route))

        assert answer.status_code == 401, route.path
        assert answer.headers["www-authenticate"].startswith("Basic")
        assert route.method == "HEAD" or answer.json()["error_code"] == "UNAUTHENTICATED"


def test_what_is_done_by_link_takes_no_token_for_one(platform: Platform) -> None:
    token = bearer(token_of(platform, "admin", "*", Role.ADMIN))
    by_link = [route for route in protocol_routes(platform) if route.by_link]

    assert {route.method for route in by_link} == {"PUT", "GET", "HEAD"}
    for route in by_link:
        assert ask(platform, route.method, address_of(route), headers=token).status_code == 403, route.path


def test_a_token_comes_as_bearer_or_as_the_password_of_basic(platform: Platform) -> None:
    token = token_of(platform, "trainer", "default", Role.CONTRIBUTOR)
    basic = base64.b64encode(f"anybody:{token}".encode()).decode()

    for headers in (bearer(token), {"authorization": f"Basic {basic}"}):
        made = ask(platform, "POST", f"{BASE}/runs/create", json={"experiment_id": "0"}, headers=headers)
        assert made.json()["run"]["info"]["status"] == "RUNNING"
    for wrong in (bearer(token[:-1] + "x"), {"authorization": "Basic !"}, {"authorization": "Bearer "}):
        assert ask(platform, "GET", f"{BASE}/experiments/search", headers=wrong).status_code == 401


def test_roles_hold_in_their_project_and_no_other(platform: Platform) -> None:
    viewer = bearer(token_of(platform, "viewer", "mine", Role.VIEWER))
    mine, theirs = f"/projects/mine{BASE}", f"/projects/theirs{BASE}"

    assert ask(platform, "GET", f"{mine}/experiments/search", headers=viewer).status_code == 200
    refused = ask(platform, "POST", f"{mine}/runs/create", json={}, headers=viewer)
    assert (refused.status_code, refused.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert "contributor" in refused.json()["message"]
    for path in (f"{theirs}/experiments/search", f"{BASE}/experiments/search"):
        assert ask(platform, "GET", path, headers=viewer).status_code == 403


def test_clients_learn_what_they_need_before_they_begin(platform: Platform) -> None:
    assert ask(platform, "GET", "/health").text == "OK"
    assert ask(platform, "GET", "/version").text.split(".")[0] == "3"
    info = ask(platform, "GET", "/api/3.0/mlflow/server-info").json()
    assert (info["store_type"], info["workspaces_enabled"]) == ("SqlStore", False)


def test_what_is_not_spoken_is_said_in_json(platform: Platform) -> None:
    token = bearer(token_of(platform, "trainer", "default", Role.CONTRIBUTOR))
    for path in ("/api/3.0/mlflow/workspaces", "/ajax-api/2.0/mlflow/gateway-proxy", "/api/2.0/unknown"):
        answer = ask(platform, "GET", path, headers=token)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


def test_spans_come_through_the_same_gate_as_everything_else(platform: Platform) -> None:
    span = {"traceId": "0" * 31 + "1", "spanId": "0" * 15 + "1", "name": "step", "startTimeUnixNano": "1"}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    viewer = bearer(token_of(platform, "viewer", "mine", Role.VIEWER))
    sender = bearer(token_of(platform, "sender", "mine", Role.CONTRIBUTOR))

    def post(path: str, headers: dict[str, str]) -> int:
        said = {"x-mlflow-experiment-id": "0", **headers}
        return ask(platform, "POST", path, json=body, headers=said).status_code

    assert post("/projects/mine/v1/traces", sender) == 200
    assert post("/projects/mine/v1/traces", viewer) == 403
    assert post("/projects/theirs/v1/traces", sender) == 403
    assert post("/v1/traces", sender) == 403
    assert post("/v1/traces", {}) == 401
    found = "/api/3.0/mlflow/traces/tr-" + span["traceId"]
    assert ask(platform, "GET", f"/projects/mine{found}", headers=viewer).status_code == 200
    assert ask(platform, "GET", f"/projects/theirs{found}", headers=viewer).status_code == 403

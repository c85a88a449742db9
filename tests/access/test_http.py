"""Accounts over HTTP and signing in and out, with the real gate on SQLite."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.access.conftest import NOON, ROOT

from everlearn.access import Access, AccountKind, Role
from everlearn.access.api import HANDLERS
from everlearn.access.events import EVENTS
from everlearn.access.gate import OpenGate, TokenGate
from everlearn.access.pages import PAGES, SessionPolicy, own_path
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import Catalogue, EventLog
from everlearn.web.application import Site, make_litestar
from everlearn.web.auth import SESSION_COOKIE, Gate
from everlearn.web.metrics import http_metrics

Client = TestClient[Litestar]
BROWSER = {"accept": "text/html", "sec-fetch-site": "same-origin"}


@pytest.fixture
def sqlite_access(sqlite_db: Database) -> Access:
    """Ada is admin, Ben looks at `shop`."""
    clock = ManualClock(NOON)
    access = Access(sqlite_db, EventLog(Catalogue(EVENTS), clock), clock)
    for name in ("ada", "ben"):
        access.create_account(name, AccountKind.PERSON, actor=ROOT)
    access.grant("ada", "*", Role.ADMIN, actor=ROOT)
    access.grant("ben", "shop", Role.VIEWER, actor=ROOT)
    return access


def client_of(access: Access, gate: Gate) -> Client:
    site = Site(
        handlers=HANDLERS,
        pages=PAGES,
        services={"access": access, "session_policy": SessionPolicy(lifetime=timedelta(hours=1))},
        gate=gate,
        metrics=http_metrics(),
        template_packages=("everlearn.access",),
    )
    return TestClient(make_litestar(site), raise_server_exceptions=False)


@pytest.fixture
def client(sqlite_access: Access) -> Iterator[Client]:
    """Nobody in particular."""
    with client_of(sqlite_access, TokenGate(sqlite_access)) as opened:
        yield opened


@pytest.fixture
def ada(client: Client, sqlite_access: Access) -> Client:
    """The client with an admin's token."""
    client.headers["authorization"] = f"Bearer {sqlite_access.issue_token('ada', actor=ROOT).secret}"
    return client


def test_me_tells_who_is_asking(ada: Client) -> None:
    assert ada.get("/api/access/me").json() == {"actor": "user:ada", "name": "ada", "grants": {"*": "admin"}}


def test_an_admin_makes_an_account_with_a_role_and_a_token_that_opens(ada: Client) -> None:
    made = ada.post("/api/access/accounts", json={"name": "robot", "kind": "service"})
    granted = ada.put("/api/projects/shop/grants/robot", json={"role": "operator"})
    issued = ada.post("/api/access/accounts/robot/tokens", json={"label": "ci"})

    secret = issued.json()["secret"]
    me = ada.get("/api/access/me", headers={"authorization": f"Bearer {secret}"})
    assert (made.status_code, granted.status_code, issued.status_code) == (201, 200, 201)
    assert me.json() == {"actor": "service:robot", "name": "robot", "grants": {"shop": "operator"}}


def test_a_revoked_token_is_401(ada: Client, sqlite_access: Access) -> None:
    issued = sqlite_access.issue_token("ben", actor=ROOT)

    revoked = ada.delete(f"/api/access/tokens/{issued.token.id}")
    after = ada.get("/api/access/me", headers={"authorization": f"Bearer {issued.secret}"})

    assert (revoked.status_code, after.status_code) == (204, 401)


def test_whoever_is_no_admin_is_told_which_role_would_do(client: Client, sqlite_access: Access) -> None:
    client.headers["authorization"] = f"Bearer {sqlite_access.issue_token('ben', actor=ROOT).secret}"

    answer = client.get("/api/projects/shop/grants")

    assert answer.status_code == 403
    assert answer.json()["code"] == "access.role_missing"
    assert answer.json()["details"] == {"project": "shop", "needed": "admin", "held": "viewer"}


def test_the_admin_of_one_project_grants_in_it_and_nowhere_else(client: Client, sqlite_access: Access) -> None:
    sqlite_access.grant("ben", "shop", Role.ADMIN, actor=ROOT)
    client.headers["authorization"] = f"Bearer {sqlite_access.issue_token('ben', actor=ROOT).secret}"

    here = client.put("/api/projects/shop/grants/ada", json={"role": "viewer"})
    there = client.put("/api/projects/farm/grants/ben", json={"role": "admin"})
    everywhere = client.put("/api/projects/*/grants/ben", json={"role": "admin"})

    assert (here.status_code, there.status_code, everywhere.status_code) == (200, 403, 403)


def test_lists_are_objects_with_the_way_on(ada: Client) -> None:
    page = ada.get("/api/access/accounts?limit=1").json()

    assert [item["name"] for item in page["items"]] == ["ada"]
    assert page["next"] == "ada"


def test_a_browser_signs_in_with_a_token_and_goes_where_it_wanted(client: Client, sqlite_access: Access) -> None:
    secret = sqlite_access.issue_token("ben", actor=ROOT).secret

    answer = client.post(
        "/login", data={"token": f" {secret} ", "wanted": "/projects/shop"}, headers=BROWSER, follow_redirects=False
    )

    cookie = answer.headers["set-cookie"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/projects/shop")
    assert cookie.startswith(f"{SESSION_COOKIE}=")
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=3600"))
    assert secret not in cookie
    assert client.get("/api/access/me").json()["name"] == "ben"


def test_a_cookie_over_https_is_only_for_https(client: Client, sqlite_access: Access) -> None:
    secret = sqlite_access.issue_token("ben", actor=ROOT).secret

    answer = client.post("https://testserver.local/login", data={"token": secret}, follow_redirects=False)

    assert "Secure" in answer.headers["set-cookie"]


def test_a_ticket_is_spent_by_the_button_and_not_by_looking(client: Client, sqlite_access: Access) -> None:
    ticket = sqlite_access.issue_ticket("ada")

    looks = [client.get(f"/login?ticket={ticket}", headers=BROWSER) for _ in range(2)]
    pressed = client.post("/login", data={"ticket": ticket}, headers=BROWSER, follow_redirects=False)
    again = client.post("/login", data={"ticket": ticket}, headers=BROWSER, follow_redirects=False)

    assert [look.status_code for look in looks] == [200, 200]
    assert ticket in looks[0].text
    assert (pressed.status_code, again.status_code) == (303, 401)


def test_a_wrong_token_shows_the_page_again_and_says_why(client: Client) -> None:
    answer = client.post("/login", data={"token": "evl_wrong_token"}, headers=BROWSER)

    assert answer.status_code == 401
    assert "no such token" in answer.text
    assert "evl_wrong_token" not in answer.text
    assert "set-cookie" not in answer.headers


def test_signing_out_ends_the_session_and_the_cookie(client: Client, sqlite_access: Access) -> None:
    client.post("/login", data={"token": sqlite_access.issue_token("ben", actor=ROOT).secret}, headers=BROWSER)
    session = client.cookies[SESSION_COOKIE]

    answer = client.post("/logout", headers=BROWSER, follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert client.get("/api/access/me", headers={"cookie": f"{SESSION_COOKIE}={session}"}).status_code == 401


def test_another_site_cannot_sign_a_browser_out(client: Client) -> None:
    assert client.post("/logout", headers={"sec-fetch-site": "cross-site"}).status_code == 403


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/projects/shop?a=1", "/projects/shop?a=1"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nset-cookie: x", "/"),
        ("", "/"),
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(wanted: str, goes: str) -> None:
    assert own_path(wanted) == goes


def test_without_authentication_everybody_is_admin_on_this_machine_only(sqlite_access: Access) -> None:
    with client_of(sqlite_access, OpenGate()) as opened:
        here = opened.get("/api/access/me", headers={"host": "127.0.0.1:4700"})
        six = opened.get("/api/access/me", headers={"host": "[::1]:4700"})
        rebound = opened.get("/api/access/me", headers={"host": "evil.example:4700"})

    assert here.json()["name"] == "local"
    assert six.status_code == 200
    assert (rebound.status_code, rebound.json()["code"]) == (403, "access.foreign_host")


def test_a_moment_without_a_zone_is_refused(ada: Client) -> None:
    answer = ada.post("/api/access/accounts/ben/tokens", json={"expires_at": "2030-01-01T00:00:00"})

    assert (answer.status_code, answer.json()["details"]) == (400, {"path": "$.expires_at"})

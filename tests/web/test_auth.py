import pytest
from litestar.routes import HTTPRoute
from tests.web.kit import SESSION, TOKEN, Client, kit_litestar

from everlearn.web.auth import SESSION_COOKIE


@pytest.fixture
def stranger(client: Client) -> Client:
    """The same client without a token."""
    del client.headers["authorization"]
    return client


def test_the_caller_and_the_actor_reach_the_handler(client: Client) -> None:
    assert client.get("/api/projects/p/fruit/1").json()["actor"] == "user:ada"
    assert client.get("/api/whoever").json() == {"name": "ada"}


def test_without_a_token_nothing_opens(stranger: Client) -> None:
    answer = stranger.get("/api/projects/p/fruit/1")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_route_that_names_no_role_still_needs_somebody_known(stranger: Client) -> None:
    assert stranger.get("/api/whoever").status_code == 401


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Basic evl_good", "evl_good", "Bearer  "])
def test_a_wrong_header_opens_nothing(header: str, stranger: Client) -> None:
    assert stranger.get("/api/whoever", headers={"authorization": header}).status_code == 401


def test_the_word_bearer_is_read_in_any_case(stranger: Client) -> None:
    assert stranger.get("/api/whoever", headers={"authorization": f"bearer {TOKEN}"}).status_code == 200


def test_a_token_in_the_address_is_not_accepted(stranger: Client) -> None:
    assert stranger.get(f"/api/whoever?token={TOKEN}&access_token={TOKEN}").status_code == 401


def test_a_session_cookie_opens(stranger: Client) -> None:
    assert stranger.get("/api/whoever", headers={"cookie": f"{SESSION_COOKIE}={SESSION}"}).status_code == 200


def test_a_refusal_says_which_role_would_do(client: Client) -> None:
    answer = client.get("/api/admin")

    assert (answer.status_code, answer.json()["details"]) == (403, {"needed": "admin"})


def test_the_project_of_the_path_is_the_one_that_is_checked(client: Client) -> None:
    assert client.get("/api/projects/closed/fruit/1").status_code == 403
    assert client.get("/api/projects/open/fruit/1").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_a_change_asked_for_from_another_site_is_refused(headers: dict[str, str], client: Client) -> None:
    answer = client.post("/api/projects/p/fruit", json={"name": "fig"}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "web.foreign_origin")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin", "origin": "http://testserver.local"},
        {"sec-fetch-site": "none"},
    ],
)
def test_a_change_asked_for_from_our_own_pages_or_by_a_program_passes(headers: dict[str, str], client: Client) -> None:
    answer = client.post("/api/projects/p/fruit", json={"name": "fig"}, headers=headers)

    assert answer.status_code == 201


def test_looking_is_allowed_from_a_link_on_another_site(client: Client) -> None:
    assert client.get("/api/whoever", headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_a_host_that_the_gate_does_not_know_is_refused(client: Client) -> None:
    assert client.get("/api/whoever", headers={"host": "evil.example"}).status_code == 403


def test_every_route_is_guarded_or_says_that_it_is_public() -> None:
    routes = [route for route in kit_litestar().routes if isinstance(route, HTTPRoute)]

    names = {
        guard.__name__ for route in routes for handler in route.route_handlers for guard in handler.resolve_guards()
    }

    assert "known_caller" in names
    assert all("known_caller" in _names(route) for route in routes)


def _names(route: HTTPRoute) -> set[str]:
    return {guard.__name__ for handler in route.route_handlers for guard in handler.resolve_guards()}

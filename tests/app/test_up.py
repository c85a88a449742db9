"""`everlearn up` as people run it: real processes, real sockets."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.app.processes import Platform, everlearn, is_alive, running, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One platform for all that leaves it running."""
    with running(tmp_path_factory.mktemp("home")) as started:
        yield started


def test_every_role_runs_and_everything_is_ready(platform: Platform) -> None:
    assert set(platform.children()) == {"api", "worker-1", "gateway"}
    assert platform.client.get("/health/live").json() == {"status": "live"}
    assert set(platform.client.get("/health/ready").json()["parts"]) == {"database", "blobs"}
    assert httpx.get(f"{platform.gateway}/v2/health/ready").status_code == 200


def test_the_first_token_is_an_admins(platform: Platform) -> None:
    assert platform.client.get("/api/access/me").json()["grants"] == {"*": "admin"}


def test_without_it_or_with_a_wrong_one_nothing_opens(platform: Platform) -> None:
    nobody = httpx.get(f"{platform.pages}/api/access/me")
    wrong = httpx.get(f"{platform.pages}/api/access/me", headers={"authorization": f"Bearer {platform.token}x"})

    assert (nobody.status_code, nobody.json()["code"]) == (401, "access.bad_token")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "access.bad_token")


def test_the_link_signs_a_browser_in_once(platform: Platform) -> None:
    with httpx.Client(base_url=platform.pages, headers={"accept": "text/html"}) as browser:
        page = browser.get(platform.login)
        ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
        assert ticket is not None
        pressed = browser.post("/login", data={"ticket": ticket[1], "wanted": "/api/access/me"})

        assert (pressed.status_code, pressed.headers["location"]) == (303, "/api/access/me")
        assert browser.get("/api/access/me").json()["name"] == "admin"


def test_the_description_and_the_measures_are_served(platform: Platform) -> None:
    assert "/api/access/me" in platform.client.get("/api/openapi.json").json()["paths"]
    assert "everlearn_http_requests_total" in platform.client.get("/metrics").text
    assert httpx.get(f"{platform.pages}/metrics").status_code == 401


def test_a_home_belongs_to_one_platform(platform: Platform) -> None:
    second = everlearn("up", "--api-port", "0", "--gateway-port", "0", home=platform.home)

    assert second.returncode == 1
    assert "another everlearn up uses" in second.stderr


@pytest.mark.parametrize("name", ["api", "worker-1", "gateway"])
def test_a_killed_role_comes_back_at_its_address(name: str, platform: Platform) -> None:
    before = platform.children()[name]

    os.kill(before, signal.SIGKILL)

    until(lambda: platform.children().get(name, before) != before)
    assert platform.client.get("/health/ready").status_code == 200
    assert httpx.get(f"{platform.gateway}/v2/health/live", timeout=30).status_code == 200


def test_the_command_line_works_beside_it(platform: Platform) -> None:
    made = everlearn("access", "create", "eve", "--role", "viewer", "--project", "shop", home=platform.home)
    issued = everlearn("access", "token", "eve", home=platform.home)

    me = httpx.get(f"{platform.pages}/api/access/me", headers={"authorization": f"Bearer {issued.stdout.strip()}"})
    assert made.returncode == 0, made.stderr
    assert me.json() == {"actor": "user:eve", "name": "eve", "grants": {"shop": "viewer"}}


def test_its_files_are_its_owners_alone(platform: Platform) -> None:
    assert platform.home.stat().st_mode & 0o077 == 0


def test_logs_are_lines_of_json_without_secrets(platform: Platform) -> None:
    assert platform.token is not None
    platform.client.get("/api/access/me")

    text = (platform.home / "logs" / "api.log").read_text()

    assert all(line.startswith("{") for line in text.splitlines())
    assert platform.token not in text
    assert platform.token.rsplit("_", 1)[1] not in text


def test_it_stops_when_asked_and_leaves_nobody_behind(tmp_path: Path) -> None:
    with running(tmp_path) as started:
        children = started.children()

        started.process.send_signal(signal.SIGTERM)
        code = started.process.wait(60)

        assert code == 0
        assert not any(is_alive(pid) for pid in children.values())


def test_its_children_end_when_it_is_killed(tmp_path: Path) -> None:
    with running(tmp_path) as started:
        children = started.children()

        started.process.kill()
        started.process.wait()

        until(lambda: not any(is_alive(pid) for pid in children.values()))


def test_a_second_start_finds_everything_and_shows_no_token(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        token = first.token
    with running(tmp_path) as second:
        me = second.client.get("/api/access/me", headers={"authorization": f"Bearer {token}"})

        assert second.token is None
        assert me.json()["name"] == "admin"


def test_without_authentication_nobody_needs_a_token(tmp_path: Path) -> None:
    with running(tmp_path, EVERLEARN_AUTH="off") as started:
        assert started.client.get("/api/access/me").json()["name"] == "local"
        assert started.client.get("/api/access/me", headers={"host": "evil.example"}).status_code == 403

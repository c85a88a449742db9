"""Jobs over HTTP, with a gate that knows a viewer and an operator."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.operations.conftest import Yard

from everlearn.access import Role
from everlearn.core.actor import Actor
from everlearn.core.errors import DeniedError, UnauthenticatedError
from everlearn.operations.api import HANDLERS
from everlearn.web.application import Site, make_litestar
from everlearn.web.auth import Caller, Credentials
from everlearn.web.metrics import http_metrics

Client = TestClient[Litestar]
VIEWER, OPERATOR = {"authorization": "Bearer viewer"}, {"authorization": "Bearer operator"}


@dataclass(frozen=True)
class Somebody:
    actor: Actor
    name: str

    def role_in(self, project: str) -> StrEnum | None:
        return None


class TwoTokens:
    """Whoever shows `viewer` may look, whoever shows `operator` may act."""

    async def identify(self, credentials: Credentials) -> Caller:
        if credentials.token not in {"viewer", "operator"}:
            raise UnauthenticatedError("show a token")
        return Somebody(Actor(f"user:{credentials.token}"), credentials.token)

    def require(self, caller: Caller, *, project: str, role: StrEnum) -> None:
        assert project == "*"
        if caller.name == "viewer" and role is not Role.VIEWER:
            raise DeniedError(f"{role} is needed")

    def check_host(self, host: str) -> None:
        assert host


@pytest.fixture
def client(sqlite_yard: Yard) -> Iterator[Client]:
    site = Site(
        handlers=HANDLERS, services={"operations": sqlite_yard.operations}, gate=TwoTokens(), metrics=http_metrics()
    )
    with TestClient(make_litestar(site), raise_server_exceptions=False) as opened:
        yield opened


def test_jobs_are_listed_by_state_page_by_page(client: Client, sqlite_yard: Yard) -> None:
    first = client.get("/api/jobs?limit=3", headers=VIEWER).json()
    rest = client.get(f"/api/jobs?limit=3&after={first['next']}", headers=VIEWER).json()
    dead = client.get("/api/jobs?state=dead", headers=VIEWER).json()

    assert {job["id"] for job in first["items"] + rest["items"]} == set(sqlite_yard.jobs.values())
    assert rest["next"] is None
    assert [job["error"]["message"] for job in dead["items"]] == ["no luck"]


def test_a_job_is_shown_without_what_fences_its_lease(client: Client, sqlite_yard: Yard) -> None:
    answer = client.get(f"/api/jobs/{sqlite_yard.jobs['running']}", headers=VIEWER)

    assert answer.status_code == 200
    assert answer.json()["arguments"] == {"name": "running"}
    assert "lease_token" not in answer.json()


def test_only_an_operator_drives_jobs_again_and_cancels_them(client: Client, sqlite_yard: Yard) -> None:
    redrive = f"/api/jobs/{sqlite_yard.jobs['dead']}/redrive"
    cancel = f"/api/jobs/{sqlite_yard.jobs['pending']}/cancel"

    assert [client.post(path, headers=VIEWER).status_code for path in (redrive, cancel)] == [403, 403]
    assert client.post(redrive, headers=OPERATOR).json()["state"] == "pending"
    assert client.post(cancel, headers=OPERATOR).json()["state"] == "cancelled"
    assert {actor for _, _, actor in sqlite_yard.events()} == {"user:operator"}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/jobs/job_nobody", 404, "jobs.not_found"),
        ("/api/jobs?state=asleep", 400, "invalid"),
        ("/api/jobs?limit=0", 400, "invalid"),
        ("/api/jobs?after=nonsense", 400, "invalid"),
    ],
)
def test_what_cannot_be_answered_is_refused(client: Client, path: str, status: int, code: str) -> None:
    answer = client.get(path, headers=VIEWER)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_job_in_the_wrong_state_is_a_conflict(client: Client, sqlite_yard: Yard) -> None:
    answer = client.post(f"/api/jobs/{sqlite_yard.jobs['done']}/redrive", headers=OPERATOR)

    assert (answer.status_code, answer.json()["code"]) == (409, "jobs.wrong_state")


def test_whether_all_is_settled_is_told_with_what_is_not(client: Client) -> None:
    answer = client.get("/api/settled", headers=VIEWER)

    assert answer.json() == {
        "settled": False,
        "pending_jobs": 2,
        "subscription_lag": {"loop": 0},
        "checks": {"unshipped_predictions": 0},
    }

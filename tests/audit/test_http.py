"""The log over HTTP, with a gate that knows a viewer of everything and one of a single project."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.audit.conftest import SIGNER, SIZE, Trail

from everlearn.access import Role
from everlearn.audit import verify_export
from everlearn.audit.api import HANDLERS
from everlearn.core.actor import Actor
from everlearn.core.errors import DeniedError, UnauthenticatedError
from everlearn.eventlog.checkpoint import Checkpoint
from everlearn.eventlog.merkle import verify_consistency, verify_inclusion
from everlearn.web.application import Site, make_litestar
from everlearn.web.auth import Caller, Credentials
from everlearn.web.metrics import http_metrics

Client = TestClient[Litestar]
PATHS = (
    "/api/audit/entries",
    "/api/audit/entries/1",
    "/api/audit/checkpoint",
    "/api/audit/key",
    "/api/audit/inclusion?position=1",
    "/api/audit/consistency?old_size=1&size=2",
    "/api/audit/export",
)


@dataclass(frozen=True)
class Somebody:
    actor: Actor
    name: str

    def role_in(self, project: str) -> StrEnum | None:
        return None


class TwoTokens:
    """Whoever shows `everything` may look at the platform, whoever shows `project` only at a project."""

    async def identify(self, credentials: Credentials) -> Caller:
        if credentials.token not in {"everything", "project"}:
            raise UnauthenticatedError("show a token")
        return Somebody(Actor(f"user:{credentials.token}"), credentials.token)

    def require(self, caller: Caller, *, project: str, role: StrEnum) -> None:
        assert (project, role) == ("*", Role.VIEWER)
        if caller.name == "project":
            raise DeniedError("this needs viewer in the whole platform")

    def check_host(self, host: str) -> None:
        assert host


@pytest.fixture
def client(sqlite_trail: Trail) -> Iterator[Client]:
    site = Site(handlers=HANDLERS, services={"audit": sqlite_trail.audit}, gate=TwoTokens(), metrics=http_metrics())
    with TestClient(make_litestar(site), raise_server_exceptions=False) as opened:
        opened.headers["authorization"] = "Bearer everything"
        yield opened


@pytest.mark.parametrize("path", PATHS)
def test_only_who_may_look_at_the_whole_platform_reads_the_log(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200
    assert client.get(path, headers={"authorization": "Bearer project"}).status_code == 403
    assert client.get(path, headers={"authorization": "Bearer nobody"}).status_code == 401


def test_entries_are_listed_page_by_page_and_narrowed(client: Client) -> None:
    first = client.get("/api/audit/entries?limit=2").json()
    second = client.get(f"/api/audit/entries?limit=2&after={first['next']}").json()
    about = client.get("/api/audit/entries?subject=gauge:1&name=t.measured&limit=1000").json()

    assert [entry["position"] for entry in first["items"] + second["items"]] == [600, 599, 598, 597]
    assert {entry["subject"] for entry in about["items"]} == {"gauge:1"}
    assert first["items"][0]["payload"] == {"number": 599, "remark": "nothing special"}


def test_an_entry_is_shown_by_position_and_by_id(client: Client) -> None:
    shown = client.get("/api/audit/entries/42").json()

    assert shown["payload"]["number"] == 41
    assert client.get(f"/api/audit/entries/{shown['id']}").json() == shown


def test_what_is_downloaded_is_proved_with_the_key_alone(client: Client, tmp_path: Path) -> None:
    key = client.get("/api/audit/key").text
    answer = client.get("/api/audit/export")
    (tmp_path / "log.jsonl").write_bytes(answer.content)

    found = verify_export(tmp_path / "log.jsonl", key, notes=[client.get("/api/audit/checkpoint").text])

    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert (found.is_sound, found.size, found.signed_size) == (True, SIZE, SIZE)


def test_proofs_lead_to_what_the_checkpoint_signs(client: Client) -> None:
    signed = Checkpoint.from_note(client.get("/api/audit/checkpoint").text, SIGNER.verifier)

    inclusion = client.get("/api/audit/inclusion?position=42").json()
    growth = client.get(f"/api/audit/consistency?old_size=300&size={signed.size}").json()

    leaf, *hashes = (base64.b64decode(each) for each in (inclusion["leaf_hash"], *inclusion["hashes"]))
    verify_inclusion(leaf, 41, signed.size, hashes, signed.root)
    old_root, *hashes = (base64.b64decode(each) for each in (growth["old_root"], *growth["hashes"]))
    verify_consistency(300, signed.size, hashes, old_root, signed.root)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/audit/entries/evt_nobody", 404, "audit.entry_not_found"),
        ("/api/audit/entries?limit=0", 400, "invalid"),
        ("/api/audit/entries?after=nonsense", 400, "invalid"),
        ("/api/audit/inclusion?position=601", 404, "audit.entry_not_found"),
        ("/api/audit/inclusion?position=5&size=4", 400, "invalid"),
        ("/api/audit/inclusion?position=5&size=601", 400, "invalid"),
        ("/api/audit/inclusion?position=0", 404, "audit.entry_not_found"),
        ("/api/audit/consistency?old_size=0&size=4", 400, "invalid"),
        (f"/api/audit/inclusion?position={2**70}", 400, "invalid"),
        ("/api/audit/inclusion", 400, "invalid"),
        ("/api/audit/consistency?old_size=5&size=4", 400, "invalid"),
        ("/api/audit/consistency?old_size=5&size=601", 400, "invalid"),
    ],
)
def test_what_cannot_be_answered_is_refused(client: Client, path: str, status: int, code: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_changed_entry_is_told_to_be_damaged(client: Client, sqlite_trail: Trail) -> None:
    sqlite_trail.change(42, subject="gauge:9")

    answer = client.get("/api/audit/inclusion?position=42")

    assert answer.json()["code"] == "damaged"
    assert "entry 42 is not what was sealed" in answer.json()["message"]

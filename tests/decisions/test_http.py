"""Decisions over HTTP."""

from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.decisions.conftest import Ledger
from tests.decisions.test_replay import rule_that_finds

from everlearn.access.gate import OpenGate
from everlearn.core.decisions import Verdict
from everlearn.core.digest import digest_json
from everlearn.decisions.api import HANDLERS
from everlearn.web.application import Site, make_litestar
from everlearn.web.metrics import http_metrics

Client = TestClient[Litestar]
DECISIONS = "/api/projects/default/decisions"


def opened(ledger: Ledger) -> Client:
    site = Site(handlers=HANDLERS, services={"decisions": ledger.decisions}, gate=OpenGate(), metrics=http_metrics())
    return TestClient(make_litestar(site), base_url="http://127.0.0.1", raise_server_exceptions=False)


@pytest.fixture
def client(sqlite_ledger: Ledger) -> Iterator[Client]:
    with opened(sqlite_ledger) as client:
        yield client


def test_decisions_are_listed_and_narrowed(client: Client, sqlite_ledger: Ledger) -> None:
    passed, failed = sqlite_ledger.recorded([1.0]), sqlite_ledger.recorded([2.0])

    everything = client.get(DECISIONS).json()
    failures = client.get(f"{DECISIONS}?verdict=fail").json()
    nobody = client.get(f"{DECISIONS}?subject=model:default/nu").json()

    assert {one["id"] for one in everything["items"]} == {passed.id, failed.id}
    assert everything["next"] is None
    assert [(one["finding"]["verdict"], one["finding"]["reason"]) for one in failures["items"]] == [("fail", "mean 2")]
    assert nobody["items"] == []


def test_the_next_page_continues_after_the_last(client: Client, sqlite_ledger: Ledger) -> None:
    ids = {sqlite_ledger.recorded([float(number)]).id for number in range(3)}

    first = client.get(f"{DECISIONS}?limit=2").json()
    rest = client.get(DECISIONS, params={"after": first["next"], "limit": 2}).json()

    assert {one["id"] for one in first["items"] + rest["items"]} == ids
    assert rest["next"] is None


def test_a_decision_is_shown_with_its_window_that_its_digest_is_of(client: Client, sqlite_ledger: Ledger) -> None:
    decision = sqlite_ledger.recorded([0.5, 0.25])

    shown = client.get(f"{DECISIONS}/{decision.id}").json()
    window = client.get(f"{DECISIONS}/{decision.id}/window").json()

    assert shown["parameters"] == {"limit": 1.0}
    assert shown["finding"]["evidence"] == {"mean": 0.375, "n": 2}
    assert shown["effective_at"] == "2013-02-01T12:00:00Z"
    assert window["window"] == {"numbers": [0.5, 0.25]}
    assert window["digest"] == shown["window"] == digest_json(window["window"])


def test_a_replay_tells_what_was_recorded_and_what_comes_out_now(client: Client, sqlite_ledger: Ledger) -> None:
    decision = sqlite_ledger.recorded([2.0])
    address = f"{DECISIONS}/{decision.id}/replay"

    same = client.get(address).json()
    with opened(sqlite_ledger.with_rules({"test.mean@1": rule_that_finds(verdict=Verdict.PASS)})) as later:
        other = later.get(address).json()

    assert (same["reproduced"], same["differences"]) == (True, [])
    assert (other["reproduced"], other["differences"]) == (False, ["verdict"])
    assert (other["recorded"]["verdict"], other["now"]["verdict"]) == ("fail", "pass")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/dec_nobody", 404, "decisions.not_found"),
        ("/dec_nobody/window", 404, "decisions.not_found"),
        ("/dec_nobody/replay", 404, "decisions.not_found"),
        ("?verdict=perhaps", 400, "invalid"),
        ("?limit=0", 400, "invalid"),
        ("?after=nonsense", 400, "invalid"),
        ("?after=0001-01-01T00:00:00%2B23:00,dec_1", 400, "invalid"),
    ],
)
def test_what_cannot_be_answered_is_refused(client: Client, path: str, status: int, code: str) -> None:
    answer = client.get(DECISIONS + path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_lost_or_damaged_window_is_told_apart(client: Client, sqlite_ledger: Ledger) -> None:
    lost, damaged = sqlite_ledger.recorded([1.0]), sqlite_ledger.recorded([2.0])
    sqlite_ledger.window_file(lost).unlink()
    sqlite_ledger.window_file(damaged).chmod(0o644)
    sqlite_ledger.window_file(damaged).write_bytes(b"{}")

    answers = [client.get(f"{DECISIONS}/{one.id}/replay") for one in (lost, damaged)]

    codes = [(answer.status_code, answer.json()["code"]) for answer in answers]
    assert codes == [(404, "decisions.window_missing"), (500, "decisions.window_damaged")]

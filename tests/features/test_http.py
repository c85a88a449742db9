"""Feature definitions over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from everlearn.access.gate import OpenGate
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.features import Features
from everlearn.features.api import HANDLERS
from everlearn.web.application import Site, make_litestar
from everlearn.web.metrics import http_metrics

Client = TestClient[Litestar]
DELAYS = "/api/projects/default/features/carrier-delays"


@pytest.fixture
def client(sqlite_db: Database, log: EventLog, clock: ManualClock) -> Iterator[Client]:
    services = {"features": Features(sqlite_db, log, clock)}
    site = Site(handlers=HANDLERS, services=services, gate=OpenGate(), metrics=http_metrics())
    with TestClient(make_litestar(site), base_url="http://127.0.0.1", raise_server_exceptions=False) as opened:
        yield opened


def request(**changes: Any) -> dict[str, Any]:
    return {
        "entity": ["carrier"],
        "source": "landed",
        "known_at": "landed_at",
        "latest": [{"columns": ["delay"], "max_age": "PT6H", "prefix": "last_"}],
        "rolling": [{"value": "delay", "window": "P7D", "aggregate": "mean", "min_count": 3}],
        **changes,
    }


def test_a_view_is_defined_listed_and_shown(client: Client) -> None:
    defined = [client.put(DELAYS, json=body) for body in (request(), request(), request(known_at="seen_at"))]

    assert [(one.status_code, one.json()["revision"]) for one in defined] == [(200, 1), (200, 1), (200, 2)]
    assert client.get(DELAYS).json()["view"]["known_at"] == "seen_at"
    first = client.get(f"{DELAYS}?revision=1").json()
    assert first["view"]["latest"] == [{"columns": ["delay"], "max_age": "PT21600S", "prefix": "last_"}]
    assert first["view"]["rolling"][0]["window"] == "P7D"
    assert [one["name"] for one in client.get("/api/projects/default/features").json()["items"]] == ["carrier-delays"]
    assert [one["revision"] for one in client.get(f"{DELAYS}/revisions").json()["items"]] == [2, 1]


@pytest.mark.parametrize(
    "body",
    [
        request(entity="carrier"),
        request(latest=[{"columns": ["delay"], "max_age": 7}]),
        request(rolling=[{"value": "delay", "window": "P7D", "aggregate": "median"}]),
        request(rolling=[{"value": "delay", "window": "-P7D", "aggregate": "mean"}]),
        request(rolling=[{"value": "delay", "window": "P999999D", "aggregate": "mean"}]),
        request(rolling=[{"value": "delay", "window": "P7D", "aggregate": "mean", "min_count": 0}]),
        request(latest=[], rolling=[]),
        request(source="../x"),
        request(unknown=1),
        {},
    ],
)
def test_definitions_that_cannot_be_right_are_400_and_change_nothing(client: Client, body: Any) -> None:
    answer = client.put(DELAYS, json=body)

    assert (answer.status_code, set(answer.json())) == (400, {"code", "message", "details"}), answer.text
    assert client.get("/api/projects/default/features").json()["items"] == []


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (DELAYS, 404),
        (f"{DELAYS}/revisions", 404),
        (f"{DELAYS}?revision=x", 400),
        (f"{DELAYS}/revisions?after=x", 400),
        ("/api/projects/default/features?limit=0", 400),
    ],
)
def test_questions_that_have_no_answer_say_so(client: Client, address: str, status: int) -> None:
    answer = client.get(address)

    assert (answer.status_code, set(answer.json())) == (status, {"code", "message", "details"})

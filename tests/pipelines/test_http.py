"""Pipelines over HTTP."""

from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.pipelines.conftest import NumberedRows
from tests.pipelines.test_execution import adding

from everlearn.access.gate import OpenGate
from everlearn.blobs import BlobStore
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import Catalogue, EventLog
from everlearn.pipelines import Pipelines
from everlearn.pipelines.api import HANDLERS
from everlearn.pipelines.events import EVENTS
from everlearn.tracking import Tracking
from everlearn.web.application import Site, make_litestar
from everlearn.web.metrics import http_metrics

Client = TestClient[Litestar]
RUNS = "/api/projects/default/pipelines/adding/runs"


@pytest.fixture
def client(sqlite_db: Database, blobs: BlobStore, clock: ManualClock) -> Iterator[Client]:
    log = EventLog(Catalogue(EVENTS), clock)
    tracking = Tracking(sqlite_db, log, blobs, clock)
    pipelines = Pipelines(sqlite_db, log, blobs, tracking, NumberedRows(), clock, {"adding": adding()})
    site = Site(handlers=HANDLERS, services={"pipelines": pipelines}, gate=OpenGate(), metrics=http_metrics())
    with TestClient(make_litestar(site), base_url="http://127.0.0.1", raise_server_exceptions=False) as opened:
        yield opened


def test_installed_pipelines_say_what_they_need(client: Client) -> None:
    (shown,) = client.get("/api/projects/default/pipelines").json()["items"]

    assert [(step["name"], step["needs"]) for step in shown["steps"]] == [
        ("rows", []),
        ("total", ["rows"]),
        ("report", ["total"]),
    ]
    assert (shown["parameters"], shown["required"]) == (["count", "side"], ["count", "side"])


def test_a_run_is_submitted_once_for_each_key(client: Client) -> None:
    body = {"parameters": {"side": "x", "count": 5, "as_of": "2013-02-01T00:00:00Z"}, "key": "mine"}

    first = client.post(RUNS, json=body).json()
    again = client.post(RUNS, json=body).json()
    other = client.post(RUNS, json={"parameters": body["parameters"]}).json()

    assert first == again
    assert other["id"] != first["id"]
    assert (first["state"], first["effective_at"], first["submitted_by"]) == (
        "submitted",
        "2013-02-01T00:00:00Z",
        "user:local",
    )
    shown = client.get(f"/api/projects/default/pipeline-runs/{first['id']}").json()
    assert [(step["name"], step["state"]) for step in shown["steps"]] == [
        ("rows", "waiting"),
        ("total", "waiting"),
        ("report", "waiting"),
    ]
    assert len(client.get("/api/projects/default/pipeline-runs?pipeline=adding").json()["items"]) == 2


def test_what_cannot_run_is_refused(client: Client) -> None:
    answers = [
        client.post(RUNS, json={"parameters": {"side": "x"}}),
        client.post(RUNS, json={"parameters": {"side": "x", "count": 1}, "key": ""}),
        client.post(RUNS, json={"parameters": [1]}),
        client.post("/api/projects/default/pipelines/none/runs", json={}),
        client.post("/api/projects/No%20Name/pipelines/adding/runs", json={"parameters": {"side": "x", "count": 1}}),
        client.get("/api/projects/default/pipeline-runs/none"),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400, 404, 400, 404]
    assert client.get("/api/projects/default/pipeline-runs").json()["items"] == []

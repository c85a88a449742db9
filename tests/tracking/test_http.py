"""Tracking over HTTP: who may, what is refused, and that files only ever leave as downloads."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.tracking.conftest import NEW_YEAR

from everlearn.access.gate import OpenGate
from everlearn.blobs import BlobStore
from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock
from everlearn.core.digest import digest_bytes
from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.tracking import Experiments, Metric, Search, Tracking
from everlearn.tracking.api import HANDLERS
from everlearn.tracking.comparison.service import Comparisons
from everlearn.web.application import Site, make_litestar
from everlearn.web.metrics import http_metrics

Client = TestClient[Litestar]
RUNS = "/api/projects/default/runs"


@pytest.fixture
def client(sqlite_db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Iterator[Client]:
    tracking = Tracking(sqlite_db, log, blobs, clock)
    tracking.start_run("theirs", "secret", run_id="theirs", actor=Actor("user:other"))
    site = Site(
        handlers=HANDLERS,
        services={
            "tracking": tracking,
            "experiments": Experiments(sqlite_db, clock),
            "comparisons": Comparisons(Search(sqlite_db)),
        },
        gate=OpenGate(),
        metrics=http_metrics(),
        body_limit_bytes=10_000,
    )
    with TestClient(make_litestar(site), base_url="http://127.0.0.1", raise_server_exceptions=False) as opened:
        yield opened


def started(client: Client, **more: Any) -> str:
    answer = client.post(RUNS, json={"experiment": "eta", "run_id": "mine", **more})
    assert answer.status_code == 201, answer.text
    return f"{RUNS}/mine"


def test_a_run_is_started_fed_shown_and_ended(client: Client) -> None:
    run = started(client, name="first", tags={"who": "me"})
    entries = {
        "params": {"depth": "6"},
        "metrics": [{"key": "mae", "value": 8.5}, {"key": "mae", "value": 8.25, "step": 1}],
    }

    logged = [client.post(f"{run}/log", json=entries).status_code for _ in range(2)]
    shown = client.get(run).json()
    ended = client.post(f"{run}/end", json={"status": "FINISHED"})

    assert logged == [201, 201]
    assert (shown["params"], shown["tags"]) == ({"depth": "6"}, {"who": "me"})
    assert [(one["key"], one["value"], one["step"]) for one in shown["metrics"]] == [("mae", 8.25, 1)]
    assert ended.json()["status"] == "FINISHED"
    assert [one["value"] for one in client.get(f"{run}/metrics?key=mae").json()["items"]] == [8.5, 8.25]
    assert [one["id"] for one in client.get(RUNS).json()["items"]] == ["mine"]
    assert [one["name"] for one in client.get("/api/projects/default/experiments").json()["items"]] == ["eta"]


def test_a_file_is_a_download_whatever_it_is(client: Client) -> None:
    run = started(client)
    page = b"<script>alert(1)</script>"

    uploaded = client.put(f"{run}/artifacts", params={"path": "r\u00e9port/p\u00e4ge.html"}, content=page)
    downloaded = client.get(f"{run}/artifacts/content", params={"path": "r\u00e9port/p\u00e4ge.html"})

    assert uploaded.json()["digest"] == digest_bytes(page)
    assert downloaded.content == page
    assert downloaded.headers["content-type"] == "application/octet-stream"
    assert downloaded.headers["content-disposition"] == "attachment; filename*=UTF-8''p%C3%A4ge.html"
    assert downloaded.headers["x-content-type-options"] == "nosniff"
    assert [one["size_bytes"] for one in client.get(f"{run}/artifacts").json()["items"]] == [len(page)]


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "%2e%2e/x", "a\nb", "", "a\\b", "%252e%252e%252fx"])
def test_a_path_that_leads_outside_is_400_and_nothing_is_kept(client: Client, path: str) -> None:
    run = started(client)

    up = client.put(f"{run}/artifacts", params={"path": path}, content=b"x")
    down = client.get(f"{run}/artifacts/content", params={"path": path})

    assert (up.status_code, up.json()["code"]) == (400, "tracking.bad_artifact_path")
    assert down.status_code == 400
    assert client.get(f"{run}/artifacts").json()["items"] == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("POST", "/log", {"params": {"a": "b"}}),
        ("POST", "/end", {"status": "FAILED"}),
        ("GET", "/metrics?key=mae", None),
        ("GET", "/artifacts", None),
        ("GET", "/artifacts/content?path=x", None),
        ("PUT", "/artifacts?path=x", {}),
    ],
)
def test_a_run_of_another_project_is_404_on_every_way(client: Client, method: str, path: str, body: Any) -> None:
    answer = client.request(method, f"{RUNS}/theirs{path}", json=body)

    assert (answer.status_code, answer.json()["code"]) == (404, "tracking.run_not_found")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"params": {"depth": 6}}, 400),
        ({"params": {"../x": "6"}}, 400),
        ({"metrics": [{"key": "mae", "value": "8"}]}, 400),
        ({"metrics": [{"key": "mae", "value": 8, "step": 2**63}]}, 400),
        ({"metrics": [{"key": "mae", "value": 8, "at": "2013-01-01T00:00:00"}]}, 400),
        ({"unknown": 1}, 400),
        ({"params": {"depth": "x" * 6_001}}, 413),
        ({"params": {"depth": "7"}, "tags": {"a": "b"}}, 409),
        ({"params": {"depth": "x" * 12_000}}, 413),
    ],
)
def test_entries_that_cannot_be_right_change_nothing(client: Client, body: Any, status: int) -> None:
    run = started(client)
    client.post(f"{run}/log", json={"params": {"depth": "6"}})
    before = client.get(run).json()

    answer = client.post(f"{run}/log", json=body)

    assert answer.status_code == status, answer.text
    assert client.get(run).json() == before


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{RUNS}?limit=0", 400),
        (f"{RUNS}?limit=100000", 400),
        (f"{RUNS}?after=x", 400),
        (f"{RUNS}/mine/artifacts/content?path=nothing", 404),
        (f"{RUNS}/mine/artifacts/content", 400),
        (f"{RUNS}/mine/metrics", 400),
        (f"{RUNS}/none", 404),
    ],
)
def test_questions_that_have_no_answer_say_so(client: Client, address: str, status: int) -> None:
    started(client)

    answer = client.get(address)

    assert answer.status_code == status
    assert set(answer.json()) == {"code", "message", "details"}


def test_an_upload_over_the_limit_is_413(client: Client) -> None:
    run = started(client)

    answer = client.put(f"{run}/artifacts?path=x", content=b"x" * 10_001)

    assert (answer.status_code, client.get(f"{run}/artifacts").json()["items"]) == (413, [])


def test_a_metric_that_json_has_no_word_for_is_null(
    client: Client, sqlite_db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock
) -> None:
    run = started(client)
    tracking = Tracking(sqlite_db, log, blobs, clock)
    tracking.log_metrics("mine", [Metric(key="mae", value=math.nan, step=0, at=NEW_YEAR)])

    assert [one["value"] for one in client.get(f"{run}/metrics?key=mae").json()["items"]] == [None]
    assert [one["value"] for one in client.get(run).json()["metrics"]] == [None]

"""The registry over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.registry.test_checks import matrix_model
from tests.tracking.protocol import aliases_of

from everlearn.access.gate import OpenGate
from everlearn.blobs import BlobStore
from everlearn.core.clock import ManualClock
from everlearn.core.digest import digest_bytes
from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.registry import Approvals, Registry
from everlearn.registry.api import HANDLERS
from everlearn.web.application import Site, make_litestar
from everlearn.web.metrics import http_metrics

Client = TestClient[Litestar]
ETA = "/api/projects/default/models/eta"


@pytest.fixture
def client(sqlite_db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Iterator[Client]:
    aliases, approvals = aliases_of(sqlite_db, log, blobs, clock), Approvals(sqlite_db, log, clock)
    registry = Registry(sqlite_db, log, blobs, clock)
    services = {"registry": registry, "aliases": aliases, "approvals": approvals}
    for content in (matrix_model(), b"no model", b"profile", b"holdout"):
        blobs.put(content)
    site = Site(handlers=HANDLERS, services=services, gate=OpenGate(), metrics=http_metrics())
    with TestClient(make_litestar(site), base_url="http://127.0.0.1", raise_server_exceptions=False) as opened:
        yield opened


def request(**changes: Any) -> dict[str, Any]:
    dataset = {"name": "flights", "version": 1, "digest": digest_bytes(b"flights")}
    return {
        "run_id": "run_1",
        "model_digest": digest_bytes(matrix_model()),
        "signature": {
            "inputs": [{"name": "distance", "datatype": "FP32"}, {"name": "hour", "datatype": "FP32"}],
            "outputs": [{"name": "air_time", "datatype": "FP32", "minimum": 0, "maximum": 1_000}],
        },
        "lineage": {
            "datasets": [dataset],
            "pipeline_run_id": "prun_1",
            "run_id": "run_1",
            "code_digest": digest_bytes(b"code"),
        },
        "profile_digest": digest_bytes(b"profile"),
        "holdout_digest": digest_bytes(b"holdout"),
        "trained_through": "2013-01-31T00:00:00Z",
        "source_key": "prun_1",
        "metrics": {"mae": 8.4},
        **changes,
    }


def registered(client: Client) -> None:
    answer = client.post(f"{ETA}/versions", json=request())
    assert (answer.status_code, answer.json()["number"]) == (201, 1), answer.text


def test_a_version_is_registered_shown_moved_and_named(client: Client) -> None:
    registered(client)
    registered(client)

    moved = client.post(f"{ETA}/versions/1/stage", json={"stage": "live", "reason": "by hand"})
    named = client.put(f"{ETA}/aliases/best", json={"version": 1, "reason": "by hand"})

    assert (moved.json()["stage"], named.json()) == ("live", {"alias": "best", "number": 1})
    assert client.get(f"{ETA}/versions/1").json()["stage"] == "live"
    assert [one["after"] for one in client.get(f"{ETA}/versions/1/stages").json()["items"]] == ["candidate", "live"]
    assert client.delete(f"{ETA}/aliases/best?reason=done").status_code == 204
    assert [one["after"] for one in client.get(f"{ETA}/alias-history").json()["items"]] == [None, 1]
    assert client.get(f"{ETA}/aliases").json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"model_digest": digest_bytes(b"no model")}, 400, "registry.not_onnx"),
        ({"model_digest": digest_bytes(b"nothing")}, 404, "blobs.not_found"),
        ({"holdout_digest": digest_bytes(b"nothing")}, 404, "blobs.not_found"),
        ({"model_digest": "sha256:../../x"}, 400, "invalid"),
        ({"flavour": "pickle"}, 400, "registry.flavour_refused"),
        ({"signature": {"inputs": [], "outputs": []}}, 400, "registry.bad_signature"),
        ({"source_key": ""}, 400, "invalid"),
        ({"trained_through": "2013-01-31"}, 400, "web.wrong_type"),
        ({"trained_through": "2013-01-31T00:00:00"}, 400, "web.wrong_type"),
        ({"run_id": None}, 400, "web.wrong_type"),
    ],
)
def test_a_version_that_cannot_be_right_is_refused_and_nothing_is_kept(
    client: Client, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = client.post(f"{ETA}/versions", json=request(**changes))

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert client.get("/api/projects/default/models").json()["items"] == []


def test_moves_that_are_not_possible_are_told_apart(client: Client) -> None:
    registered(client)

    answers = [
        client.put(f"{ETA}/aliases/champion", json={"version": 2, "reason": "x"}),
        client.put(f"{ETA}/aliases/latest", json={"version": 1, "reason": "x"}),
        client.put(f"{ETA}/aliases/champion", json={"version": 1, "reason": " "}),
        client.put("/api/projects/default/models/none/aliases/champion", json={"version": 1, "reason": "x"}),
        client.post(f"{ETA}/versions/99999999999999999999/stage", json={"stage": "live", "reason": "x"}),
        client.post(f"{ETA}/versions/1/stage", json={"stage": "gone", "reason": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [404, 400, 400, 404, 404, 400]

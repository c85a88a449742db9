from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.serving.models import Shelf, plane
from tests.serving.running import URL, Stage, rows

from everlearn.access import Access, AccountKind, Role
from everlearn.access.events import EVENTS as ACCESS_EVENTS
from everlearn.access.gate import TokenGate
from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import Catalogue, EventLog
from everlearn.serving import Deployments, Labels, PredictionLog
from everlearn.serving.api import HANDLERS
from everlearn.serving.events import EVENTS
from everlearn.serving.store import gateways
from everlearn.web.application import Site, make_litestar
from everlearn.web.metrics import http_metrics

NOON = datetime(2013, 2, 1, 12, tzinfo=UTC)
ROOT = Actor("user:root")
MODEL = "/api/projects/default/models/eta"

Client = TestClient[Litestar]


@pytest.fixture
def client(sqlite_db: Database) -> Iterator[Client]:
    """Olga the operator; versions 1 and 2 of `eta` exist, nothing is deployed."""
    clock = ManualClock(NOON)
    log = EventLog(Catalogue((*EVENTS, *ACCESS_EVENTS)), clock)
    access = Access(sqlite_db, log, clock)
    for name, role in (("olga", Role.OPERATOR), ("carl", Role.CONTRIBUTOR), ("vera", Role.VIEWER)):
        access.create_account(name, AccountKind.PERSON, actor=ROOT)
        access.grant(name, "default", role, actor=ROOT)
    site = Site(
        handlers=HANDLERS,
        services={
            "deployments": Deployments(sqlite_db, log, clock),
            "labels": Labels(sqlite_db, log, clock, pause=lambda _seconds: None),
            "prediction_log": PredictionLog(sqlite_db),
            "registry": Shelf({1: plane(1.0, 0.0), 2: plane(0.0, 1.0)}),
        },
        gate=TokenGate(access),
        metrics=http_metrics(),
    )
    with TestClient(make_litestar(site), raise_server_exceptions=False) as opened:
        opened.headers["authorization"] = f"Bearer {access.issue_token('olga', actor=ROOT).secret}"
        opened.app.state["tokens"] = {
            name: {"authorization": f"Bearer {access.issue_token(name, actor=ROOT).secret}"}
            for name in ("carl", "vera")
        }
        yield opened


def deploy(client: Client, **traffic: Any) -> Any:
    return client.post(f"{MODEL}/deployment", json={"champion": 1, "reason": "by hand", **traffic})


def label(prediction_id: str = "r:0", value: float = 7.5) -> dict[str, Any]:
    return {"prediction_id": prediction_id, "value": value, "observed_at": "2013-02-01T14:00:00Z"}


def test_an_operator_pushes_a_candidate_to_a_canary_with_a_reason(client: Client) -> None:
    deploy(client)

    pushed = deploy(client, candidate=2, phase="canary", weight=0.25)

    assert pushed.status_code == 200
    assert client.get(f"{MODEL}/deployment").json() == pushed.json()
    assert pushed.json()["traffic"] == {"champion": 1, "candidate": 2, "phase": "canary", "weight": 0.25}
    history = client.get(f"{MODEL}/deployment/history", params={"limit": 1}).json()
    assert [(item["actor"], item["reason"]) for item in history["items"]] == [("user:olga", "by hand")]
    assert history["next"] == "2"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"champion": 9, "reason": "x"}, 404, "not_found"),
        ({"champion": 1, "reason": ""}, 400, "web.wrong_type"),
        ({"champion": 1}, 400, "web.wrong_type"),
        ({"champion": 0, "reason": "x"}, 400, "web.wrong_type"),
        ({"champion": 1, "reason": "x", "candidate": 2}, 409, "serving.illegal_traffic"),
        ({"champion": 1, "reason": "x", "candidate": 2, "phase": "canary", "weight": 2.0}, 400, "web.wrong_type"),
    ],
)
def test_traffic_that_cannot_be_is_refused(client: Client, body: dict[str, Any], status: int, code: str) -> None:
    answer = client.post(f"{MODEL}/deployment", json=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_model_without_a_deployment_is_not_found(client: Client) -> None:
    answer = client.get(f"{MODEL}/deployment")

    assert (answer.status_code, answer.json()["code"]) == (404, "serving.not_deployed")


def test_traffic_needs_an_operator_and_labels_a_contributor(client: Client) -> None:
    carl, vera = (client.app.state["tokens"][name] for name in ("carl", "vera"))
    deploy(client)

    statuses = [
        client.post(f"{MODEL}/deployment", json={"champion": 2, "reason": "x"}, headers=carl).status_code,
        client.post(f"{MODEL}/labels", json={"items": [label()]}, headers=carl).status_code,
        client.post(f"{MODEL}/labels", json={"items": [label()]}, headers=vera).status_code,
        client.get(f"{MODEL}/deployment", headers=vera).status_code,
    ]

    assert statuses == [403, 200, 403, 200]


def test_labels_come_in_batches_and_may_come_again(client: Client) -> None:
    deploy(client)

    first = client.post(f"{MODEL}/labels", json={"items": [label("r:0"), label("r:1")]})
    again = client.post(f"{MODEL}/labels", json={"items": [label("r:1"), label("r:2")]})
    other = client.post(f"{MODEL}/labels", json={"items": [label("r:1", 8.0)]})

    assert first.json() == {"accepted": 2, "repeated": 0}
    assert again.json() == {"accepted": 1, "repeated": 1}
    assert (other.status_code, other.json()["code"]) == (409, "serving.label_contradicts")


@pytest.mark.parametrize(
    "items",
    [
        [],
        [{"prediction_id": "r:0", "value": 1.0, "observed_at": "2013-02-01T14:00:00"}],
        [{"prediction_id": "r:0", "value": "7", "observed_at": "2013-02-01T14:00:00Z"}],
        [{"prediction_id": "", "value": 1.0, "observed_at": "2013-02-01T14:00:00Z"}],
        [{"prediction_id": "r:0", "value": 1.0, "observed_at": "0001-02-01T14:00:00Z"}],
        [label(), label()],
        [label(f"r:{index}") for index in range(10_001)],
    ],
    ids=["none", "zone", "text", "unnamed", "long ago", "twice", "too many"],
)
def test_labels_that_cannot_be_right_are_refused(client: Client, items: list[Any]) -> None:
    deploy(client)

    assert client.post(f"{MODEL}/labels", json={"items": items}).status_code == 400


def test_a_watermark_is_set_and_read(client: Client) -> None:
    deploy(client)

    before = client.get(f"{MODEL}/watermark").json()
    set_ = client.post(f"{MODEL}/watermark", json={"through": "2013-02-02T00:00:00+00:00"})
    back = client.post(f"{MODEL}/watermark", json={"through": "2013-02-01T00:00:00Z"})

    assert before == {"through": None}
    assert set_.json() == client.get(f"{MODEL}/watermark").json() == {"through": "2013-02-02T00:00:00Z"}
    assert (back.status_code, back.json()["code"]) == (409, "serving.watermark_backwards")


def test_a_watermark_that_a_gateway_holds_up_says_when_to_try_again(client: Client, sqlite_db: Database) -> None:
    deploy(client)
    with sqlite_db.write() as tx:
        gateways.report(tx, "gateway-1", unshipped_bytes=100, barrier=0, at=NOON)

    answer = client.post(f"{MODEL}/watermark", json={"through": "2013-02-02T00:00:00Z"})

    assert (answer.status_code, answer.json()["code"]) == (503, "serving.predictions_pending")
    assert answer.headers["retry-after"] == "1"


def test_predictions_are_listed_in_pages_with_their_labels(client: Client, sqlite_db: Database, tmp_path: Path) -> None:
    deploy(client)
    with Stage(db=sqlite_db, folder=tmp_path).running() as gateway:
        gateway.post(URL, json=rows((1.0, 0.0), (2.0, 0.0), (3.0, 0.0), id="r"))
    client.post(f"{MODEL}/labels", json={"items": [label("r:1", 9.0)]})

    first = client.get(f"{MODEL}/predictions", params={"limit": 2}).json()
    rest = client.get(f"{MODEL}/predictions", params={"limit": 2, "after": first["next"]}).json()

    listed = [*first["items"], *rest["items"]]
    assert [(item["prediction_id"], item["value"], item["label"]) for item in listed] == [
        ("r:0", 1.0, None),
        ("r:1", 2.0, 9.0),
        ("r:2", 3.0, None),
    ]
    assert rest["next"] is None
    assert client.get(f"{MODEL}/predictions", params={"start": "2999-01-01T00:00:00Z"}).json()["items"] == []
    assert client.get(f"{MODEL}/predictions", params={"after": "x"}).status_code == 400

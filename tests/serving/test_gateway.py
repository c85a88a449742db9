import socket
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url
from tests.serving.models import BASKET, PLANE, by_column, gather, plane, unary
from tests.serving.outage import Wire
from tests.serving.running import URL, Stage, entities, rows, until

from everlearn.core.errors import UnavailableError
from everlearn.db import Database, open_database
from everlearn.db.migrate import migrate
from everlearn.serving.model import EARLIEST, LATEST, Outcome, Phase, Scored, Traffic
from everlearn.serving.ports import LoadedSpec
from everlearn.serving.protocol import Limits
from everlearn.serving.routing import share_of
from everlearn.serving.store import predictions

CANARY = Traffic(champion=1, candidate=2, phase=Phase.CANARY, weight=0.5)
SHADOW = Traffic(champion=1, candidate=2, phase=Phase.SHADOW)


@pytest.fixture
def stage(sqlite_db: Database, tmp_path: Path) -> Stage:
    made = Stage(db=sqlite_db, folder=tmp_path)
    made.direct(Traffic(champion=1))
    return made


def scored(stage: Stage, version: int) -> list[Scored]:
    """Give what is stored of a version, once the gateway has stopped and so shipped everything."""
    with stage.db.read() as tx:
        return predictions.scored(tx, "default", "eta", version, EARLIEST, LATEST)


def follow(client: httpx.Client, stage: Stage, to: Traffic) -> None:
    """Move the traffic and wait until the gateway follows."""
    generation = stage.direct(to).generation
    until(lambda: client.get("/health/spool").json()["generation"]["default/eta"] == generation)


def test_a_model_of_columns_and_several_outputs_is_answered_in_the_callers_order(stage: Stage) -> None:
    stage.shelf.versions[1] = LoadedSpec(onnx=by_column(), signature=BASKET)
    request = {
        "inputs": [
            {"name": "is_paid", "shape": [2], "datatype": "BOOL", "data": [True, False]},
            {"name": "price", "shape": [2, 1], "datatype": "FP64", "data": [[1.5], [2.0]]},
            {"name": "count", "shape": [2], "datatype": "INT32", "data": [2, 3]},
        ],
        "outputs": [{"name": "is_gift"}, {"name": "total"}],
    }

    with stage.running() as client:
        answer = client.post(URL, json=request).json()

    assert [(output["name"], output["data"]) for output in answer["outputs"]] == [
        ("is_gift", [False, True]),
        ("total", [3.0, 6.0]),
    ]


def test_large_batches_are_answered_like_small_ones(stage: Stage) -> None:
    points = [(float(number), 0.0) for number in range(5_000)]

    with stage.running() as client:
        answer = client.post(URL, json=rows(*points)).json()

    assert answer["outputs"][0]["data"] == [point[0] for point in points]


def test_a_body_that_does_not_come_is_given_up(stage: Stage) -> None:
    with (
        stage.running(limits=Limits(body_timeout_s=0.05)) as client,
        socket.create_connection(("127.0.0.1", stage.port)) as wire,
    ):
        wire.sendall(
            f"POST {URL} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer good\r\ncontent-length: 10\r\n\r\n{{".encode()
        )
        answer = wire.recv(65_536)
        still_up = client.post(URL, json=rows((1.0, 2.0))).status_code

    assert answer.startswith(b"HTTP/1.1 408")
    assert still_up == 200


def test_a_caller_who_hangs_up_leaves_nothing_behind(stage: Stage) -> None:
    with stage.running() as client:
        with socket.create_connection(("127.0.0.1", stage.port)) as wire:
            wire.sendall(
                f"POST {URL} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer good\r\ncontent-length: 99\r\n\r\n".encode()
            )
        still_up = client.post(URL, json=rows((1.0, 2.0))).status_code

    assert still_up == 200
    assert len(scored(stage, 1)) == 1


# who may ask


def test_a_token_is_asked_about_once_in_a_while_and_not_for_every_request(stage: Stage) -> None:
    with stage.running() as client:
        for _ in range(20):
            client.post(URL, json=rows((1.0, 2.0)))

    assert stage.keeper.asked == 1


def test_who_was_let_in_before_is_let_in_while_the_database_is_away(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("everlearn.serving.gateway.doors.REMEMBERED_FOR_S", 0.0)

    with stage.running() as client:
        statuses = [client.post(URL, json=rows((1.0, 2.0))).status_code]
        stage.keeper.failure = UnavailableError("away")
        statuses.append(client.post(URL, json=rows((1.0, 2.0))).status_code)
        statuses.append(client.post(URL, json=rows((1.0, 2.0)), headers={"authorization": "Bearer looker"}).status_code)

    assert statuses == [200, 200, 503]


def test_a_revoked_token_opens_nothing_even_while_the_database_is_away(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("everlearn.serving.gateway.doors.REMEMBERED_FOR_S", 0.0)

    with stage.running() as client:
        client.post(URL, json=rows((1.0, 2.0)))
        stage.keeper.grants = {}
        revoked = client.post(URL, json=rows((1.0, 2.0)))
        stage.keeper.failure = UnavailableError("away")
        away = client.post(URL, json=rows((1.0, 2.0)))

    assert (revoked.status_code, away.status_code) == (401, 503)


# traffic


def test_in_shadow_both_score_and_the_champion_answers(stage: Stage) -> None:
    stage.direct(SHADOW)

    with stage.running() as client:
        answer = client.post(URL, json=rows((1.0, 10.0), (2.0, 20.0))).json()

    assert answer["outputs"][0]["data"] == [1.0, 2.0]
    assert answer["parameters"]["served_by"] == "1:2"
    assert [(row.value, row.is_served) for row in scored(stage, 2)] == [(10.0, False), (20.0, False)]


def test_in_a_canary_each_entity_is_answered_by_its_version_and_scored_by_both(stage: Stage) -> None:
    stage.direct(CANARY)
    names = [f"flight-{number}" for number in range(200)]
    request = rows(*[(1.0, 10.0)] * 200)

    with stage.running() as client:
        answer = client.post(URL, json={"inputs": [*request["inputs"], entities(*names)]}).json()

    expected = [10.0 if share_of("default/eta/2", name) < 0.5 else 1.0 for name in names]
    assert answer["outputs"][0]["data"] == expected
    theirs = expected.count(10.0)
    assert answer["parameters"]["served_by"] == f"1:{200 - theirs},2:{theirs}"
    assert [len(scored(stage, version)) for version in (1, 2)] == [200, 200]
    assert sum(row.is_served for row in scored(stage, 2)) == theirs


def test_a_version_asked_for_by_number_answers_alone(stage: Stage) -> None:
    stage.direct(SHADOW)

    with stage.running() as client:
        answer = client.post("/v2/models/eta/versions/2/infer", json=rows((1.0, 10.0))).json()

    assert (answer["model_version"], answer["outputs"][0]["data"]) == ("2", [10.0])
    assert (len(scored(stage, 1)), len(scored(stage, 2))) == (0, 1)


def test_traffic_that_moves_is_followed_without_a_failed_request(stage: Stage) -> None:
    with stage.running() as client:
        values = [client.post(URL, json=rows((1.0, 10.0))).json()["outputs"][0]["data"]]
        for to in (SHADOW, Traffic(champion=2), Traffic(champion=1)):
            follow(client, stage, to)
            values.append(client.post(URL, json=rows((1.0, 10.0))).json()["outputs"][0]["data"])

    assert values == [[1.0], [1.0], [10.0], [1.0]]


def test_columns_of_a_version_that_is_not_there_yet_are_left_aside_and_named(stage: Stage) -> None:
    extra = {"name": "wind", "shape": [1], "datatype": "FP32", "data": [3.0]}
    request = rows((1.0, 10.0))

    with stage.running() as client:
        answer = client.post(URL, json={"inputs": [*request["inputs"], extra]}).json()

    assert answer["outputs"][0]["data"] == [1.0]
    assert answer["parameters"]["ignored_inputs"] == "wind"


BROKEN = {
    "not a graph": LoadedSpec(onnx=b"broken", signature=PLANE),
    "fails on every request": LoadedSpec(onnx=gather(), signature=PLANE),
    "gives no number": LoadedSpec(onnx=unary("Log"), signature=PLANE),
    "out of bounds": plane(0.0, 1e6),
    "other outputs": LoadedSpec(onnx=by_column(), signature=BASKET),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_candidate_fails_no_request(stage: Stage, kind: str) -> None:
    stage.shelf.versions[2] = BROKEN[kind]
    stage.direct(Traffic(champion=1, candidate=2, phase=Phase.CANARY, weight=1.0))

    with stage.running() as client:
        answer = client.post(URL, json=rows((1.0, -10.0), (2.0, -20.0))).json()

    assert answer["outputs"][0]["data"] == [1.0, 2.0]
    assert answer["parameters"] == {"served_by": "1:2", "degraded": 1, "generation": 2}
    assert [(row.status, row.is_served) for row in scored(stage, 2)] == [(Outcome.FAILED, False)] * 2
    assert [(row.value, row.is_served, row.is_fallback) for row in scored(stage, 1)] == [
        (1.0, True, True),
        (2.0, True, True),
    ]


def test_a_candidate_stands_in_for_nobody_but_answers_the_rows_it_can(stage: Stage) -> None:
    stage.shelf.versions[2] = LoadedSpec(onnx=unary("Sqrt"), signature=PLANE)
    stage.direct(Traffic(champion=1, candidate=2, phase=Phase.CANARY, weight=1.0))

    with stage.running() as client:
        answer = client.post(URL, json=rows((9.0, 0.0), (-1.0, 0.0))).json()

    assert answer["outputs"][0]["data"] == [3.0, -1.0]
    assert answer["parameters"]["served_by"] == "1:1,2:1"


def test_a_candidate_that_keeps_failing_is_spared_and_still_counted_as_failing(stage: Stage) -> None:
    stage.shelf.versions[2] = BROKEN["fails on every request"]
    stage.direct(SHADOW)

    with stage.running() as client:
        for _ in range(20):
            client.post(URL, json=rows((1.0, 10.0)))

    assert [row.status for row in scored(stage, 2)] == [Outcome.FAILED] * 20


def test_a_champion_that_fails_is_an_error_and_is_recorded(stage: Stage) -> None:
    stage.shelf.versions[1] = LoadedSpec(onnx=unary("Log"), signature=PLANE)

    with stage.running() as client:
        answer = client.post(URL, json=rows((1.0, 0.0), (-1.0, 0.0)))

    assert (answer.status_code, list(answer.json())) == (500, ["error"])
    assert [(row.status, row.is_served) for row in scored(stage, 1)] == [
        (Outcome.OK, False),
        (Outcome.FAILED, False),
    ]


def test_a_champion_outside_its_bounds_answers_and_says_so(stage: Stage) -> None:
    with stage.running() as client:
        answer = client.post(URL, json=rows((5_000.0, 0.0))).json()

    assert (answer["outputs"][0]["data"], answer["parameters"]["degraded"]) == ([5_000.0], 1)


# when things are away


def test_a_champion_that_cannot_be_loaded_leaves_the_one_before_in_place(stage: Stage) -> None:
    stage.shelf.versions[3] = LoadedSpec(onnx=b"broken", signature=PLANE)

    with stage.running() as client:
        stage.direct(Traffic(champion=3))
        until(lambda: "degraded" in client.get("/v2/health/ready").json())
        answer = client.post(URL, json=rows((1.0, 10.0)))

    assert (answer.status_code, answer.json()["model_version"]) == (200, "1")


def test_a_model_that_cannot_be_loaded_at_all_is_unavailable(stage: Stage) -> None:
    stage.shelf.versions[1] = LoadedSpec(onnx=b"broken", signature=PLANE)

    with stage.running() as client:
        answers = [client.post(URL, json=rows((1.0, 10.0))), client.get("/v2/models/eta/ready")]

    assert [answer.status_code for answer in answers] == [503, 503]


def test_a_store_of_models_that_is_away_is_asked_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("everlearn.serving.gateway.fleet.RETRY_LOADING_AFTER_S", 0.0)
    stage.shelf.failure = UnavailableError("away")

    with stage.running() as client:
        before = client.post(URL, json=rows((1.0, 10.0))).status_code
        stage.shelf.failure = None
        until(lambda: client.post(URL, json=rows((1.0, 10.0))).status_code == 200)

    assert before == 503


def test_a_gateway_answers_while_the_database_is_away_and_ships_when_it_is_back(
    postgresql_url: str, tmp_path: Path
) -> None:
    direct = open_database(postgresql_url)
    migrate(direct)
    stage = Stage(db=direct, folder=tmp_path)
    stage.direct(Traffic(champion=1))
    wire = Wire(("127.0.0.1", make_url(postgresql_url).port or 5432))
    remote = open_database(str(make_url(postgresql_url).set(port=wire.port)))

    with wire, stage.running(db=remote) as client:
        wire.cut()
        until(lambda: "degraded" in client.get("/v2/health/ready").json())
        answer = client.post(URL, json=rows((1.0, 10.0), id="while-away"))
        unshipped = client.get("/health/spool").json()["unshipped_bytes"]
        wire.mend()
        until(lambda: client.get("/health/spool").json()["unshipped_bytes"] == 0)
    stored = scored(stage, 1)
    remote.close()
    direct.close()

    assert (answer.status_code, unshipped > 0) == (200, True)
    assert [row.prediction_id for row in stored] == ["while-away:0"]


def test_a_gateway_tells_what_it_does(stage: Stage) -> None:
    stage.direct(CANARY)

    with stage.running() as client:
        client.post(URL, json=rows((1.0, 10.0)))
        text = client.get("/metrics").text

    assert 'everlearn_gateway_requests_total{status="200"} 1.0' in text
    assert 'everlearn_gateway_generation{model="eta",project="default"} 2.0' in text
    assert "everlearn_gateway_database_away 0.0" in text


def test_a_gateway_that_stops_has_shipped_everything_and_is_off_the_list(stage: Stage) -> None:
    with stage.running() as client:
        for number in range(50):
            client.post(URL, json=rows((1.0, 10.0), id=f"r-{number}"))

    assert len(scored(stage, 1)) == 50
    with stage.db.read() as tx:
        assert tx.connection.exec_driver_sql("select count(*) from gateways").scalar_one() == 0

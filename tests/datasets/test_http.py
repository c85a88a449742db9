"""Data sets over HTTP."""

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.datasets.flights import frame, parquet

from everlearn.access.gate import OpenGate
from everlearn.datasets import Datasets
from everlearn.datasets.api import HANDLERS
from everlearn.web.application import Site, make_litestar
from everlearn.web.metrics import http_metrics

Client = TestClient[Litestar]
FLIGHTS = "/api/projects/default/datasets/flights"
LIMIT = 10_000


@pytest.fixture
def client(local: Datasets) -> Iterator[Client]:
    site = Site(
        handlers=HANDLERS,
        services={"datasets": local},
        gate=OpenGate(),
        metrics=http_metrics(),
        body_limit_bytes=LIMIT,
    )
    with TestClient(make_litestar(site), base_url="http://127.0.0.1", raise_server_exceptions=False) as opened:
        yield opened


def contract(**changes: Any) -> dict[str, Any]:
    return {
        "columns": [
            {"name": "flight", "dtype": "String"},
            {"name": "at", "dtype": "Datetime[us, UTC]"},
            {"name": "delay", "dtype": "Float64", "range": {"maximum": 600, "severity": "report"}},
            {"name": "distance", "dtype": "Int64", "nulls": {"max_share": 0.1}, "range": {"minimum": 1}},
        ],
        "unique": [{"columns": ["flight", "at"]}],
        "event_time": "at",
        **changes,
    }


def defined(client: Client) -> None:
    answer = client.put(FLIGHTS, json=contract())
    assert (answer.status_code, answer.json()["contract_revision"]) == (200, 1), answer.text


def post(client: Client, content: bytes, **query: str) -> Any:
    return client.post(f"{FLIGHTS}/partitions", params={"key": "day-0", **query}, content=content)


def test_a_data_set_is_defined_grown_listed_and_shown(client: Client) -> None:
    defined(client)
    defined(client)
    late = parquet(frame([{"flight": "A", "delay": 601.0}, {"flight": "B"}]))

    made = [post(client, late, effective_at="2013-02-01T00:00:00.000000Z") for _ in range(2)]

    assert [(one.status_code, one.json()["number"]) for one in made] == [(201, 1), (201, 1)]
    shown = client.get(f"{FLIGHTS}/versions/1").json()
    assert shown == made[0].json()
    assert (shown["rows"], shown["effective_at"]) == (2, "2013-02-01T00:00:00Z")
    assert shown["partitions"][0]["key"] == "day-0"
    assert shown["defects"] == ['delay is at most 600: 1 of 2 rows is against it, such as {"row":0,"value":601.0}']
    report = client.get(f"{FLIGHTS}/versions/1/report").json()
    assert report["defects"] == shown["defects"]
    assert {check["verdict"] for check in report["checks"]} == {"pass", "fail"}
    assert client.get(FLIGHTS).json()["newest"] == 1
    assert [one["name"] for one in client.get("/api/projects/default/datasets").json()["items"]] == ["flights"]
    assert [one["added"]["key"] for one in client.get(f"{FLIGHTS}/versions").json()["items"]] == ["day-0"]


def test_a_partition_that_does_not_keep_the_contract_is_400_with_its_violations(client: Client) -> None:
    defined(client)

    answer = post(client, parquet(frame([{"flight": "A", "distance": 0}])))

    assert (answer.status_code, answer.json()["code"]) == (400, "datasets.partition_refused")
    assert answer.json()["details"]["violations"] == [
        'distance is at least 1: 1 of 1 rows is against it, such as {"row":0,"value":0}'
    ]
    assert client.get(f"{FLIGHTS}/versions").json()["items"] == []


@pytest.mark.parametrize(
    ("content", "query", "status", "code"),
    [
        (b"not parquet", {}, 400, "datasets.not_parquet"),
        (b"", {}, 400, "datasets.not_parquet"),
        (parquet(frame().clear()), {}, 400, "invalid"),
        (parquet(frame().drop("at")), {}, 400, "datasets.partition_refused"),
        (parquet(frame().cast({"distance": pl.Int8}, strict=False)), {}, 400, "datasets.partition_refused"),
        (parquet(frame()), {"key": "../x"}, 400, "datasets.bad_key"),
        (parquet(frame()), {"key": ""}, 400, "datasets.bad_key"),
        (parquet(frame()), {"effective_at": "yesterday"}, 400, "invalid"),
        (parquet(frame()), {"effective_at": "2013-01-01T00:00:00"}, 400, "invalid"),
        (b"x" * (LIMIT + 1), {}, 413, "web.body_too_large"),
    ],
)
def test_partitions_that_cannot_be_right_change_nothing(
    client: Client, content: bytes, query: dict[str, str], status: int, code: str
) -> None:
    defined(client)

    answer = post(client, content, **query)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert set(answer.json()) == {"code", "message", "details"}
    assert client.get(FLIGHTS).json()["newest"] == 0


def test_other_content_under_a_known_key_is_409(client: Client) -> None:
    defined(client)
    post(client, parquet(frame()))

    answer = post(client, parquet(frame(day=1)))

    assert (answer.status_code, answer.json()["code"]) == (409, "datasets.key_taken")


@pytest.mark.parametrize(
    "body",
    [
        {},
        contract(unknown=1),
        contract(columns=[]),
        contract(columns=[{"name": "x", "dtype": "Object"}]),
        contract(columns=[{"name": "x", "dtype": "Int64", "max_null_share": 1}]),
        contract(columns=[{"name": "x", "dtype": "Int64", "nulls": {"max_share": "1"}}]),
        contract(columns=[{"name": "x", "dtype": "Int64", "range": {"minimum": None}}]),
        contract(unique=[{"columns": ["nothing"]}]),
        contract(unique=[{"columns": ["flight"], "severity": "ignore"}]),
        contract(event_time="flight"),
    ],
)
def test_contracts_that_cannot_be_right_are_400_and_change_nothing(client: Client, body: Any) -> None:
    answer = client.put(FLIGHTS, json=body)

    assert (answer.status_code, set(answer.json())) == (400, {"code", "message", "details"}), answer.text
    assert client.get("/api/projects/default/datasets").json()["items"] == []


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/projects/default/datasets/nothing", 404),
        ("/api/projects/default/datasets/nothing/versions", 404),
        (f"{FLIGHTS}/versions/1", 404),
        (f"{FLIGHTS}/versions/0/report", 404),
        (f"{FLIGHTS}/versions/x", 404),
        (f"{FLIGHTS}/versions?after=x", 400),
        (f"{FLIGHTS}/versions?limit=0", 400),
        ("/api/projects/other/datasets/flights", 404),
        ("/api/projects/default/datasets/..%2Fx", 404),
    ],
)
def test_questions_that_have_no_answer_say_so(client: Client, address: str, status: int) -> None:
    defined(client)

    answer = client.get(address)

    assert (answer.status_code, set(answer.json())) == (status, {"code", "message", "details"})


def test_nothing_is_appended_where_nothing_is_defined(client: Client) -> None:
    assert post(client, parquet(frame())).json()["code"] == "datasets.not_found"
    assert client.post(f"{FLIGHTS}/partitions", content=b"x").status_code == 400
    assert client.put("/api/projects/default/datasets/A%20B", json=contract()).status_code == 400

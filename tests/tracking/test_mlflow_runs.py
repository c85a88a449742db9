"""Experiments, runs and what they log, over MLflow's protocol, on both engines."""

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest
from tests.tracking.protocol import Server, server_of

from everlearn.blobs import BlobStore
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import EventLog


@pytest.fixture
def server(db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Server:
    return server_of(db, log, blobs, clock)


def labels(pairs: list[dict[str, str]]) -> dict[str, str]:
    return {pair["key"]: pair["value"] for pair in pairs}


def metric(key: str, value: Any, *, step: int = 0, timestamp: int = 1) -> dict[str, Any]:
    return {"key": key, "value": value, "step": step, "timestamp": timestamp}


def test_a_fresh_project_has_experiment_0_named_default(server: Server) -> None:
    by_id = server.get("/mlflow/experiments/get", experiment_id="0").body["experiment"]
    by_name = server.project("other").get("/mlflow/experiments/get-by-name", experiment_name="Default").body

    assert (by_id["name"], by_id["lifecycle_stage"]) == ("Default", "active")
    assert by_name["experiment"]["experiment_id"] == "0"


def test_an_experiment_is_made_renamed_tagged_deleted_and_brought_back(server: Server) -> None:
    made = server.post("/mlflow/experiments/create", name="eta", tags=[{"key": "team", "value": "rides"}]).body
    number = made["experiment_id"]
    server.post("/mlflow/experiments/update", experiment_id=number, new_name="eta 2")
    server.post("/mlflow/experiments/set-experiment-tag", experiment_id=number, key="city", value="NYC")
    server.post("/mlflow/experiments/delete-experiment-tag", experiment_id=number, key="team")
    run = server.run(number)
    server.post("/mlflow/experiments/delete", experiment_id=number)

    deleted = server.get("/mlflow/experiments/get", experiment_id=number).body["experiment"]
    assert (deleted["name"], deleted["lifecycle_stage"]) == ("eta 2", "deleted")
    assert labels(deleted["tags"]) == {"city": "NYC"}
    assert server.shown(run)["info"]["lifecycle_stage"] == "deleted"
    assert server.post("/mlflow/experiments/create", name="eta 2").code == "RESOURCE_ALREADY_EXISTS"

    assert server.post("/mlflow/experiments/restore", experiment_id=number).status == 200
    assert server.shown(run)["info"]["lifecycle_stage"] == "active"


def test_a_run_shows_what_was_logged(server: Server) -> None:
    run = server.run("0", run_name="one", user_id="me", start_time=5, tags=[{"key": "team", "value": "rides"}])
    server.post("/mlflow/runs/log-parameter", run_id=run, key="depth", value="6")
    server.post("/mlflow/runs/log-metric", run_id=run, **metric("loss", 0.5, step=1))
    server.post("/mlflow/runs/set-tag", run_id=run, key="team", value="eta")
    ended = server.post("/mlflow/runs/update", run_id=run, status="FINISHED", end_time=9).body["run_info"]

    shown = server.shown(run)
    info = shown["info"]
    assert (info["run_id"], info["run_uuid"], info["experiment_id"]) == (run, run, "0")
    assert (info["run_name"], info["user_id"], info["start_time"], info["end_time"]) == ("one", "me", 5, 9)
    assert (ended["status"], info["status"]) == ("FINISHED", "FINISHED")
    assert labels(shown["data"]["tags"]) == {"team": "eta", "mlflow.runName": "one"}
    assert labels(shown["data"]["params"]) == {"depth": "6"}
    assert shown["data"]["metrics"] == [metric("loss", 0.5, step=1)]
    assert (shown["inputs"], shown["outputs"]) == ({}, {})


def test_the_newest_metric_is_the_greatest_by_step_time_and_value(server: Server) -> None:
    run = server.run()
    for point in ((0.5, 2, 1), (0.9, 1, 9), (0.7, 2, 1), (0.6, 2, 0)):
        value, step, at = point
        server.post("/mlflow/runs/log-metric", run_id=run, **metric("loss", value, step=step, timestamp=at))

    assert server.shown(run)["data"]["metrics"] == [metric("loss", 0.7, step=2, timestamp=1)]
    history = server.get("/mlflow/metrics/get-history", run_id=run, metric_key="loss").body["metrics"]
    assert [(one["step"], one["timestamp"], one["value"]) for one in history] == [
        (1, 9, 0.9),
        (2, 0, 0.6),
        (2, 1, 0.5),
        (2, 1, 0.7),
    ]


def test_numbers_that_json_has_no_word_for_travel_as_text(server: Server) -> None:
    run = server.run()
    logged = [metric("a", "NaN"), metric("b", "Infinity"), metric("c", "-Infinity")]
    assert server.post("/mlflow/runs/log-batch", run_id=run, metrics=logged).status == 200

    values = {one["key"]: one["value"] for one in server.shown(run)["data"]["metrics"]}
    assert values["a"] == "NaN"
    assert (values["b"], values["c"]) == (1.7976931348623157e308, -1.7976931348623157e308)


def test_sending_a_batch_again_changes_nothing(server: Server) -> None:
    run = server.run()
    batch = {
        "metrics": [metric("loss", 1 / (step + 1), step=step) for step in range(20)],
        "params": [{"key": "depth", "value": "6"}],
        "tags": [{"key": "team", "value": "eta"}],
    }
    for _ in range(3):
        assert server.post("/mlflow/runs/log-batch", run_id=run, **batch).status == 200

    assert len(server.get("/mlflow/metrics/get-history", run_id=run, metric_key="loss").body["metrics"]) == 20


def test_a_batch_with_a_changed_parameter_leaves_nothing(server: Server) -> None:
    run = server.run()
    server.post("/mlflow/runs/log-parameter", run_id=run, key="depth", value="6")

    refused = server.post(
        "/mlflow/runs/log-batch",
        run_id=run,
        params=[{"key": "rate", "value": "1"}, {"key": "depth", "value": "7"}],
        metrics=[metric("loss", 1)],
    )

    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert "Changing param values is not allowed. Param with key='depth'" in refused.body["message"]
    assert labels(server.shown(run)["data"]["params"]) == {"depth": "6"}
    assert "metrics" not in server.shown(run)["data"]


def test_runs_are_deleted_and_brought_back(server: Server) -> None:
    run = server.run()
    server.post("/mlflow/runs/delete", run_id=run)

    refused = server.post("/mlflow/runs/log-metric", run_id=run, **metric("loss", 1))
    assert f"The run {run} must be in the 'active' state" in refused.body["message"]

    server.post("/mlflow/runs/restore", run_id=run)
    assert server.post("/mlflow/runs/log-metric", run_id=run, **metric("loss", 1)).status == 200


def test_what_a_run_read_is_shown_and_found(server: Server) -> None:
    run = server.run()
    data = {"name": "flights", "digest": "abc", "source_type": "local", "source": "{}", "schema": "{}"}
    use = {"tags": [{"key": "mlflow.data.context", "value": "train"}], "dataset": data}
    for _ in range(2):
        assert server.post("/mlflow/runs/log-inputs", run_id=run, datasets=[use]).status == 200

    assert server.shown(run)["inputs"] == {"dataset_inputs": [{"dataset": data, "tags": use["tags"]}]}
    for text in ("datasets.name = 'flights'", "dataset.context LIKE 'tr%'", "datasets.digest IN ('abc', 'x')"):
        found = server.post("/mlflow/runs/search", experiment_ids=["0"], filter=text).body
        assert [one["info"]["run_id"] for one in found["runs"]] == [run]


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "message"),
    [
        ("/runs/log-metric", {"run_id": "R", "key": "a"}, 400, "INVALID_PARAMETER_VALUE", "parameter 'value'"),
        (
            "/runs/log-metric",
            {"run_id": "R", "key": None, "value": 1, "timestamp": 1},
            400,
            "INVALID_PARAMETER_VALUE",
            "Missing value for required parameter 'key'.",
        ),
        ("/runs/log-metric", {"run_id": "R", **metric("a", [])}, 400, "INVALID_PARAMETER_VALUE", "Invalid value []"),
        ("/runs/log-metric", {"run_id": "R", **metric("a", "much")}, 400, "INVALID_PARAMETER_VALUE", "much"),
        ("/runs/set-tag", {"run_id": 5, "key": "a", "value": "b"}, 400, "INVALID_PARAMETER_VALUE", "of type 'int'"),
        ("/runs/set-tag", {"run_id": "R", "key": "../a", "value": "b"}, 400, "INVALID_PARAMETER_VALUE", "Invalid tag"),
        ("/runs/set-tag", {"run_id": "R", "key": "a;b", "value": "b"}, 400, "INVALID_PARAMETER_VALUE", "Invalid tag"),
        ("/runs/log-parameter", {"run_id": "R", "key": "a" * 251}, 400, "INVALID_PARAMETER_VALUE", "250"),
        ("/runs/delete-tag", {"run_id": "R", "key": "none"}, 404, "RESOURCE_DOES_NOT_EXIST", "No tag with name: none"),
        ("/runs/delete", {"run_id": "none"}, 404, "RESOURCE_DOES_NOT_EXIST", "Run with id=none not found"),
        ("/runs/create", {"experiment_id": "77"}, 404, "RESOURCE_DOES_NOT_EXIST", "77"),
        ("/runs/create", {"experiment_id": "../1"}, 400, "INVALID_PARAMETER_VALUE", "Invalid experiment ID"),
        ("/runs/update", {"run_id": "R", "status": "ASLEEP"}, 400, "INVALID_PARAMETER_VALUE", "ASLEEP"),
        ("/experiments/create", {}, 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'."),
        ("/experiments/create", {"name": "x" * 501}, 400, "INVALID_PARAMETER_VALUE", "500"),
        ("/experiments/create", {"name": "x", "artifact_location": "file:///etc"}, 400, "INVALID_PARAMETER_VALUE", ""),
        ("/runs/search", {"experiment_ids": ["0"], "filter": "a or b"}, 400, "INVALID_PARAMETER_VALUE", "Invalid"),
        ("/runs/search", {"experiment_ids": ["0"], "max_results": 0}, 400, "INVALID_PARAMETER_VALUE", "max_results"),
        ("/runs/search", {"experiment_ids": ["0"], "max_results": 50001}, 400, "INVALID_PARAMETER_VALUE", "50000"),
        ("/runs/search", {"experiment_ids": ["0"], "page_token": "?"}, 400, "INVALID_PARAMETER_VALUE", "page token"),
        ("/gateway/routes", {}, 404, "ENDPOINT_NOT_FOUND", ""),
    ],
)
def test_refusals_have_the_protocols_codes_and_words(
    server: Server, path: str, body: dict[str, Any], status: int, code: str, message: str
) -> None:
    run = server.run()
    answer = server.post(f"/mlflow{path}", **{key: run if value == "R" else value for key, value in body.items()})

    assert (answer.status, answer.code) == (status, code)
    assert message in answer.body["message"]


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ({"metrics": [metric("a", 1, step=step) for step in range(1001)]}, "at most 1000 metrics"),
        ({"params": [{"key": f"k{n}", "value": ""} for n in range(101)]}, "at most 100 params"),
        ({"tags": [{"key": f"k{n}", "value": ""} for n in range(101)]}, "at most 100 tags"),
        ({"params": [{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]}, "Duplicate parameter"),
        ({"metrics": [{"key": "a", "timestamp": 1}]}, "metrics[0].value"),
        ({"tags": [{"key": "k", "value": "x" * 1_000_000}]}, "limit of 1000000 bytes"),
    ],
)
def test_a_batch_has_limits(server: Server, entries: dict[str, Any], complaint: str) -> None:
    answer = server.post("/mlflow/runs/log-batch", run_id=server.run(), **entries)

    assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE")
    assert complaint in answer.body["message"]


def test_long_values_are_cut_where_the_protocol_cuts_them(server: Server) -> None:
    run = server.run()
    server.post("/mlflow/runs/log-parameter", run_id=run, key="p", value="x" * 7_000)
    server.post("/mlflow/runs/set-tag", run_id=run, key="t", value="x" * 9_000)
    refused = server.post("/mlflow/experiments/set-experiment-tag", experiment_id="0", key="t", value="x" * 20_001)

    assert len(labels(server.shown(run)["data"]["params"])["p"]) == 6_000
    assert len(labels(server.shown(run)["data"]["tags"])["t"]) == 8_000
    assert refused.status == 400


def test_both_spellings_of_a_field_are_read_but_not_together(server: Server) -> None:
    run = server.run()
    camel = {"runId": run, "metrics": [{"key": "a", "value": 1, "timestamp": "5", "datasetName": "d"}], "unknown": 1}
    assert server.send("POST", "/mlflow/runs/log-batch", json=camel).status == 200
    assert server.shown(run)["data"]["metrics"] == [metric("a", 1.0, timestamp=5)]

    twice = server.send("POST", "/mlflow/runs/delete", json={"runId": run, "run_id": run})
    assert (twice.status, "twice" in twice.body["message"]) == (400, True)


def test_the_address_for_browsers_is_the_same_door(server: Server) -> None:
    run = server.run()

    assert server.send("GET", "/mlflow/runs/get", root="/ajax-api", params={"run_id": run}).status == 200
    plain = server.send("POST", "/mlflow/runs/get", content=b"x", headers={"content-type": "text/plain"})
    assert plain.status == 404
    text = server.send("POST", "/mlflow/runs/delete", content=b"{}", headers={"content-type": "text/plain"})
    assert "Content-Type must be one of ['application/json']" in text.body["message"]


def test_projects_see_nothing_of_each_other(server: Server) -> None:
    mine, theirs = server.project("mine"), server.project("theirs")
    run = mine.run(mine.experiment())
    theirs.experiment()

    assert theirs.get("/mlflow/runs/get", run_id=run).code == "RESOURCE_DOES_NOT_EXIST"
    assert theirs.post("/mlflow/runs/log-metric", run_id=run, **metric("a", 1)).code == "RESOURCE_DOES_NOT_EXIST"
    assert theirs.get("/mlflow/metrics/get-history", run_id=run, metric_key="a").code == "RESOURCE_DOES_NOT_EXIST"
    assert theirs.post("/mlflow/runs/search", experiment_ids=["1"]).body == {}


def test_histories_are_paged_and_thinned(server: Server) -> None:
    run = server.run()
    for start in range(0, 2_500, 500):
        points = [metric("loss", math.sqrt(step), step=step) for step in range(start, start + 500)]
        server.post("/mlflow/runs/log-batch", run_id=run, metrics=points)

    pages, query = list[Any](), {"run_id": run, "metric_key": "loss", "max_results": 700}
    while not pages or "next_page_token" in pages[-1]:
        token = {"page_token": pages[-1]["next_page_token"]} if pages else {}
        pages.append(server.get("/mlflow/metrics/get-history", **query, **token).body)
    steps = [one["step"] for page in pages for one in page["metrics"]]
    assert steps == list(range(2_500))

    thin = server.get(
        "/mlflow/metrics/get-history-bulk-interval", run_ids=[run], metric_key="loss", max_results=50
    ).body["metrics"]
    assert [one["step"] for one in thin] == [*range(0, 2_500, 50), 2_499]  # evenly by rank, and the last one
    part = server.get(
        "/mlflow/metrics/get-history-bulk-interval",
        run_ids=[run],
        metric_key="loss",
        start_step=10,
        end_step=20,
        max_results=2_500,
    ).body["metrics"]
    assert [one["step"] for one in part] == list(range(10, 21))


def test_several_histories_are_thinned_at_the_same_steps(server: Server) -> None:
    """The steps are those that the protocol's description gives for 10 and 20 points and at most 5."""
    short, long = server.run(), server.run()
    for run, length in ((short, 10), (long, 20)):
        points = [metric("loss", 1.0, step=step) for step in range(length)]
        server.post("/mlflow/runs/log-batch", run_id=run, metrics=points)

    def steps(*runs: str) -> list[tuple[str, int]]:
        path, query = "/mlflow/metrics/get-history-bulk-interval", {"metric_key": "loss", "max_results": 5}
        return [(one["run_id"], one["step"]) for one in server.get(path, run_ids=[*runs], **query).body["metrics"]]

    assert [step for _, step in steps(short)] == [0, 2, 4, 6, 8, 9]
    of_both = steps(short, long)
    assert [step for run, step in of_both if run == short] == [0, 4, 8, 9]
    assert [step for run, step in of_both if run == long] == [0, 4, 8, 9, 12, 16, 19]


def test_a_long_history_is_thinned_evenly_too(server: Server) -> None:
    run = server.run()
    for start in range(0, 12_000, 1_000):
        points = [metric("loss", 1.0, step=step) for step in range(start, start + 1_000)]
        server.post("/mlflow/runs/log-batch", run_id=run, metrics=points)

    path, query = "/mlflow/metrics/get-history-bulk-interval", {"metric_key": "loss", "max_results": 100}
    found = [one["step"] for one in server.get(path, run_ids=[run], **query).body["metrics"]]

    assert (found[0], found[-1]) == (0, 11_999)
    assert {after - before for before, after in pairwise(found)} <= {121, 122}


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        ("bulk", {"metric_key": "k"}, "GetMetricHistoryBulk request must specify at least one run_id."),
        ("bulk", {"run_id": "x"}, "GetMetricHistoryBulk request must specify a metric_key."),
        ("bulk", {"run_id": ["x"] * 101, "metric_key": "k"}, "request cannot specify more than 100 run_ids"),
        ("bulk-interval", {"metric_key": "k"}, "Missing value for required parameter 'run_ids'."),
        ("bulk-interval", {"run_ids": "x", "metric_key": ""}, "Missing value for required parameter 'metric_key'."),
        ("bulk-interval", {"run_ids": ["x"] * 101, "metric_key": "k"}, "must specify at most 100 run_ids"),
        (
            "bulk-interval",
            {"run_ids": "x", "metric_key": "k", "max_results": 0},
            "max_results must be between 1 and 2500",
        ),
    ],
)
def test_histories_of_several_runs_are_asked_for_in_full(
    server: Server, path: str, query: dict[str, Any], message: str
) -> None:
    refused = server.get(f"/mlflow/metrics/get-history-{path}", **query)

    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert message in refused.body["message"]


def test_writers_at_the_same_time_lose_nothing(server: Server) -> None:
    run = server.run()

    def log(writer: int) -> list[int]:
        return [
            server.post("/mlflow/runs/log-metric", run_id=run, **metric(f"w{writer}", step, step=step)).status
            for step in range(25)
        ]

    with ThreadPoolExecutor(4) as threads:
        statuses = [status for each in threads.map(log, range(4)) for status in each]

    assert statuses == [200] * 100
    for writer in range(4):
        found = server.get("/mlflow/metrics/get-history", run_id=run, metric_key=f"w{writer}").body["metrics"]
        assert [one["value"] for one in found] == [float(step) for step in range(25)]

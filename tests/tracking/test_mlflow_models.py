"""Logged models over MLflow's protocol, on both engines."""

import json
from typing import Any

import pytest
from tests.tracking.protocol import Server, server_of

from everlearn.blobs import BlobStore
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import EventLog

MODELS = "/mlflow/logged-models"


@pytest.fixture
def server(db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Server:
    return server_of(db, log, blobs, clock)


def logged(server: Server, name: str = "m", **fields: Any) -> str:
    body = server.post(MODELS, experiment_id="0", name=name, **fields).body
    return str(body["model"]["info"]["model_id"])


def shown(server: Server, model_id: str) -> Any:
    return server.get(f"{MODELS}/{model_id}").body["model"]


def test_a_model_is_begun_described_finished_and_removed(server: Server) -> None:
    run = server.run()
    model = logged(
        server,
        source_run_id=run,
        model_type="tree",
        params=[{"key": "depth", "value": "6"}],
        tags=[{"key": "team", "value": "eta"}],
    )
    assert shown(server, model)["info"]["status"] == "LOGGED_MODEL_PENDING"
    server.send("PATCH", f"{MODELS}/{model}/tags", json={"tags": [{"key": "city", "value": "NYC"}]})
    server.send("DELETE", f"{MODELS}/{model}/tags/team")
    server.post(f"{MODELS}/{model}/params", params=[{"key": "rate", "value": "0.1"}])
    server.send("PATCH", f"{MODELS}/{model}", json={"status": "LOGGED_MODEL_READY"})

    info, data = shown(server, model)["info"], shown(server, model)["data"]
    assert (info["status"], info["source_run_id"], info["model_type"]) == ("LOGGED_MODEL_READY", run, "tree")
    assert info["artifact_uri"] == f"mlflow-artifacts:/0/models/{model}/artifacts"
    assert info["tags"] == [{"key": "city", "value": "NYC"}]
    assert {one["key"]: one["value"] for one in data["params"]} == {"depth": "6", "rate": "0.1"}

    assert server.send("DELETE", f"{MODELS}/{model}").status == 200
    assert server.get(f"{MODELS}/{model}").code == "RESOURCE_DOES_NOT_EXIST"


def test_parameters_of_a_model_never_change(server: Server) -> None:
    model = logged(server, params=[{"key": "depth", "value": "6"}])
    refused = server.post(f"{MODELS}/{model}/params", params=[{"key": "depth", "value": "7"}])

    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")


def test_the_files_of_a_model_are_listed(server: Server) -> None:
    model = logged(server)
    for path in ("MLmodel", "data/one"):
        server.send("PUT", f"/mlflow-artifacts/artifacts/0/models/{model}/artifacts/{path}", content=b"12")

    top = server.get(f"{MODELS}/{model}/artifacts/directories").body
    assert [(one["path"], one["is_dir"]) for one in top["files"]] == [("MLmodel", False), ("data", True)]
    inside = server.get(f"{MODELS}/{model}/artifacts/directories", artifact_directory_path="data").body["files"]
    assert [one["path"] for one in inside] == ["data/one"]


def test_measurements_of_a_model_belong_to_run_and_model(server: Server) -> None:
    run, model = server.run(), logged(server)
    point = {"key": "acc", "timestamp": 5, "model_id": model, "dataset_name": "test", "dataset_digest": "abc"}
    server.post("/mlflow/runs/log-metric", run_id=run, value=0.8, step=1, **point)
    server.post("/mlflow/runs/log-batch", run_id=run, metrics=[{**point, "value": 0.9, "step": 2}])

    (metric,) = shown(server, model)["data"]["metrics"]
    assert (metric["value"], metric["step"], metric["run_id"], metric["model_id"]) == (0.9, 2, run, model)
    assert (metric["dataset_name"], metric["dataset_digest"]) == ("test", "abc")
    assert server.shown(run)["data"]["metrics"][0]["value"] == 0.9
    missing = {**point, "model_id": "m-none", "value": 1}
    assert server.post("/mlflow/runs/log-batch", run_id=run, metrics=[missing]).code == "RESOURCE_DOES_NOT_EXIST"


def test_a_run_shows_the_models_that_it_took_and_made(server: Server) -> None:
    run, taken, made = server.run(), logged(server), logged(server)
    server.post("/mlflow/runs/log-inputs", run_id=run, models=[{"model_id": taken}])
    server.post("/mlflow/runs/outputs", run_id=run, models=[{"model_id": made, "step": 3}])

    assert server.shown(run)["inputs"] == {"model_inputs": [{"model_id": taken}]}
    assert server.shown(run)["outputs"] == {"model_outputs": [{"model_id": made, "step": 3}]}


def test_models_are_searched_sorted_and_paged(server: Server) -> None:
    run = server.run()
    models = {name: logged(server, name, params=[{"key": "kind", "value": name}]) for name in ("a", "b", "c")}
    for name, value, digest in (("a", 0.5, "x"), ("b", 0.9, "x"), ("b", 0.1, "y")):
        point = {"key": "acc", "value": value, "timestamp": 1, "dataset_name": "test", "dataset_digest": digest}
        server.post("/mlflow/runs/log-metric", run_id=run, model_id=models[name], **point)

    def names(**asked: Any) -> list[str]:
        body = server.post(f"{MODELS}/search", experiment_ids=["0"], max_results=2, **asked).body
        token = body.get("next_page_token")
        found = [one["info"]["name"] for one in body.get("models", [])]
        return found + (names(**asked | {"page_token": token}) if token else [])

    by_accuracy = {"field_name": "metrics.acc", "ascending": False, "dataset_name": "test", "dataset_digest": "x"}
    of_x, of_y = ({"dataset_name": "test", "dataset_digest": digest} for digest in "xy")
    assert names(order_by=[{"field_name": "name"}]) == ["a", "b", "c"]
    assert names(order_by=[by_accuracy]) == ["b", "a", "c"]
    downwards = [{"field_name": "name", "ascending": False}]
    assert names(filter="params.kind IN ('a', 'c')", order_by=downwards) == ["c", "a"]
    assert names(filter="metrics.acc > 0.6", datasets=[of_x]) == ["b"]
    assert names(filter="metrics.acc > 0.6", datasets=[of_y]) == []
    assert names(datasets=[of_x]) == names(datasets=[of_x], filter="metrics.acc > 0")  # measured on it
    assert names(datasets=[{"dataset_name": "none"}]) == []
    assert names(filter="name = 'a' AND status = 'LOGGED_MODEL_PENDING'") == ["a"]
    assert sorted(names()) == ["a", "b", "c"]
    refused = server.post(f"{MODELS}/search", experiment_ids=["0"], order_by=[{"field_name": "params.kind"}])
    assert refused.code == "INVALID_PARAMETER_VALUE"


def test_older_clients_describe_their_models_in_a_tag(server: Server) -> None:
    run = server.run()
    model = {"artifact_path": "model", "flavors": {}, "utc_time_created": "now", "run_id": run}
    for _ in range(2):
        assert server.post("/mlflow/runs/log-model", run_id=run, model_json=json.dumps(model)).status == 200

    tags = {tag["key"]: tag["value"] for tag in server.shown(run)["data"]["tags"]}
    assert json.loads(tags["mlflow.log-model.history"]) == [model, model]
    assert server.post("/mlflow/runs/log-model", run_id=run, model_json="{}").code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("name", ["a/b", "a:b", "a.b", "a%b", "a'b", " "])
def test_names_that_could_not_stand_in_an_address_are_refused(server: Server, name: str) -> None:
    assert server.post(MODELS, experiment_id="0", name=name).code == "INVALID_PARAMETER_VALUE"


def test_projects_see_nothing_of_each_other(server: Server) -> None:
    model = logged(server.project("mine"))

    assert server.project("theirs").get(f"{MODELS}/{model}").code == "RESOURCE_DOES_NOT_EXIST"
    assert server.project("theirs").post(f"{MODELS}/search", experiment_ids=["0"]).body == {}

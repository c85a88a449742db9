"""What a service does with MLflow's skinny client, which has neither pandas nor scikit-learn; read back and compared.

python logging_only.py http://127.0.0.1:4700
"""

import importlib.util
import math
import sys
import tempfile
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag


def runs(client: MlflowClient) -> None:
    mlflow.set_experiment("services")
    with mlflow.start_run(run_name="outer", tags={"team": "core"}) as outer:
        mlflow.log_params({"rate": 0.1, "text": "äöü '\"", "empty": ""})
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"nan": math.nan, "inf": math.inf}, step=1)
        with mlflow.start_run(nested=True) as inner:
            mlflow.set_tag("depth", "2")
    logged = client.get_run(outer.info.run_id)
    children = client.search_runs([outer.info.experiment_id], f"tags.mlflow.parentRunId = '{outer.info.run_id}'")

    assert logged.info.status == "FINISHED"
    assert logged.data.params == {"rate": "0.1", "text": "äöü '\"", "empty": ""}
    assert logged.data.metrics["loss"] == 0.2
    assert math.isnan(logged.data.metrics["nan"])
    assert logged.data.metrics["inf"] > 1.79e308
    assert logged.data.tags["team"] == "core"
    assert [one.value for one in client.get_metric_history(outer.info.run_id, "loss")] == [
        1,
        1 / 2,
        1 / 3,
        1 / 4,
        1 / 5,
    ]
    assert [one.info.run_id for one in children] == [inner.info.run_id]


def batches(client: MlflowClient) -> None:
    run_id = client.create_run("0").info.run_id
    metrics = [Metric("many", step / 7, 1_700_000_000_000 + step, step) for step in range(1_000)]
    client.log_batch(run_id, metrics, [Param("a", "1")], [RunTag("b", "2")])
    client.set_terminated(run_id, "FAILED")
    logged = client.get_run(run_id)
    history = client.get_metric_history(run_id, "many")

    assert [(one.step, one.timestamp, one.value) for one in history] == [
        (one.step, one.timestamp, one.value) for one in metrics
    ]
    assert (logged.info.status, logged.data.params, logged.data.tags["b"]) == ("FAILED", {"a": "1"}, "2")


def files(client: MlflowClient) -> None:
    run_id = client.create_run("0").info.run_id
    client.log_text(run_id, "hello", "notes/hello.txt")
    client.log_dict(run_id, {"a": 1}, "notes/some.yaml")
    with tempfile.TemporaryDirectory() as made:
        (Path(made) / "bytes.bin").write_bytes(bytes(range(256)))
        client.log_artifacts(run_id, made)
        client.download_artifacts(run_id, "", made)

        assert (Path(made) / "notes" / "hello.txt").read_text() == "hello"
    assert [(one.path, one.file_size) for one in client.list_artifacts(run_id)] == [("bytes.bin", 256), ("notes", None)]


def models(client: MlflowClient) -> None:
    run_id = client.create_run("0").info.run_id
    client.log_text(run_id, "weights", "model/weights.txt")
    client.create_registered_model("named", tags={"of": "core"}, description="by hand")
    first = client.create_model_version("named", f"runs:/{run_id}/model", run_id, tags={"n": "1"})
    client.set_registered_model_alias("named", "champion", first.version)
    client.transition_model_version_stage("named", first.version, "Staging")
    with tempfile.TemporaryDirectory() as target:
        copied = mlflow.artifacts.download_artifacts("models:/named@champion", dst_path=target)
        assert (Path(copied) / "weights.txt").read_text() == "weights"

    assert client.get_registered_model("named").description == "by hand"
    assert client.get_model_version("named", first.version).tags == {"n": "1"}
    assert [str(one.version) for one in client.get_latest_versions("named", ["Staging"])] == ["1"]
    client.delete_registered_model("named")
    assert list(client.search_registered_models()) == []


def main() -> None:
    assert importlib.util.find_spec("pandas") is None
    mlflow.set_tracking_uri(sys.argv[1])
    for habit in (runs, batches, files, models):
        habit(MlflowClient())
        print(f"{habit.__name__}: as logged", flush=True)  # noqa: T201  # the journey's story


main()

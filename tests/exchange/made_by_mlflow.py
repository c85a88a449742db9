"""A database as MLflow itself makes it, with something of everything. Runs in an environment of MLflow.

python made_by_mlflow.py sqlite:////folder/mlflow.db /folder/artifacts 1000
"""

import math
import random
import sys
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

LONG_AGO = 1_650_000_000_000  # ms
DICE = random.Random(20)


def main(uri: str, artifacts: Path, runs: int) -> None:
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    client = MlflowClient()
    proxied = client.create_experiment("proxied", "mlflow-artifacts:/7", tags={"team": "core", "ümlaut": "ä\n€ '\""})
    local = client.create_experiment("local", (artifacts / "own").as_uri(), tags={"team": "edge"})
    gone = client.create_experiment("gone", (artifacts / "gone").as_uri())
    for place in range(runs):
        experiment = ("0", proxied, local, gone)[place % 4]
        run_id = make_run(client, experiment, place)
        if experiment == proxied:
            write(artifacts / "7" / run_id / "artifacts", place)
        elif experiment == local:
            write(artifacts / "own" / run_id / "artifacts", place)
        end(client, run_id, place)
    client.delete_experiment(gone)
    make_models(client, [one.info.run_id for one in client.search_runs([local], max_results=4)])
    if hasattr(client, "create_logged_model"):
        make_logged_models(client, local, artifacts)


def make_run(client: MlflowClient, experiment: str, place: int) -> str:
    tags = {"mlflow.source.name": "train.py", "mlflow.source.type": "LOCAL", "mlflow.user": f"user{place % 3}"}
    run = client.create_run(experiment, LONG_AGO + place * 1_000, tags, f"run {place}" if place % 5 else "größe 'x'")
    run_id = str(run.info.run_id)
    params = [Param(f"p{key}", f"{DICE.random()}") for key in range(8)]
    params += [Param("long", "x" * (place % 6_000)), Param("text", "ä\n'\"%€"), Param("empty", "")]
    metrics = [
        Metric(key, DICE.gauss(0, 1), LONG_AGO + step * 7, step) for key in ("loss", "val/loss") for step in range(40)
    ]
    metrics += [
        Metric("hard", value, LONG_AGO + step, step)
        for step, value in enumerate((math.nan, math.inf, -math.inf, 1e-308, -0.0, 3.0, math.nan))
    ]
    metrics += [Metric("late", 1.0, LONG_AGO, 10), Metric("late", 2.0, LONG_AGO + 5, 3), Metric("late", 0.5, 7, -2)]
    client.log_batch(run_id, metrics, params, [RunTag("note", "n" * (place % 3_000)), RunTag("k:1/2", "")])
    if place % 3 == 0:
        data = Dataset(f"rows{place % 9}", f"d{place % 9}", "s3", '{"uri": "s3://b/k"}', '{"a": "long"}', None)
        client.log_inputs(run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
    return run_id


def write(folder: Path, place: int) -> None:
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "weights.bin").write_bytes(b"weights" * (place % 50))
    (folder / "model" / "same.txt").write_text("the same in every run")
    (folder / "größe 1.txt").write_text(f"run {place}")


def end(client: MlflowClient, run_id: str, place: int) -> None:
    if place % 7:
        client.set_terminated(run_id, ("FINISHED", "FAILED", "KILLED")[place % 3], LONG_AGO + place * 1_000 + 500)
    if place % 11 == 10:
        client.delete_run(run_id)


def make_models(client: MlflowClient, run_ids: list[str]) -> None:
    client.create_registered_model("prices", {"team": "pricing", "empty": ""}, "what things cost")
    client.create_registered_model("no versions")
    for place, run_id in enumerate(run_ids):
        place_of_files = f"{client.get_run(run_id).info.artifact_uri}/model"
        source = f"runs:/{run_id}/model" if place % 2 else place_of_files
        client.create_model_version("prices", source, run_id, {"n": f"{place}"}, description=f"version {place}")
    client.set_registered_model_alias("prices", "champion", "2")
    client.set_registered_model_alias("prices", "challenger", "3")
    client.transition_model_version_stage("prices", "1", "Archived")
    client.transition_model_version_stage("prices", "2", "Production")
    client.delete_model_version("prices", "3")
    client.create_registered_model("gone")
    client.delete_registered_model("gone")


def make_logged_models(client: MlflowClient, experiment: str, artifacts: Path) -> None:
    from mlflow.entities import LoggedModelOutput, LoggedModelStatus

    run_id = str(client.create_run(experiment, LONG_AGO).info.run_id)
    for place in range(5):
        made = client.create_logged_model(
            experiment, f"logged{place}", run_id, {"t": f"{place}"}, {"depth": f"{place}"}, "Agent" if place else None
        )
        folder = artifacts / "own" / "models" / made.model_id / "artifacts"
        folder.mkdir(parents=True)
        (folder / "MLmodel").write_text(f"model {place}")
        client.log_outputs(run_id, [LoggedModelOutput(made.model_id, place)])
        client.log_metric(
            run_id, "accuracy", place / 10, LONG_AGO + place, place,
            dataset_name="rows", dataset_digest="d1", model_id=made.model_id,
        )  # fmt: skip
        if place < 3:
            client.finalize_logged_model(made.model_id, LoggedModelStatus.READY if place else LoggedModelStatus.FAILED)
        if place == 4:
            client.delete_logged_model(made.model_id)
    client.create_model_version("prices", f"models:/{client.search_logged_models([experiment])[0].model_id}", run_id)
    client.set_terminated(run_id)


main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))

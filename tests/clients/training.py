"""What a team does with the whole client of MLflow, read back and compared. Runs in a client's environment.

    python training.py http://127.0.0.1:4700

Each function is one habit; the name of the one that fails is printed with what differed.
"""

import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import xgboost
from matplotlib.figure import Figure
from mlflow import MlflowClient
from sklearn.datasets import make_regression
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV

X, Y = make_regression(n_samples=120, n_features=4, noise=0.3, random_state=7)
FRAME = pd.DataFrame(X, columns=["a", "b", "c", "d"])
PATIENCE_S = 30
PINNED = ["scikit-learn"]  # told: finding it out starts a Python that takes five seconds


def sklearn_autologging(client: MlflowClient) -> None:
    mlflow.sklearn.autolog()
    with mlflow.start_run(run_name="forest") as run:
        model = RandomForestRegressor(n_estimators=7, max_depth=3, random_state=1).fit(FRAME, Y)
    mlflow.sklearn.autolog(disable=True)
    logged = client.get_run(run.info.run_id)
    loaded = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/model")

    assert logged.info.status == "FINISHED"
    assert logged.info.run_name == "forest"
    assert logged.data.params["n_estimators"] == "7"
    assert logged.data.params["max_depth"] == "3"
    assert logged.data.tags["estimator_name"] == "RandomForestRegressor"
    assert abs(logged.data.metrics["training_r2_score"] - model.score(FRAME, Y)) < 1e-12
    assert np.array_equal(loaded.predict(FRAME), model.predict(FRAME))
    assert [one.dataset.name for one in logged.inputs.dataset_inputs] == ["dataset"]


def autologging_of_a_search_makes_children(client: MlflowClient) -> None:
    mlflow.sklearn.autolog(max_tuning_runs=3, log_models=False)
    with mlflow.start_run(run_name="search") as run:
        GridSearchCV(RandomForestRegressor(random_state=1), {"n_estimators": [2, 3, 4]}, cv=2).fit(X, Y)
    mlflow.sklearn.autolog(disable=True)
    query = f"tags.mlflow.parentRunId = '{run.info.run_id}'"
    children = mlflow.search_runs([run.info.experiment_id], query)

    assert len(children) == 3
    assert set(children["params.n_estimators"]) == {"2", "3", "4"}
    assert "cv_results.csv" in [one.path for one in client.list_artifacts(run.info.run_id)]


def xgboost_autologging(client: MlflowClient) -> None:
    mlflow.xgboost.autolog()
    data = xgboost.DMatrix(X, label=Y)
    with mlflow.start_run() as run:
        model = xgboost.train({"max_depth": 2, "seed": 3}, data, num_boost_round=6, evals=[(data, "train")])
    mlflow.xgboost.autolog(disable=True)
    history = client.get_metric_history(run.info.run_id, "train-rmse")
    loaded = mlflow.xgboost.load_model(f"runs:/{run.info.run_id}/model")

    assert client.get_run(run.info.run_id).data.params["max_depth"] == "2"
    assert [one.step for one in history] == [0, 1, 2, 3, 4, 5]
    assert all(later.value < earlier.value for earlier, later in pairwise(history))
    assert np.array_equal(loaded.predict(data), model.predict(data))
    assert "feature_importance_weight.json" in [one.path for one in client.list_artifacts(run.info.run_id)]


def registering_and_loading_by_alias_and_stage(client: MlflowClient) -> None:
    first, second = LinearRegression().fit(FRAME[:60], Y[:60]), LinearRegression().fit(FRAME, Y)
    for model in (first, second):
        with mlflow.start_run():
            mlflow.sklearn.log_model(
                model, "model", registered_model_name="prices", input_example=FRAME.head(3), pip_requirements=PINNED
            )
    client.set_registered_model_alias("prices", "champion", "1")
    client.set_registered_model_tag("prices", "team", "pricing")
    client.set_model_version_tag("prices", "2", "checked", "yes")
    client.update_model_version("prices", "2", "all of the rows")
    client.transition_model_version_stage("prices", "2", "Production", archive_existing_versions=True)
    named, staged = client.get_model_version_by_alias("prices", "champion"), client.get_model_version("prices", "2")

    assert np.allclose(
        mlflow.sklearn.load_model("models:/prices@champion").predict(FRAME), first.predict(FRAME), rtol=1e-12
    )
    assert np.allclose(mlflow.pyfunc.load_model("models:/prices/2").predict(FRAME), second.predict(FRAME), rtol=1e-12)
    assert np.allclose(
        mlflow.pyfunc.load_model("models:/prices/Production").predict(FRAME), second.predict(FRAME), rtol=1e-12
    )
    assert np.allclose(
        mlflow.pyfunc.load_model("models:/prices/latest").predict(FRAME), second.predict(FRAME), rtol=1e-12
    )
    assert (str(named.version), list(named.aliases)) == ("1", ["champion"])
    assert (staged.current_stage, staged.description, staged.tags["checked"]) == (
        "Production",
        "all of the rows",
        "yes",
    )
    assert client.get_registered_model("prices").tags == {"team": "pricing"}
    assert [str(one.version) for one in client.search_model_versions("name = 'prices'")] == ["2", "1"]
    client.delete_registered_model_alias("prices", "champion")
    client.delete_model_version("prices", "1")
    assert [str(one.version) for one in client.search_model_versions("name = 'prices'")] == ["2"]


def nested_runs(client: MlflowClient) -> None:
    with mlflow.start_run(run_name="outer", description="of two") as outer:
        for depth in (1, 2):
            with mlflow.start_run(run_name=f"inner-{depth}", nested=True, tags={"depth": str(depth)}):
                mlflow.log_metric("depth", depth)
    found = mlflow.search_runs(
        [outer.info.experiment_id],
        f"tags.mlflow.parentRunId = '{outer.info.run_id}' and metrics.depth > 0",
        order_by=["metrics.depth DESC"],
    )

    assert found["tags.mlflow.runName"].tolist() == ["inner-2", "inner-1"]
    assert found["metrics.depth"].tolist() == [2.0, 1.0]
    assert found["tags.depth"].tolist() == ["2", "1"]
    assert client.get_run(outer.info.run_id).data.tags["mlflow.note.content"] == "of two"


def files_of_every_kind(client: MlflowClient) -> None:
    figure = Figure()
    figure.subplots().plot([1, 2, 3])
    with tempfile.TemporaryDirectory() as made, mlflow.start_run() as run:
        (Path(made) / "deep" / "er").mkdir(parents=True)
        (Path(made) / "top.bin").write_bytes(bytes(range(256)) * 1000)
        (Path(made) / "deep" / "er" / "größe 1.txt").write_text("tief")
        mlflow.log_artifacts(made, "folder")
        mlflow.log_artifact(str(Path(made) / "top.bin"))
        mlflow.log_text("hello", "notes/hello.txt")
        mlflow.log_dict({"a": [1, 2]}, "notes/some.json")
        mlflow.log_figure(figure, "plots/line.png")
        mlflow.log_table({"question": ["a", "b"], "n": [1, 2]}, "tables/asked.json")
        mlflow.log_table({"question": ["c"], "n": [3]}, "tables/asked.json")
    run_id = run.info.run_id
    with tempfile.TemporaryDirectory() as target:
        copied = Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="folder", dst_path=target))
        assert (copied / "top.bin").read_bytes() == bytes(range(256)) * 1000
        assert (copied / "deep" / "er" / "größe 1.txt").read_text() == "tief"

    assert sorted((one.path, one.is_dir) for one in client.list_artifacts(run_id)) == [
        ("folder", True), ("notes", True), ("plots", True), ("tables", True), ("top.bin", False),
    ]  # fmt: skip
    assert [one.file_size for one in client.list_artifacts(run_id, "folder") if not one.is_dir] == [256_000]
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes/hello.txt") == "hello"
    assert mlflow.artifacts.load_dict(f"runs:/{run_id}/notes/some.json") == {"a": [1, 2]}
    assert mlflow.load_table("tables/asked.json", run_ids=[run_id])["n"].tolist() == [1, 2, 3]


def data_that_a_run_read(client: MlflowClient) -> None:
    data = mlflow.data.from_pandas(FRAME.assign(y=Y), source="s3://bucket/rows.csv", name="rows", targets="y")
    with mlflow.start_run() as run:
        mlflow.log_input(data, context="training", tags={"cut": "2024"})
    (used,) = client.get_run(run.info.run_id).inputs.dataset_inputs
    found = mlflow.search_runs([run.info.experiment_id], "dataset.name = 'rows' and dataset.context = 'training'")

    assert (used.dataset.name, used.dataset.digest) == ("rows", data.digest)
    assert {one.key: one.value for one in used.tags} == {"mlflow.data.context": "training", "cut": "2024"}
    assert found["run_id"].tolist() == [run.info.run_id]
    assert mlflow.data.get_source(used).uri == "s3://bucket/rows.csv"


def searching_into_a_table(client: MlflowClient) -> None:
    experiment = client.create_experiment("searched", tags={"kind": "search"})
    for place in range(25):
        with mlflow.start_run(experiment_id=experiment, run_name=f"run {place}"):
            mlflow.log_params({"place": place, "name": f"it's {place % 2}"})
            mlflow.log_metrics({"loss": 1 / (place + 1), "odd/even": place % 2})
    some = mlflow.search_runs([experiment], 'params.name = "it\'s 1" and metrics.loss < 0.2', order_by=["metrics.loss"])
    none = mlflow.search_runs([experiment], "metrics.loss > 2")
    pages = client.search_runs([experiment], max_results=10, order_by=["attributes.start_time"])
    rest = client.search_runs([experiment], max_results=100, page_token=pages.token, order_by=["start_time"])

    assert some["params.place"].tolist() == ["23", "21", "19", "17", "15", "13", "11", "9", "7", "5"]
    assert some["metrics.odd/even"].tolist() == [1.0] * 10
    assert len(none) == 0
    assert [one.info.run_name for one in [*pages, *rest]] == [f"run {place}" for place in range(25)]
    assert [one.name for one in client.search_experiments(filter_string="tags.kind = 'search'")] == ["searched"]


def everything_logged_is_read_back(client: MlflowClient) -> None:
    params = {f"p{place}": f"value {place} äöü '\"" for place in range(120)} | {"long": "x" * 6_000, "empty": ""}
    values = [0.1, -1e-300, 1e300, float("nan"), float("inf"), float("-inf"), 3]
    with mlflow.start_run(tags={"first": "1"}) as run:
        mlflow.log_params(params)
        for step, value in enumerate(values):
            mlflow.log_metric("hard", value, step=step)
        mlflow.log_metric("late", 1.0, step=10)
        mlflow.log_metric("late", 2.0, step=3)
        mlflow.set_tags({"second": "a\nb", "third": "t" * 5_000})
        mlflow.set_tag("gone", "x")
        mlflow.delete_tag("gone")
    logged = client.get_run(run.info.run_id)
    history = [one.value for one in client.get_metric_history(run.info.run_id, "hard")]

    assert logged.data.params == params
    assert (
        np.array_equal(history, values, equal_nan=True) or [abs(one) > 1.79e308 for one in history[4:6]] == [True] * 2
    )
    assert logged.data.metrics == {"hard": 3.0, "late": 1.0}
    assert {key: logged.data.tags.get(key) for key in ("first", "second", "third", "gone")} == {
        "first": "1", "second": "a\nb", "third": "t" * 5_000, "gone": None,
    }  # fmt: skip


def deleting_and_restoring(client: MlflowClient) -> None:
    experiment = client.create_experiment("short-lived")
    kept, gone = client.create_run(experiment), client.create_run(experiment)
    client.delete_run(gone.info.run_id)
    assert [one.info.run_id for one in client.search_runs([experiment])] == [kept.info.run_id]
    client.restore_run(gone.info.run_id)
    client.delete_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "deleted"
    assert client.search_runs([experiment]) == []
    client.restore_experiment(experiment)
    assert {one.info.run_id for one in client.search_runs([experiment])} == {kept.info.run_id, gone.info.run_id}


def logging_in_the_background(client: MlflowClient) -> None:
    mlflow.config.enable_async_logging()
    with mlflow.start_run() as run:
        for step in range(200):
            mlflow.log_metric("async", step, step=step)
        mlflow.log_params({"in": "background"})
        mlflow.set_tag("also", "tags")
    mlflow.flush_async_logging()
    mlflow.config.enable_async_logging(False)
    logged = client.get_run(run.info.run_id).data

    assert [one.value for one in client.get_metric_history(run.info.run_id, "async")] == list(range(200))
    assert (logged.params, logged.tags["also"]) == ({"in": "background"}, "tags")


def system_metrics(client: MlflowClient) -> None:
    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(1)
    with mlflow.start_run(log_system_metrics=True) as run:
        deadline = time.monotonic() + PATIENCE_S
        while "system/cpu_utilization_percentage" not in client.get_run(run.info.run_id).data.metrics:
            assert time.monotonic() < deadline, "no system metrics came"
            time.sleep(0.2)


def evaluating(client: MlflowClient) -> None:
    model = LinearRegression().fit(FRAME, Y)
    rows = FRAME.assign(y=Y)
    with mlflow.start_run() as run:
        logged = mlflow.sklearn.log_model(model, "evaluated", input_example=FRAME.head(2), pip_requirements=PINNED)
        found = mlflow.models.evaluate(
            logged.model_uri, rows, targets="y", model_type="regressor",
            evaluator_config={"log_model_explainability": False},
        )  # fmt: skip
    metrics = client.get_run(run.info.run_id).data.metrics

    assert abs(found.metrics["r2_score"] - model.score(FRAME, Y)) < 1e-12
    assert {key: metrics[key] for key in found.metrics} == found.metrics


HABITS = (
    sklearn_autologging,
    autologging_of_a_search_makes_children,
    xgboost_autologging,
    registering_and_loading_by_alias_and_stage,
    nested_runs,
    files_of_every_kind,
    data_that_a_run_read,
    searching_into_a_table,
    everything_logged_is_read_back,
    deleting_and_restoring,
    logging_in_the_background,
    system_metrics,
    evaluating,
)


def main() -> None:
    mlflow.set_tracking_uri(sys.argv[1])
    mlflow.set_experiment("habits")
    for habit in HABITS:
        began = time.monotonic()
        habit(MlflowClient())
        print(f"{habit.__name__}: {time.monotonic() - began:.1f} s", flush=True)  # noqa: T201  # the journey's story
    print("all as logged")  # noqa: T201


main()

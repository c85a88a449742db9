"""An MLflow database that a team lived in for a while, small, with something of everything, and its files."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from tests.exchange.mlflow_tables import REVISIONS, schema_of

FIRST, SECOND, GONE = "a" * 32, "b" * 32, "c" * 32
MODEL = "m-" + "d" * 32
LARGEST = 1.7976931348623157e308  # what MLflow stores for infinity
EXPERIMENT_GONE_AT = 1_660_000_000_000


def empty_mlflow(url: str, release: str = "3.17") -> sa.Engine:
    """Make what `mlflow db upgrade` makes."""
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    schema = schema_of(release)
    schema.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(schema.tables["alembic_version"]), {"version_num": REVISIONS[release]})
    return engine


def lived_in(url: str, files: Path, release: str = "3.17") -> sa.Engine:
    """Fill one with experiments, runs, models and their files (below `files`)."""
    engine, tables = empty_mlflow(url, release), schema_of(release).tables

    def add(name: str, *rows: dict[str, Any]) -> None:
        with engine.begin() as connection:
            for row in rows:
                connection.execute(sa.insert(tables[name]), row)

    _experiments(add, files)
    _runs(add, files)
    _registry(add, files)
    if release != "2.22":
        _logged_model(add, files)
    return engine


def _experiments(add: Any, files: Path) -> None:
    times = {"creation_time": 1_650_000_000_000, "last_update_time": 1_650_000_000_001}
    living, gone = times | {"lifecycle_stage": "active"}, times | {"lifecycle_stage": "deleted"}
    add(
        "experiments",
        living | {"experiment_id": 0, "name": "Default", "artifact_location": "mlflow-artifacts:/0"},
        living | {"experiment_id": 3, "name": "prices", "artifact_location": (files / "p").as_uri()},
        gone
        | {"experiment_id": 9, "name": "old", "artifact_location": "mlflow-artifacts:/9"}
        | {"last_update_time": EXPERIMENT_GONE_AT},
    )
    add("experiment_tags", {"experiment_id": 3, "key": "team", "value": "ümlaut\n'\""})


def _runs(add: Any, files: Path) -> None:
    run = {"source_type": "UNKNOWN", "source_name": "", "user_id": "ada", "lifecycle_stage": "active"}
    add(
        "runs",
        run | {"run_uuid": FIRST, "name": "first", "status": "FINISHED", "start_time": 1_000, "end_time": 2_000,
               "experiment_id": 3, "artifact_uri": (files / "p" / FIRST / "artifacts").as_uri()},
        run | {"run_uuid": SECOND, "name": None, "status": "RUNNING", "start_time": 3_000, "end_time": None,
               "experiment_id": 0, "artifact_uri": f"mlflow-artifacts:/0/{SECOND}/artifacts"},
        run | {"run_uuid": GONE, "name": "gone", "status": "FAILED", "start_time": 4_000, "end_time": 5_000,
               "experiment_id": 9, "artifact_uri": f"mlflow-artifacts:/9/{GONE}/artifacts",
               "lifecycle_stage": "deleted", "deleted_time": EXPERIMENT_GONE_AT + 4},
    )  # fmt: skip
    add("params", {"run_uuid": FIRST, "key": "rate", "value": "0.1"}, {"run_uuid": FIRST, "key": "empty", "value": ""})
    add("tags", {"run_uuid": FIRST, "key": "mlflow.runName", "value": "first"},
        {"run_uuid": FIRST, "key": "mlflow.source.name", "value": "train.py"},
        {"run_uuid": SECOND, "key": "none", "value": None})  # fmt: skip
    points = [("loss", step, 1_000 + step, 1 / (step + 1), False) for step in range(20)]
    points += [("hard", 0, 1, 0.0, True), ("hard", 1, 1, LARGEST, False), ("hard", 2, 1, -LARGEST, False)]
    points += [("late", 5, 10, 1.0, False), ("late", 2, 11, 2.0, False), ("late", -1, 12, -0.0, False)]
    for key, step, at, value, is_nan in points:
        add("metrics", {"run_uuid": FIRST, "key": key, "step": step, "timestamp": at, "value": value, "is_nan": is_nan})
    for key, step, at, value, is_nan in (points[19], points[22], points[23]):
        row = {"run_uuid": FIRST, "key": key, "step": step, "timestamp": at, "value": value, "is_nan": is_nan}
        add("latest_metrics", row)
    add("datasets", {"dataset_uuid": "u1", "experiment_id": 3, "name": "rows", "digest": "d1", "dataset_schema": None,
        "dataset_source_type": "s3", "dataset_source": "{}", "dataset_profile": '{"n": 3}'})  # fmt: skip
    joined = {"source_type": "DATASET", "source_id": "u1", "destination_type": "RUN", "destination_id": FIRST}
    add("inputs", joined | {"input_uuid": "i1"})
    add("input_tags", {"input_uuid": "i1", "name": "mlflow.data.context", "value": "training"})
    for folder, text in ((files / "p" / FIRST, "first"), (files / "0" / SECOND, "second")):
        (folder / "artifacts" / "model").mkdir(parents=True)
        (folder / "artifacts" / "notes.txt").write_text(text)
        (folder / "artifacts" / "model" / "weights.bin").write_bytes(b"the same in both")


def _registry(add: Any, files: Path) -> None:
    add("registered_models", {"name": "eta", "creation_time": 5_000, "last_updated_time": 6_000, "description": "when"})
    add("registered_model_tags", {"name": "eta", "key": "team", "value": "routes"})
    version = {"name": "eta", "creation_time": 5_001, "last_updated_time": 5_002, "status": "READY", "run_id": FIRST}
    place = (files / "p" / FIRST / "artifacts" / "model").as_uri()
    add(
        "model_versions",
        version | {"version": 1, "current_stage": "Production", "source": place, "description": "one"},
        version | {"version": 2, "current_stage": "None", "source": f"runs:/{FIRST}/model", "description": None},
        version | {"version": 3, "current_stage": "Deleted_Internal", "source": "REDACTED-SOURCE-PATH"},
    )
    add("model_version_tags", {"name": "eta", "version": 1, "key": "n", "value": "1"})
    add("registered_model_aliases", {"name": "eta", "alias": "champion", "version": 1},
        {"name": "eta", "alias": "lost", "version": 3})  # fmt: skip


def _logged_model(add: Any, files: Path) -> None:
    folder = files / "p" / "models" / MODEL / "artifacts"
    own = {"model_id": MODEL, "experiment_id": 3}
    row = own | {"name": "forest", "artifact_location": folder.as_uri(), "creation_timestamp_ms": 7_000, "status": 2,
                 "last_updated_timestamp_ms": 8_000, "lifecycle_stage": "active", "source_run_id": FIRST}  # fmt: skip
    add("logged_models", row, row | {"model_id": "m-" + "e" * 32, "lifecycle_stage": "deleted"})
    add("logged_model_params", own | {"param_key": "depth", "param_value": "3"})
    add("logged_model_tags", own | {"tag_key": "kind", "tag_value": "tree"})
    metric = {"metric_name": "r2", "run_id": FIRST, "dataset_name": "rows", "dataset_digest": "d1"}
    add("logged_model_metrics", own | metric | {"metric_timestamp_ms": 1, "metric_step": 0, "metric_value": 0.5},
        own | metric | {"metric_timestamp_ms": 2, "metric_step": 1, "metric_value": 0.7})  # fmt: skip
    add("inputs", {"input_uuid": "i2", "source_type": "RUN_OUTPUT", "source_id": FIRST,
        "destination_type": "MODEL_OUTPUT", "destination_id": MODEL, "step": 4})  # fmt: skip
    add("trace_info", {"request_id": "tr-1"}, {"request_id": "tr-2"})
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}")

"""The tables of MLflow's database that an exchange touches, as its migrations leave them at three releases."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, String, Table, Text

REVISIONS = {"2.22": "0584bdc529eb", "3.6": "bf29a5ff90ea", "3.17": "dc11669786a5"}


def schema_of(release: str) -> sa.MetaData:
    """Declare the tables of a release."""
    metadata = sa.MetaData()
    has_models, has_workspaces = release != "2.22", release == "3.17"
    Table("alembic_version", metadata, Column("version_num", String(32), primary_key=True))
    Table(
        "experiments",
        metadata,
        Column("experiment_id", Integer, primary_key=True),
        Column("name", String(256), nullable=False),
        Column("artifact_location", String(256)),
        Column("lifecycle_stage", String(32)),
        Column("creation_time", BigInteger),
        Column("last_update_time", BigInteger),
        *_workspace(has_workspaces, key=False),
    )
    Table(
        "runs",
        metadata,
        Column("run_uuid", String(32), primary_key=True),
        Column("name", String(250)),
        Column("source_type", String(20)),
        Column("source_name", String(500)),
        Column("entry_point_name", String(50)),
        Column("user_id", String(256)),
        Column("status", String(9)),
        Column("start_time", BigInteger),
        Column("end_time", BigInteger),
        Column("source_version", String(50)),
        Column("lifecycle_stage", String(20)),
        Column("artifact_uri", String(200)),
        Column("experiment_id", Integer, sa.ForeignKey("experiments.experiment_id")),
        Column("deleted_time", BigInteger),
    )
    _measurements(metadata)
    _labels(metadata)
    _inputs(metadata, has_steps=has_models)
    if has_models:
        _logged_models(metadata)
        Table("trace_info", metadata, Column("request_id", String(50), primary_key=True))
    _registry(metadata, has_workspaces=has_workspaces)
    return metadata


def _measurements(metadata: sa.MetaData) -> None:
    Table(
        "metrics",
        metadata,
        Column("key", String(250), primary_key=True),
        Column("value", Float(53), primary_key=True),
        Column("timestamp", BigInteger, primary_key=True),
        Column("run_uuid", String(32), sa.ForeignKey("runs.run_uuid"), primary_key=True),
        Column("step", BigInteger, primary_key=True),
        Column("is_nan", Boolean, primary_key=True),
    )
    Table(
        "latest_metrics",
        metadata,
        Column("key", String(250), primary_key=True),
        Column("value", Float(53), nullable=False),
        Column("timestamp", BigInteger),
        Column("step", BigInteger, nullable=False),
        Column("is_nan", Boolean, nullable=False),
        Column("run_uuid", String(32), sa.ForeignKey("runs.run_uuid"), primary_key=True),
    )


def _labels(metadata: sa.MetaData) -> None:
    for name, owner, kind in (
        ("params", Column("run_uuid", String(32), primary_key=True), String(8000)),
        ("tags", Column("run_uuid", String(32), primary_key=True), String(8000)),
        ("experiment_tags", Column("experiment_id", Integer, primary_key=True), Text()),
    ):
        Table(name, metadata, Column("key", String(250), primary_key=True), Column("value", kind), owner)


def _inputs(metadata: sa.MetaData, *, has_steps: bool) -> None:
    Table(
        "datasets",
        metadata,
        Column("dataset_uuid", String(36), nullable=False),
        Column("experiment_id", Integer, primary_key=True),
        Column("name", String(500), primary_key=True),
        Column("digest", String(36), primary_key=True),
        Column("dataset_source_type", String(36), nullable=False),
        Column("dataset_source", Text, nullable=False),
        Column("dataset_schema", Text),
        Column("dataset_profile", Text),
    )
    Table(
        "inputs",
        metadata,
        Column("input_uuid", String(36), nullable=False),
        Column("source_type", String(36), primary_key=True),
        Column("source_id", String(36), primary_key=True),
        Column("destination_type", String(36), primary_key=True),
        Column("destination_id", String(36), primary_key=True),
        *([Column("step", BigInteger, server_default="0", nullable=False)] if has_steps else []),
    )
    Table(
        "input_tags",
        metadata,
        Column("input_uuid", String(36), primary_key=True),
        Column("name", String(255), primary_key=True),
        Column("value", String(500), nullable=False),
    )


def _logged_models(metadata: sa.MetaData) -> None:
    Table(
        "logged_models",
        metadata,
        Column("model_id", String(36), primary_key=True),
        Column("experiment_id", Integer, nullable=False),
        Column("name", String(500), nullable=False),
        Column("artifact_location", String(1000), nullable=False),
        Column("creation_timestamp_ms", BigInteger, nullable=False),
        Column("last_updated_timestamp_ms", BigInteger, nullable=False),
        Column("status", Integer, nullable=False),
        Column("lifecycle_stage", String(32)),
        Column("model_type", String(500)),
        Column("source_run_id", String(32)),
        Column("status_message", String(1000)),
    )
    Table(
        "logged_model_metrics",
        metadata,
        Column("model_id", String(36), primary_key=True),
        Column("metric_name", String(500), primary_key=True),
        Column("metric_timestamp_ms", BigInteger, primary_key=True),
        Column("metric_step", BigInteger, primary_key=True),
        Column("metric_value", Float(53)),
        Column("experiment_id", Integer, nullable=False),
        Column("run_id", String(32), primary_key=True),
        Column("dataset_uuid", String(36)),
        Column("dataset_name", String(500)),
        Column("dataset_digest", String(36)),
    )
    for kind in ("param", "tag"):
        Table(
            f"logged_model_{kind}s",
            metadata,
            Column("model_id", String(36), primary_key=True),
            Column("experiment_id", Integer, nullable=False),
            Column(f"{kind}_key", String(255), primary_key=True),
            Column(f"{kind}_value", Text, nullable=False),
        )


def _registry(metadata: sa.MetaData, *, has_workspaces: bool) -> None:
    for name, columns in (
        (
            "registered_models",
            [
                Column("name", String(256), primary_key=True),
                Column("creation_time", BigInteger),
                Column("last_updated_time", BigInteger),
                Column("description", String(5000)),
            ],
        ),
        (
            "registered_model_tags",
            [
                Column("key", String(250), primary_key=True),
                Column("value", String(5000)),
                Column("name", String(256), primary_key=True),
            ],
        ),
        (
            "registered_model_aliases",
            [
                Column("alias", String(256), primary_key=True),
                Column("version", Integer, nullable=False),
                Column("name", String(256), primary_key=True),
            ],
        ),
        (
            "model_versions",
            [
                Column("name", String(256), primary_key=True),
                Column("version", Integer, primary_key=True, autoincrement=False),
                Column("creation_time", BigInteger),
                Column("last_updated_time", BigInteger),
                Column("description", String(5000)),
                Column("user_id", String(256)),
                Column("current_stage", String(20)),
                Column("source", String(500)),
                Column("storage_location", String(500)),
                Column("run_id", String(32)),
                Column("run_link", String(500)),
                Column("status", String(20)),
                Column("status_message", String(500)),
            ],
        ),
        (
            "model_version_tags",
            [
                Column("key", String(250), primary_key=True),
                Column("value", Text),
                Column("name", String(256), primary_key=True),
                Column("version", Integer, primary_key=True, autoincrement=False),
            ],
        ),
    ):
        Table(name, metadata, *columns, *_workspace(has_workspaces, key=True))


def _workspace(is_there: bool, *, key: bool) -> list[Column[str]]:
    wanted = Column("workspace", String(63), server_default="default", nullable=False, primary_key=key)
    return [wanted] if is_there else []

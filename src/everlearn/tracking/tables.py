"""Experiments, runs, and what runs log.

What comes by the thousand (parameters, tags, measurements) refers to runs, experiments and keys by small numbers, so
that rows stay short and indexes stay in memory. Times are milliseconds since 1970, as the clients send them.
"""

import sqlalchemy as sa

from everlearn.db import NO_BLOB, Instant, metadata, names_blob

_Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite counts up only in a plain integer key

_Name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # ordered by code point on both engines

experiments = sa.Table(
    "tracking_experiments",
    metadata,
    sa.Column("no", _Number, primary_key=True, autoincrement=True),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("id", sa.BigInteger, nullable=False),  # 0, 1, 2, ... of the project; 0 is "Default"
    sa.Column("name", _Name, nullable=False),
    sa.Column("artifact_location", sa.Text, nullable=False),
    sa.Column("lifecycle", sa.Text, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("project", "id"),
    sa.UniqueConstraint("project", "name"),
    sa.CheckConstraint("lifecycle in ('active', 'deleted')", name="lifecycle"),
)

experiment_tags = sa.Table(
    "tracking_experiment_tags",
    metadata,
    sa.Column("experiment_no", _Number, sa.ForeignKey("tracking_experiments.no"), primary_key=True),
    sa.Column("key", _Name, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

runs = sa.Table(
    "tracking_runs",
    metadata,
    sa.Column("no", _Number, primary_key=True, autoincrement=True),
    sa.Column("id", _Name, nullable=False, unique=True),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("experiment_no", _Number, sa.ForeignKey("tracking_experiments.no"), nullable=False),
    sa.Column("name", _Name, nullable=False),
    sa.Column("user_name", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("start_ms", sa.BigInteger, nullable=False),
    sa.Column("end_ms", sa.BigInteger),
    sa.Column("lifecycle", sa.Text, nullable=False),
    sa.Column("deleted_ms", sa.BigInteger),
    sa.Column("artifact_root", sa.Text, nullable=False),
    sa.Column("effective_at", Instant),
    sa.Column("started_by", sa.Text, nullable=False),
    sa.CheckConstraint("status in ('SCHEDULED', 'RUNNING', 'FINISHED', 'FAILED', 'KILLED')", name="status"),
    sa.CheckConstraint("lifecycle in ('active', 'deleted', 'purging')", name="lifecycle"),
    sa.Index("ix_tracking_runs_newest", "project", "lifecycle", "start_ms", "id"),
    sa.Index("ix_tracking_runs_newest_of_experiment", "experiment_no", "lifecycle", "start_ms", "id"),
)

keys = sa.Table(
    "tracking_keys",
    metadata,
    sa.Column("no", _Number, primary_key=True, autoincrement=True),
    sa.Column("key", _Name, nullable=False, unique=True),
)


def _labels(name: str) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("run_no", _Number, sa.ForeignKey("tracking_runs.no"), primary_key=True, autoincrement=False),
        sa.Column("key_no", _Number, primary_key=True, autoincrement=False),
        sa.Column("experiment_no", _Number, nullable=False),
        sa.Column("head", _Name, nullable=False),  # the value's beginning: values may be too long for an index
        sa.Column("value", sa.Text, nullable=False),
        sa.Index(f"ix_{name}_value", "experiment_no", "key_no", "head", "run_no"),
        sqlite_with_rowid=False,
    )


params = _labels("tracking_params")
tags = _labels("tracking_tags")

# The whole row is the key: the same measurement sent twice is one measurement. SQLite would store not-a-number as
# null, so a flag stands for it and its value is 0. No foreign key: it would cost a third of the time of a batch.
points = sa.Table(
    "tracking_points",
    metadata,
    sa.Column("run_no", _Number, primary_key=True, autoincrement=False),
    sa.Column("key_no", _Number, primary_key=True, autoincrement=False),
    sa.Column("step", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("value", sa.Double, primary_key=True),
    sa.Column("is_nan", sa.SmallInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# for each key the measurement with the greatest (step, at, value), kept up to date by the insert
newest = sa.Table(
    "tracking_newest",
    metadata,
    sa.Column("run_no", _Number, primary_key=True, autoincrement=False),
    sa.Column("key_no", _Number, primary_key=True, autoincrement=False),
    sa.Column("experiment_no", _Number, nullable=False),
    sa.Column("step", sa.BigInteger, nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("value", sa.Double, nullable=False),
    sa.Column("is_nan", sa.SmallInteger, nullable=False),
    sa.Index("ix_tracking_newest_value", "experiment_no", "key_no", "is_nan", "value", "run_no"),
    sqlite_with_rowid=False,
)

datasets = sa.Table(
    "tracking_datasets",
    metadata,
    sa.Column("no", _Number, primary_key=True, autoincrement=True),
    sa.Column("experiment_no", _Number, sa.ForeignKey("tracking_experiments.no"), nullable=False),
    sa.Column("name", _Name, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, info=NO_BLOB),
    sa.Column("source_type", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("schema", sa.Text),
    sa.Column("profile", sa.Text),
    sa.Column("place", _Name),  # NAMESPACE/NAME as OpenLineage has them, where the source names one
    sa.UniqueConstraint("experiment_no", "name", "digest"),
    sa.Index("ix_tracking_datasets_digest", "digest"),
    sa.Index("ix_tracking_datasets_name", "name"),
    sa.Index("ix_tracking_datasets_place", "place"),
)

inputs = sa.Table(
    "tracking_inputs",
    metadata,
    sa.Column("run_no", _Number, sa.ForeignKey("tracking_runs.no"), primary_key=True, autoincrement=False),
    sa.Column("dataset_no", _Number, sa.ForeignKey("tracking_datasets.no"), primary_key=True, autoincrement=False),
    sa.Column("context", sa.Text),  # the tag that searches ask for
    sa.Column("tags", sa.Text, nullable=False),  # JSON
    sa.Index("ix_tracking_inputs_dataset", "dataset_no", "run_no"),
)

models = sa.Table(
    "tracking_models",
    metadata,
    sa.Column("no", _Number, primary_key=True, autoincrement=True),
    sa.Column("id", _Name, nullable=False, unique=True),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("experiment_no", _Number, sa.ForeignKey("tracking_experiments.no"), nullable=False),
    sa.Column("name", _Name, nullable=False),
    sa.Column("model_type", sa.Text),
    sa.Column("source_run_id", sa.Text),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("artifact_root", sa.Text, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
    sa.Column("deleted_ms", sa.BigInteger),  # since then nobody finds it, and it waits to be purged
    sa.Index("ix_tracking_models_newest", "experiment_no", "created_ms", "id"),
    sa.Index("ix_tracking_models_run", "source_run_id"),
)

model_labels = sa.Table(
    "tracking_model_labels",
    metadata,
    sa.Column("model_no", _Number, sa.ForeignKey("tracking_models.no"), primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("key", _Name, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.CheckConstraint("kind in ('param', 'tag')", name="kind"),
)

# the newest value of each metric on each data set, as each run measured it; no data set: both names are empty
model_metrics = sa.Table(
    "tracking_model_metrics",
    metadata,
    sa.Column("model_no", _Number, sa.ForeignKey("tracking_models.no"), primary_key=True, autoincrement=False),
    sa.Column("key", _Name, primary_key=True),
    sa.Column("dataset_name", _Name, primary_key=True),
    sa.Column("dataset_digest", _Name, primary_key=True, info=NO_BLOB),
    sa.Column("run_id", _Name, primary_key=True),
    sa.Column("step", sa.BigInteger, nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("value", sa.Double, nullable=False),
    sa.Column("is_nan", sa.SmallInteger, nullable=False),
)

model_uses = sa.Table(
    "tracking_model_uses",
    metadata,
    sa.Column("run_no", _Number, sa.ForeignKey("tracking_runs.no"), primary_key=True, autoincrement=False),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("model_id", _Name, primary_key=True),
    sa.Column("step", sa.BigInteger, nullable=False),
    sa.CheckConstraint("role in ('input', 'output')", name="role"),
    sa.Index("ix_tracking_model_uses_model", "model_id", "role"),
)

# A tree of files for each project; runs and logged models own folders of it. Paths are names in this table and never
# touch a file system.
artifacts = sa.Table(
    "tracking_artifacts",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("path", _Name, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False, info=names_blob("artifact")),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("logged_at", Instant, nullable=False),
    sa.Column("hazard", sa.Text),  # what loading it could do; null: nothing that was noticed
    sa.Index("ix_tracking_artifacts_digest", "digest"),
)

# Files that arrive in parts. An upload that nobody touches for a day is swept, whatever became of it.
uploads = sa.Table(
    "tracking_uploads",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("path", _Name, nullable=False),
    sa.Column("parts", sa.Integer, nullable=False),  # how many were announced
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("begun_by", sa.Text, nullable=False),
    sa.Column("touched_at", Instant, nullable=False),
    sa.CheckConstraint("state in ('open', 'complete', 'aborted')", name="state"),
    sa.Index("ix_tracking_uploads_project", "project", "state"),
    sa.Index("ix_tracking_uploads_touched", "touched_at"),
)

upload_parts = sa.Table(
    "tracking_upload_parts",
    metadata,
    sa.Column("upload_id", sa.Text, sa.ForeignKey("tracking_uploads.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.Text, nullable=False, info=NO_BLOB),  # parts lie apart from the blobs
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
)

"""Experiments, runs, and what runs log."""

import sqlalchemy as sa

from everlearn.db import Instant, metadata

experiments = sa.Table(
    "tracking_experiments",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("project", "name"),
)

runs = sa.Table(
    "tracking_runs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("experiment", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("effective_at", Instant),
    sa.Column("started_by", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["project", "experiment"], ["tracking_experiments.project", "tracking_experiments.name"]),
    sa.CheckConstraint("status in ('RUNNING', 'FINISHED', 'FAILED', 'KILLED')", name="status"),
    sa.CheckConstraint("(status = 'RUNNING') = (ended_at is null)", name="ended_at"),
    sa.Index("ix_tracking_runs_newest", "project", "started_at", "id"),
    sa.Index("ix_tracking_runs_newest_of_experiment", "project", "experiment", "started_at", "id"),
)

params = sa.Table(
    "tracking_params",
    metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("tracking_runs.id"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

tags = sa.Table(
    "tracking_tags",
    metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("tracking_runs.id"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

# the whole row is the key: the same measurement sent twice is one measurement. SQLite would store not-a-number as
# null, so a flag stands for it and its value is 0
metrics = sa.Table(
    "tracking_metrics",
    metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("tracking_runs.id"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("step", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, primary_key=True),
    sa.Column("value", sa.Double, primary_key=True),
    sa.Column("is_nan", sa.Boolean, primary_key=True),
)

# for each key the measurement with the greatest (step, at, value), kept up to date by the insert
newest_metrics = sa.Table(
    "tracking_newest_metrics",
    metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("tracking_runs.id"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("step", sa.BigInteger, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("value", sa.Double, nullable=False),
    sa.Column("is_nan", sa.Boolean, nullable=False),
)

artifacts = sa.Table(
    "tracking_artifacts",
    metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("tracking_runs.id"), primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("logged_at", Instant, nullable=False),
)

"""Pipeline runs, their steps, and results that can be used again."""

import sqlalchemy as sa

from everlearn.db import NO_BLOB, Instant, mentions_blobs, metadata, names_blob

runs = sa.Table(
    "pipelines_runs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("pipeline", sa.Text, nullable=False),
    sa.Column("parameters", sa.Text, nullable=False),  # canonical JSON
    sa.Column("code_digest", sa.Text, nullable=False, info=NO_BLOB),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("tracking_run_id", sa.Text, nullable=False),
    sa.Column("submitted_by", sa.Text, nullable=False),
    sa.Column("submitted_at", Instant, nullable=False),
    sa.Column("started_at", Instant),
    sa.Column("ended_at", Instant),
    sa.Column("effective_at", Instant, nullable=False),
    sa.Column("error", sa.Text),
    sa.CheckConstraint("state in ('submitted', 'running', 'finished', 'failed')", name="state"),
    sa.Index("ix_pipelines_runs_newest", "project", "submitted_at", "id"),
    sa.Index("ix_pipelines_runs_code_digest", "project", "code_digest"),
    sa.Index("ix_pipelines_runs_tracking_run_id", "tracking_run_id"),
    sa.Index("ix_pipelines_runs_newest_of_pipeline", "project", "pipeline", "submitted_at", "id"),
)

steps = sa.Table(
    "pipelines_steps",
    metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("pipelines_runs.id"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("needs", sa.Text, nullable=False),  # names, canonical JSON
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),  # attempts that ended in an error of the step's own
    sa.Column("is_reused", sa.Boolean, nullable=False),
    sa.Column("is_logged", sa.Boolean, nullable=False),  # what it logged has reached the tracking run
    sa.Column(
        "logged", sa.Text, info=mentions_blobs("step of a pipeline run")
    ),  # parameters, metrics and artifacts, canonical JSON
    sa.Column("cache_key", sa.Text, info=NO_BLOB),
    sa.Column("output", sa.Text, info=names_blob("step of a pipeline run")),
    sa.Column("output_format", sa.Text),
    sa.Column("started_at", Instant),
    sa.Column("ended_at", Instant),
    sa.Column("wall_s", sa.Double),
    sa.Column("cpu_s", sa.Double),
    sa.Column("error", sa.Text),
    sa.CheckConstraint("state in ('waiting', 'running', 'done', 'failed')", name="state"),
)

cache = sa.Table(
    "pipelines_cache",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True, info=NO_BLOB),
    sa.Column("output", sa.Text, nullable=False, info=names_blob("result kept for pipelines")),
    sa.Column("output_format", sa.Text, nullable=False),
    # parameters, metrics and artifacts, canonical JSON
    sa.Column("logged", sa.Text, nullable=False, info=mentions_blobs("result kept for pipelines")),
    sa.Column("wall_s", sa.Double, nullable=False),
    sa.Column("cpu_s", sa.Double, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),  # that computed it
    sa.Column("created_at", Instant, nullable=False),
)

"""Models, versions and what they learned from, moves of stages, aliases and their history."""

import sqlalchemy as sa

from everlearn.db import Instant, metadata

models = sa.Table(
    "registry_models",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("newest", sa.Integer, nullable=False),  # whoever changes the model updates this row first: it is the lock
    sa.Column("created_at", Instant, nullable=False),
)

versions = sa.Table(
    "registry_versions",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("source_key", sa.Text, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("pipeline_run_id", sa.Text, nullable=False),
    sa.Column("code_digest", sa.Text, nullable=False),
    sa.Column("model_digest", sa.Text, nullable=False),
    sa.Column("flavour", sa.Text, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),  # canonical JSON
    sa.Column("profile_digest", sa.Text, nullable=False),
    sa.Column("holdout_digest", sa.Text, nullable=False),
    sa.Column("trained_through", Instant, nullable=False),
    sa.Column("metrics", sa.Text, nullable=False),  # canonical JSON
    sa.Column("registered_at", Instant, nullable=False),
    sa.Column("registered_by", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["project", "model"], ["registry_models.project", "registry_models.name"]),
    sa.UniqueConstraint("project", "model", "source_key"),
    sa.CheckConstraint("stage in ('candidate', 'live', 'retired', 'rejected')", name="stage"),
    sa.Index("ix_registry_versions_run_id", "project", "run_id"),
)

dataset_uses = sa.Table(
    "registry_dataset_uses",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("dataset", sa.Text, nullable=False),
    sa.Column("dataset_version", sa.Integer, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(
        ["project", "model", "number"],
        ["registry_versions.project", "registry_versions.model", "registry_versions.number"],
    ),
    sa.Index("ix_registry_dataset_uses_dataset", "project", "dataset", "model", "number"),
)

stage_moves = sa.Table(
    "registry_stage_moves",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),  # 1, 2, ... of this version
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("moved_at", Instant, nullable=False),
    sa.ForeignKeyConstraint(
        ["project", "model", "number"],
        ["registry_versions.project", "registry_versions.model", "registry_versions.number"],
    ),
)

aliases = sa.Table(
    "registry_aliases",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("alias", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.ForeignKeyConstraint(
        ["project", "model", "number"],
        ["registry_versions.project", "registry_versions.model", "registry_versions.number"],
    ),
)

alias_moves = sa.Table(
    "registry_alias_moves",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),  # 1, 2, ... of this model
    sa.Column("alias", sa.Text, nullable=False),
    sa.Column("before", sa.Integer),
    sa.Column("after", sa.Integer),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("moved_at", Instant, nullable=False),
    sa.ForeignKeyConstraint(["project", "model"], ["registry_models.project", "registry_models.name"]),
    sa.Index("ix_registry_alias_moves_alias", "project", "model", "alias", "position"),
)

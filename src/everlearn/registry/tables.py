"""Models, versions and what they learned from, moves of stages, aliases and their history."""

import sqlalchemy as sa

from everlearn.db import NO_BLOB, Instant, metadata, names_blob

models = sa.Table(
    "registry_models",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("newest", sa.Integer, nullable=False),  # whoever changes the model updates this row first: it is the lock
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Index("ix_registry_models_updated", "project", "updated_at"),
)

model_tags = sa.Table(
    "registry_model_tags",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["project", "model"], ["registry_models.project", "registry_models.name"]),
)

# Every version stands here: what teams register with mlflow's client, and what can be deployed, of which
# `registry_versions` knows all that serving and gates need.
catalogue = sa.Table(
    "registry_catalogue",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),  # empty: of no run
    sa.Column("run_link", sa.Text, nullable=False),
    sa.Column("model_id", sa.Text, nullable=False),  # the logged model; empty: none
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),  # MLflow's word, which decides nothing here
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("registered_by", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["project", "model"], ["registry_models.project", "registry_models.name"]),
    sa.CheckConstraint("stage in ('None', 'Staging', 'Production', 'Archived')", name="stage"),
    sa.Index("ix_registry_catalogue_run_id", "project", "run_id"),
    sa.Index("ix_registry_catalogue_model_id", "project", "model_id"),
)

version_tags = sa.Table(
    "registry_version_tags",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(
        ["project", "model", "number"],
        ["registry_catalogue.project", "registry_catalogue.model", "registry_catalogue.number"],
    ),
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
    sa.Column("code_digest", sa.Text, nullable=False, info=NO_BLOB),
    sa.Column("model_digest", sa.Text, nullable=False, info=names_blob("version of a model")),
    sa.Column("flavour", sa.Text, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),  # canonical JSON
    sa.Column("profile_digest", sa.Text, nullable=False, info=names_blob("version of a model")),
    sa.Column("holdout_digest", sa.Text, nullable=False, info=names_blob("version of a model")),
    sa.Column("trained_through", Instant, nullable=False),
    sa.Column("metrics", sa.Text, nullable=False),  # canonical JSON
    sa.Column("registered_at", Instant, nullable=False),
    sa.Column("registered_by", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["project", "model"], ["registry_models.project", "registry_models.name"]),
    sa.UniqueConstraint("project", "model", "source_key"),
    sa.CheckConstraint("stage in ('candidate', 'live', 'retired', 'rejected')", name="stage"),
    sa.Index("ix_registry_versions_run_id", "project", "run_id"),
    sa.Index("ix_registry_versions_pipeline_run_id", "project", "pipeline_run_id"),
    sa.Index("ix_registry_versions_code_digest", "project", "code_digest"),
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
    sa.Column("digest", sa.Text, nullable=False, info=NO_BLOB),
    sa.ForeignKeyConstraint(
        ["project", "model", "number"],
        ["registry_versions.project", "registry_versions.model", "registry_versions.number"],
    ),
    sa.Index("ix_registry_dataset_uses_dataset", "project", "dataset", "model", "number"),
    sa.Index("ix_registry_dataset_uses_digest", "project", "digest"),
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
        ["registry_catalogue.project", "registry_catalogue.model", "registry_catalogue.number"],
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
    sa.Column("decision_id", sa.Text),  # null: no contract was asked
    # no foreign key: what an alias named once is asked after its model is gone, too
    sa.Index("ix_registry_alias_moves_alias", "project", "model", "alias", "position"),
)

approvals = sa.Table(
    "registry_approvals",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("alias", sa.Text, primary_key=True),
    sa.Column("actor", sa.Text, primary_key=True),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("approved_at", Instant, nullable=False),
    sa.ForeignKeyConstraint(
        ["project", "model", "number"],
        ["registry_catalogue.project", "registry_catalogue.model", "registry_catalogue.number"],
    ),
)

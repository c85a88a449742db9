"""Retraining reviews."""

import sqlalchemy as sa

from everlearn.db import Instant, metadata

retraining_reviews = sa.Table(
    "retraining_reviews",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("effective_at", Instant, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("decision_id", sa.Text, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("pipeline_run_id", sa.Text),
    sa.Column("expected_gain", sa.Float, nullable=False),
    sa.Column("expected_cost", sa.Float, nullable=False),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.Index("ix_retraining_reviews_decision", "project", "decision_id"),
    sa.Index("ix_retraining_reviews_pipeline_run", "project", "pipeline_run_id"),
)

"""Window reports and alerts."""

import sqlalchemy as sa

from everlearn.db import Instant, metadata

monitoring_windows = sa.Table(
    "monitoring_windows",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("start", Instant, primary_key=True),
    sa.Column("end", Instant, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("prediction_count", sa.Integer, nullable=False),
    sa.Column("label_count", sa.Integer, nullable=False),
    sa.Column("mae", sa.Float),
    sa.Column("bias", sa.Float),
    sa.Column("failure_count", sa.Integer, nullable=False),
    sa.Column("decision_id", sa.Text),
    sa.Column("recorded_at", Instant, nullable=False),
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("last_seen_at", Instant, nullable=False),
    sa.Column("resolved_at", Instant),
    sa.Column("resolution", sa.Text, nullable=False),
    sa.Column("quiet_count", sa.Integer, nullable=False),
    sa.Column("decision_id", sa.Text, nullable=False),
    sa.Index("ix_alerts_project_model_opened_at", "project", "model", "opened_at", "id"),
    sa.Index(
        "uq_alerts_open",
        "project",
        "model",
        "kind",
        unique=True,
        sqlite_where=sa.text("resolved_at is null"),
        postgresql_where=sa.text("resolved_at is null"),
    ),
)

"""The table of decisions."""

import sqlalchemy as sa

from everlearn.db import Instant, metadata, names_blob

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("parameters", sa.Text, nullable=False),  # canonical JSON
    sa.Column("window", sa.Text, nullable=False, info=names_blob("decision")),  # digest
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),  # canonical JSON
    sa.Column("effective_at", Instant, nullable=False),
    sa.Column("decided_at", Instant, nullable=False),
    sa.Index(None, "window"),
    sa.Index(None, "project", "effective_at", "id"),
    sa.Index(None, "project", "subject", "effective_at", "id"),
    sa.Index(None, "project", "kind", "effective_at", "id"),
    sa.Index(None, "project", "verdict", "effective_at", "id"),
)

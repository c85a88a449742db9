"""Policies, every revision kept."""

import sqlalchemy as sa

from everlearn.db import Instant, metadata

policies = sa.Table(
    "policies",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("set_at", Instant, nullable=False),
)

"""Feature views, every revision kept."""

import sqlalchemy as sa

from everlearn.db import NO_BLOB, Instant, metadata

views = sa.Table(
    "features_views",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("newest", sa.Integer, nullable=False),  # whoever defines the view updates this row first: it is the lock
)

revisions = sa.Table(
    "features_revisions",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.Text, nullable=False, info=NO_BLOB),
    sa.Column("definition", sa.Text, nullable=False),  # canonical JSON
    sa.Column("defined_at", Instant, nullable=False),
    sa.Column("defined_by", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["project", "name"], ["features_views.project", "features_views.name"]),
)

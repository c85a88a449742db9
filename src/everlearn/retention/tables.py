"""Policies, every revision kept, and the work of plans that were taken up."""

import sqlalchemy as sa

from everlearn.db import Instant, metadata

policies = sa.Table(
    "retention_policies",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("document", sa.Text, nullable=False),  # JSON
    sa.Column("set_by", sa.Text, nullable=False),
    sa.Column("set_at", Instant, nullable=False),
)

# one row for each item of a plan that was taken up; it goes through these states and stays
work = sa.Table(
    "retention_work",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("plan", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("subject_id", sa.Text, nullable=False),
    sa.Column("root", sa.Text, nullable=False),
    sa.Column("because", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),  # the id of the receipt, or why nothing was done
    sa.Column("applied_by", sa.Text, nullable=False),
    sa.CheckConstraint("state in ('waiting', 'begun', 'done', 'skipped')", name="state"),
)

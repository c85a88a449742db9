"""The queue and the clockwork of its schedules.

The partial indexes hold only what is waiting or running, so the queue stays fast however long its past grows. An
engine uses one only where a query says the index's condition in the same words, hence the conditions here.
"""

import sqlalchemy as sa

from everlearn.db import Instant, metadata

IS_PENDING = sa.text("state = 'pending'")
IS_RUNNING = sa.text("state = 'running'")
IS_ACTIVE = sa.text("state in ('pending', 'running')")
IS_OVER = sa.text("finished_at is not null")

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("arguments", sa.Text, nullable=False),  # canonical JSON
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("rank", sa.Integer, nullable=False),  # the priority negated, so that one index gives the order
    sa.Column("unique_key", sa.Text),
    sa.Column("run_at", Instant, nullable=False),
    sa.Column("deadline_at", Instant),
    sa.Column("max_attempts", sa.Integer, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("losses", sa.Integer, nullable=False),
    sa.Column("worker", sa.Text),
    sa.Column("lease_token", sa.Text),
    sa.Column("lease_until", Instant),
    sa.Column("is_cancel_requested", sa.Boolean, nullable=False),
    sa.Column("cause_id", sa.Text),
    sa.Column("correlation_id", sa.Text, nullable=False),
    sa.Column("error", sa.Text),  # canonical JSON
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("started_at", Instant),
    sa.Column("finished_at", Instant),
    sa.CheckConstraint("state in ('pending', 'running', 'done', 'dead', 'cancelled')", name="state"),
    sa.CheckConstraint("(state = 'running') = (lease_token is not null)", name="lease"),
    sa.CheckConstraint("(state in ('pending', 'running')) = (finished_at is null)", name="over"),
    sa.CheckConstraint("max_attempts >= 1", name="max_attempts"),
    sa.Index("ix_jobs_claim", "rank", "run_at", "id", postgresql_where=IS_PENDING, sqlite_where=IS_PENDING),
    sa.Index("ix_jobs_due", "run_at", postgresql_where=IS_PENDING, sqlite_where=IS_PENDING),
    sa.Index("ix_jobs_lease", "lease_until", postgresql_where=IS_RUNNING, sqlite_where=IS_RUNNING),
    sa.Index("uq_jobs_unique_key", "unique_key", unique=True, postgresql_where=IS_ACTIVE, sqlite_where=IS_ACTIVE),
    sa.Index("ix_jobs_over", "state", "created_at", "id", postgresql_where=IS_OVER, sqlite_where=IS_OVER),
    sa.Index("ix_jobs_created", "created_at", "id"),
)

schedules = sa.Table(
    "job_schedules",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("definition", sa.Text, nullable=False),  # the cron expression and its time zone
    sa.Column("next_at", Instant, nullable=False),
)

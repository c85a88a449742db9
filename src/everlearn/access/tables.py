"""Accounts, grants, tokens, one-time tickets and browser sessions. Of secrets only hashes are kept."""

import sqlalchemy as sa

from everlearn.db import NO_BLOB, Instant, metadata

accounts = sa.Table(
    "access_accounts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
)

grants = sa.Table(
    "access_grants",
    metadata,
    sa.Column("account_id", sa.Text, sa.ForeignKey("access_accounts.id"), primary_key=True),
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Index("ix_access_grants_project", "project", "account_id"),
)

tokens = sa.Table(
    "access_tokens",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("account_id", sa.Text, sa.ForeignKey("access_accounts.id"), nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("secret_hash", sa.Text, nullable=False),  # argon2id, with its parameters
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("revoked_at", Instant),
    sa.Column("last_used_at", Instant),
    sa.Index("ix_access_tokens_account", "account_id", "id"),
)

# the two below hold 256 random bits each, for which a plain digest is hash enough
tickets = sa.Table(
    "access_tickets",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True, info=NO_BLOB),
    sa.Column("account_id", sa.Text, sa.ForeignKey("access_accounts.id"), nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
)

sessions = sa.Table(
    "access_sessions",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True, info=NO_BLOB),
    sa.Column("account_id", sa.Text, sa.ForeignKey("access_accounts.id"), nullable=False),
    sa.Column("token_id", sa.Text),  # the token it was opened with; ends with it
    sa.Column("expires_at", Instant, nullable=False),
    sa.Index("ix_access_sessions_expires_at", "expires_at"),
)

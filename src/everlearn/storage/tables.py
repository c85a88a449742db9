"""Which blobs are packed against which, receipts of what was deleted, and legal holds."""

import sqlalchemy as sa

from everlearn.db import NO_BLOB, Instant, metadata

_Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# as it was decided; what lies on the shelf is the shelf's to tell
packings = sa.Table(
    "storage_packings",
    metadata,
    sa.Column("no", _Number, primary_key=True),  # given once: a blob is packed only against one with a larger number
    sa.Column("digest", sa.Text, nullable=False, unique=True, info=NO_BLOB),  # a note on a blob, which keeps nothing
    sa.Column("base", sa.Text, nullable=False, info=NO_BLOB),  # empty: none; the container on the shelf keeps it
    sa.Column("height", sa.Integer, nullable=False),  # blobs in the longest chain that needs this one, at most
)

receipts = sa.Table(
    "storage_receipts",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False, info=NO_BLOB),  # JSON; names no digests: it keeps nothing
    sa.Column("at", Instant, nullable=False),
    sa.Index("ix_storage_receipts_newest", "project", "at", "id"),
    sa.Index("ix_storage_receipts_subject", "project", "subject", "at", "id"),
)

holds = sa.Table(
    "storage_holds",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("placed_by", sa.Text, nullable=False),
    sa.Column("placed_at", Instant, nullable=False),
)

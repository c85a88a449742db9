"""Tables of the log: its entries, the head that grows, the tree above it, checkpoints and subscribers' positions."""

import sqlalchemy as sa

from everlearn.db import NO_BLOB, Instant, metadata, names_blob

# SQLite finds rows by a plain integer key without an index of its own
_Position = sa.BigInteger().with_variant(sa.Integer, "sqlite")

entries = sa.Table(
    "log_entries",
    metadata,
    sa.Column("position", _Position, primary_key=True, autoincrement=False),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.Column("cause_id", sa.Text),
    sa.Column("correlation_id", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False, info=NO_BLOB),  # canonical JSON; blobs that it names: see `evidence`
    sa.Column("leaf", sa.LargeBinary(32), nullable=False),
    sa.Index(None, "name", "position"),
    sa.Index(None, "subject", "position"),
    # an entry without a cause is its own correlation and found by its id
    sa.Index(
        "ix_log_entries_correlation_id_position",
        "correlation_id",
        "position",
        sqlite_where=sa.text("cause_id is not null"),
        postgresql_where=sa.text("cause_id is not null"),
    ),
)

# blobs that entries name (see `Event.blobs`): what the log speaks of stays for as long as the log does
evidence = sa.Table(
    "log_evidence",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True, info=names_blob("entry of the log")),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
)

# one row: whoever appends holds it until the transaction ends, which makes positions gapless and in commit order
head = sa.Table(
    "log_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("range", sa.LargeBinary, nullable=False),  # the compact range of the tree: 32 bytes a hash
    sa.Column("recorded_at", Instant, nullable=False),  # of the last entry
)

# the roots of 256 neighbouring leaves each, so that a proof need not read the whole log
blocks = sa.Table(
    "log_blocks",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("root", sa.LargeBinary(32), nullable=False),
)

checkpoints = sa.Table(
    "log_checkpoints",
    metadata,
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("note", sa.Text, nullable=False),  # the signed note, as C2SP writes it
    sa.Column("recorded_at", Instant, nullable=False),
)

positions = sa.Table(
    "log_positions",
    metadata,
    sa.Column("subscription", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
)

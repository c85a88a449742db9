"""Data sets, every revision of their contracts, and their versions.

A version adds exactly one partition, so the partitions of version n are those of the rows 1 to n.
"""

import sqlalchemy as sa

from everlearn.db import NO_BLOB, Instant, metadata, names_blob

datasets = sa.Table(
    "datasets",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    # whoever changes the data set updates this row first: it is the lock
    sa.Column("newest", sa.Integer, nullable=False),
    sa.Column("contract_revision", sa.Integer, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
)

contracts = sa.Table(
    "datasets_contracts",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.Text, nullable=False, info=NO_BLOB),
    sa.Column("document", sa.Text, nullable=False),  # canonical JSON
    sa.Column("defined_at", Instant, nullable=False),
    sa.Column("defined_by", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["project", "name"], ["datasets.project", "datasets.name"]),
)

versions = sa.Table(
    "datasets_versions",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.Text, nullable=False, info=NO_BLOB),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("contract_revision", sa.Integer, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("partition_digest", sa.Text, nullable=False, info=names_blob("partition of a data set")),
    sa.Column("partition_rows", sa.BigInteger, nullable=False),
    sa.Column("partition_bytes", sa.BigInteger, nullable=False),
    sa.Column("first_at", Instant),
    sa.Column("last_at", Instant),
    sa.Column("report", sa.Text, nullable=False),  # canonical JSON, of the partition
    sa.Column("defects", sa.Integer, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("effective_at", Instant, nullable=False),
    sa.ForeignKeyConstraint(
        ["project", "name", "contract_revision"],
        ["datasets_contracts.project", "datasets_contracts.name", "datasets_contracts.revision"],
    ),
    sa.UniqueConstraint("project", "name", "key"),
    sa.Index("ix_datasets_versions_digest", "project", "digest"),
    sa.Index("ix_datasets_versions_partition_digest", "project", "partition_digest"),
)

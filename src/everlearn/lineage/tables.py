"""What other systems told in OpenLineage: every event, and the jobs, data and links that they name."""

import sqlalchemy as sa

from everlearn.db import NO_BLOB, Instant, metadata

_Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite counts up only in a plain integer key

events = sa.Table(
    "lineage_events",
    metadata,
    sa.Column("no", _Number, primary_key=True, autoincrement=True),
    sa.Column("project", sa.Text, nullable=False),
    # of the document; the same event again is the same event
    sa.Column("digest", sa.Text, nullable=False, info=NO_BLOB),
    sa.Column("job", sa.Text),  # NAMESPACE/NAME; None: an event about data alone
    sa.Column("document", sa.Text, nullable=False),  # canonical JSON, unknown facets kept
    sa.Column("recorded_at", Instant, nullable=False),
    sa.UniqueConstraint("project", "digest"),
    sa.Index("ix_lineage_events_newest", "project", "no"),
    sa.Index("ix_lineage_events_job", "project", "job", "no"),
)

# one line for each job and piece of data that an event named, with the newest of its facets
named = sa.Table(
    "lineage_named",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),  # NAMESPACE/NAME
    sa.Column("namespace", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("facets", sa.Text, nullable=False),  # canonical JSON
    sa.Column("state", sa.Text, nullable=False),  # of a job: the type of its newest event
    sa.Column("first_at", Instant, nullable=False),
    sa.Column("last_at", Instant, nullable=False),
    sa.CheckConstraint("kind in ('dataset', 'job')", name="kind"),
)

links = sa.Table(
    "lineage_links",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("direction", sa.Text, primary_key=True),
    sa.Column("dataset", sa.Text, primary_key=True),
    sa.Column("first_at", Instant, nullable=False),
    sa.CheckConstraint("direction in ('input', 'output')", name="direction"),
    sa.Index("ix_lineage_links_dataset", "project", "dataset"),
)

"""Where that which was taken over comes from."""

import sqlalchemy as sa

from everlearn.db import metadata

origins = sa.Table(
    "exchange_origins",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),  # an experiment's name, a run's or model's id, "NAME/NUMBER"
    sa.Column("database", sa.Text, nullable=False),  # without its password
    sa.Column("place", sa.Text, nullable=False),  # where its files were, or a version's source
)

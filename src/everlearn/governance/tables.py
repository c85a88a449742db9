"""Model cards, every edition kept."""

import sqlalchemy as sa

from everlearn.db import Instant, metadata, names_blob

model_cards = sa.Table(
    "model_cards",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("edition", sa.Integer, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False, info=names_blob("edition of a model card")),
    sa.Column("facts_digest", sa.Text, nullable=False, info=names_blob("edition of a model card")),
    sa.Column("effective_at", Instant, nullable=False),
    sa.Column("recorded_at", Instant, nullable=False),
)

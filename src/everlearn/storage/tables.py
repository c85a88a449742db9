"""Which blobs are packed against which, as it was decided; what lies on the shelf is the shelf's to tell."""

import sqlalchemy as sa

from everlearn.db import NO_BLOB, metadata

_Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")

packings = sa.Table(
    "storage_packings",
    metadata,
    sa.Column("no", _Number, primary_key=True),  # given once: a blob is packed only against one with a larger number
    sa.Column("digest", sa.Text, nullable=False, unique=True, info=NO_BLOB),  # a note on a blob, which keeps nothing
    sa.Column("base", sa.Text, nullable=False, info=NO_BLOB),  # empty: none; the container on the shelf keeps it
    sa.Column("height", sa.Integer, nullable=False),  # blobs in the longest chain that needs this one, at most
)

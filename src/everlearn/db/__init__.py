"""The database: one engine, short transactions, migrations; SQLite and PostgreSQL behave alike.

`open_database(url)` gives a `Database`; `with db.write() as tx` is the only way to change anything.
"""

from everlearn.db.engine import Database, Tx, open_database
from everlearn.db.references import NO_BLOB, mentions_blobs, names_blob
from everlearn.db.schema import Instant, metadata
from everlearn.db.sql import Sql, marks, read_instant, written
from everlearn.db.upsert import insert_for

__all__ = [
    "NO_BLOB",
    "Database",
    "Instant",
    "Sql",
    "Tx",
    "insert_for",
    "marks",
    "mentions_blobs",
    "metadata",
    "names_blob",
    "open_database",
    "read_instant",
    "written",
]

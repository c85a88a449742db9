"""The database: one engine, short transactions, migrations; SQLite and PostgreSQL behave alike.

`open_database(url)` gives a `Database`; `with db.write() as tx` is the only way to change anything.
"""

from everlearn.db.engine import Database, Tx, open_database
from everlearn.db.schema import Instant, metadata
from everlearn.db.sql import Sql, marks, read_instant, written
from everlearn.db.upsert import insert_for

__all__ = [
    "Database",
    "Instant",
    "Sql",
    "Tx",
    "insert_for",
    "marks",
    "metadata",
    "open_database",
    "read_instant",
    "written",
]

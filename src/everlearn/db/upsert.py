"""`insert … on conflict`: one name for the same clause of both engines."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from everlearn.db.engine import Tx


def insert_for(tx: Tx, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """Give the insert of the engine in use, which knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return postgresql.insert(table) if tx.is_postgresql else sqlite.insert(table)

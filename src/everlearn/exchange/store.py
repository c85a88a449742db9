"""Rows of origins."""

import sqlalchemy as sa

from everlearn.db import Tx, insert_for
from everlearn.exchange.model import Kind
from everlearn.exchange.tables import origins


def put_origin(tx: Tx, project: str, kind: Kind, key: str, *, database: str, place: str) -> None:
    """Write down where something comes from; what was written first stays."""
    row = {"project": project, "kind": kind.value, "key": key, "database": database, "place": place}
    tx.execute(insert_for(tx, origins).values(row).on_conflict_do_nothing())


def origin(tx: Tx, project: str, kind: Kind, key: str) -> str | None:
    """Give the place where something was; None when it began here."""
    query = sa.select(origins.c.place).filter_by(project=project, kind=kind.value, key=key)
    found: str | None = tx.execute(query).scalar_one_or_none()
    return found

"""Receipts and holds: rows in, values out."""

from collections.abc import Iterator
from datetime import datetime

import msgspec
import sqlalchemy as sa

from everlearn.core.actor import Actor
from everlearn.db import Tx, insert_for
from everlearn.storage.model import Hold, Receipt
from everlearn.storage.tables import holds, receipts


def insert_receipt(tx: Tx, receipt: Receipt) -> None:
    """Keep a receipt."""
    row = {"project": receipt.project, "id": receipt.id, "subject": receipt.subject, "at": receipt.at}
    tx.execute(sa.insert(receipts).values(row | {"document": msgspec.json.encode(receipt).decode()}))


def find_receipt(tx: Tx, project: str, receipt_id: str) -> Receipt | None:
    """Give one receipt."""
    query = sa.select(receipts.c.document).where(receipts.c.project == project, receipts.c.id == receipt_id)
    found = tx.execute(query).scalar_one_or_none()
    return None if found is None else msgspec.json.decode(found, type=Receipt)


def newest_receipts(
    tx: Tx, project: str, subject: str | None, *, before: tuple[datetime, str] | None, limit: int
) -> list[Receipt]:
    """Give receipts, newest first, beginning after a place."""
    query = sa.select(receipts.c.document).where(receipts.c.project == project)
    if subject is not None:
        query = query.where(receipts.c.subject == subject)
    if before is not None:
        at, last = before
        query = query.where(sa.or_(receipts.c.at < at, sa.and_(receipts.c.at == at, receipts.c.id < last)))
    query = query.order_by(receipts.c.at.desc(), receipts.c.id.desc()).limit(limit)
    return [msgspec.json.decode(document, type=Receipt) for document in tx.execute(query).scalars()]


def insert_hold(tx: Tx, project: str, hold: Hold) -> bool:
    """Place a hold; False when there is one."""
    row = {
        "project": project,
        "subject": hold.subject,
        "reason": hold.reason,
        "placed_by": hold.placed_by,
        "placed_at": hold.placed_at,
    }
    statement = insert_for(tx, holds).values(row).on_conflict_do_nothing().returning(holds.c.subject)
    return tx.execute(statement).one_or_none() is not None


def delete_hold(tx: Tx, project: str, subject: str) -> bool:
    """Lift a hold; False when there is none."""
    return tx.execute(sa.delete(holds).where(holds.c.project == project, holds.c.subject == subject)).rowcount == 1


def all_holds(tx: Tx, project: str) -> Iterator[Hold]:
    """Give every hold in a project, by subject. People place them one by one, so there are few."""
    query = sa.select(holds).where(holds.c.project == project).order_by(holds.c.subject)
    for row in tx.execute(query):
        yield Hold(subject=row.subject, reason=row.reason, placed_by=Actor(row.placed_by), placed_at=row.placed_at)

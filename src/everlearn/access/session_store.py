"""Tickets and sessions: values of random bits, found by their digest, gone after their time."""

from datetime import datetime

import sqlalchemy as sa

from everlearn.access.tables import sessions, tickets
from everlearn.db import Tx


def insert_ticket(tx: Tx, digest: str, *, account_id: str, expires_at: datetime) -> None:
    """Keep a ticket until it is used or its time is over."""
    tx.execute(sa.insert(tickets).values(digest=digest, account_id=account_id, expires_at=expires_at))


def take_ticket(tx: Tx, digest: str, *, now: datetime) -> str | None:
    """Use a ticket up and give its account; None when there is none, also the second time."""
    statement = (
        sa.delete(tickets).where(tickets.c.digest == digest, tickets.c.expires_at > now).returning(tickets.c.account_id)
    )
    account_id: str | None = tx.execute(statement).scalar_one_or_none()
    return account_id


def insert_session(tx: Tx, digest: str, *, account_id: str, token_id: str | None, expires_at: datetime) -> None:
    """Keep a session until it ends."""
    tx.execute(
        sa.insert(sessions).values(digest=digest, account_id=account_id, token_id=token_id, expires_at=expires_at)
    )


def find_session(tx: Tx, digest: str, *, now: datetime) -> tuple[str, str | None] | None:
    """Give a session's account and the token it was opened with; None when there is none or its time is over."""
    query = sa.select(sessions.c.account_id, sessions.c.token_id).where(
        sessions.c.digest == digest, sessions.c.expires_at > now
    )
    row = tx.execute(query).one_or_none()
    return None if row is None else (row.account_id, row.token_id)


def delete_session(tx: Tx, digest: str) -> None:
    """End a session."""
    tx.execute(sa.delete(sessions).where(sessions.c.digest == digest))


def delete_expired(tx: Tx, now: datetime) -> None:
    """Drop what is past its time."""
    tx.execute(sa.delete(sessions).where(sessions.c.expires_at <= now))
    tx.execute(sa.delete(tickets).where(tickets.c.expires_at <= now))

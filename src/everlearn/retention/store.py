"""Policies and work: rows in, values out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from everlearn.core.actor import Actor
from everlearn.db import Tx, insert_for
from everlearn.retention.model import Item, RetentionPolicy, What
from everlearn.retention.tables import policies, work


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An item of a plan that was taken up, and how far it is."""

    position: int
    what: What
    subject_id: str
    root: str
    because: str
    state: str
    applied_by: Actor


def newest_policy(tx: Tx, project: str) -> tuple[int, RetentionPolicy]:
    """Give the policy in force with its number; 0 and the default when nobody set one."""
    query = sa.select(policies.c.number, policies.c.document).where(policies.c.project == project)
    row = tx.execute(query.order_by(policies.c.number.desc()).limit(1)).one_or_none()
    if row is None:
        return 0, RetentionPolicy()
    return row.number, msgspec.json.decode(row.document, type=RetentionPolicy)


def insert_policy(tx: Tx, project: str, number: int, policy: RetentionPolicy, *, actor: Actor, at: datetime) -> None:
    """Put a policy in force."""
    row = {"project": project, "number": number, "set_by": actor, "set_at": at}
    tx.execute(sa.insert(policies).values(row | {"document": msgspec.json.encode(policy).decode()}))


def insert_work(tx: Tx, project: str, plan: str, items: Sequence[Item], *, actor: Actor) -> bool:
    """Take up a plan; False when it was taken up before."""
    rows: list[dict[str, Any]] = [
        {
            "project": project,
            "plan": plan,
            "position": position,
            "what": item.what,
            "subject_id": item.id,
            "root": item.root,
            "because": item.because,
            "state": "waiting",
            "outcome": "",
            "applied_by": actor,
        }
        for position, item in enumerate(items, 1)
    ]
    if not rows:
        return False
    first = insert_for(tx, work).values(rows[0]).on_conflict_do_nothing().returning(work.c.position)
    if tx.execute(first).one_or_none() is None:
        return False
    if rows[1:]:
        tx.execute(sa.insert(work), rows[1:])
    return True


def next_task(tx: Tx, project: str, plan: str) -> Task | None:
    """Give the first item that is not over."""
    query = sa.select(work).where(
        work.c.project == project, work.c.plan == plan, work.c.state.in_(("waiting", "begun"))
    )
    row = tx.execute(query.order_by(work.c.position).limit(1)).one_or_none()
    if row is None:
        return None
    return Task(
        position=row.position,
        what=What(row.what),
        subject_id=row.subject_id,
        root=row.root,
        because=row.because,
        state=row.state,
        applied_by=Actor(row.applied_by),
    )


def move_task(tx: Tx, project: str, plan: str, position: int, *, state: str, outcome: str | None = None) -> None:
    """Write how far an item is."""
    values = {"state": state} if outcome is None else {"state": state, "outcome": outcome}
    at = (work.c.project == project, work.c.plan == plan, work.c.position == position)
    tx.execute(sa.update(work).where(*at).values(values))

"""Who said that a version may carry an alias."""

import sqlalchemy as sa

from everlearn.core.actor import Actor
from everlearn.db import Tx, insert_for
from everlearn.registry.model import Approval
from everlearn.registry.tables import approvals

MOST_APPROVALS = 1_000  # of one version


def insert(tx: Tx, project: str, model: str, approval: Approval) -> bool:
    """Add an approval; False when this person has given it already."""
    statement = insert_for(tx, approvals).values(
        project=project,
        model=model,
        number=approval.number,
        alias=approval.alias,
        actor=approval.actor,
        comment=approval.comment,
        approved_at=approval.approved_at,
    )
    return tx.execute(statement.on_conflict_do_nothing().returning(approvals.c.actor)).one_or_none() is not None


def delete(tx: Tx, project: str, model: str, number: int, alias: str, actor: Actor) -> bool:  # its key
    """Take an approval away; False when there is none."""
    key = {"project": project, "model": model, "number": number, "alias": alias, "actor": actor}
    statement = sa.delete(approvals).where(*(approvals.c[name] == value for name, value in key.items()))
    return tx.execute(statement).rowcount > 0


def of_version(tx: Tx, project: str, model: str, number: int) -> list[Approval]:
    """List the approvals of a version, by alias and in the order in which they were given."""
    query = (
        sa.select(approvals.c.alias, approvals.c.actor, approvals.c.comment, approvals.c.approved_at)
        .filter_by(project=project, model=model, number=number)
        .order_by(approvals.c.alias, approvals.c.approved_at, approvals.c.actor)
        .limit(MOST_APPROVALS)
    )
    return [
        Approval(
            alias=row.alias,
            number=number,
            actor=Actor(row.actor),
            comment=row.comment,
            approved_at=row.approved_at,
        )
        for row in tx.execute(query)
    ]

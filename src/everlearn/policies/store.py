"""Policy rows in, documents out."""

import json
from datetime import datetime

import sqlalchemy as sa

from everlearn.core.actor import Actor
from everlearn.core.json import JSONObject, canonical_json
from everlearn.db import Tx
from everlearn.policies.tables import policies


def newest(tx: Tx, project: str, model: str, kind: str) -> tuple[int, JSONObject] | None:
    """Give the number and document in force, or None when nobody has set one."""
    row = tx.execute(
        sa.select(policies.c.revision, policies.c.document)
        .where(policies.c.project == project, policies.c.model == model, policies.c.kind == kind)
        .order_by(policies.c.revision.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else (row.revision, json.loads(row.document))


def kinds(tx: Tx, project: str, model: str) -> dict[str, JSONObject]:
    """Give the documents in force by kind."""
    of_model = (policies.c.project == project, policies.c.model == model)
    last = (
        sa.select(policies.c.kind, sa.func.max(policies.c.revision).label("revision"))
        .where(*of_model)
        .group_by(policies.c.kind)
        .subquery()
    )
    rows = tx.execute(
        sa.select(policies.c.kind, policies.c.document)
        .join(last, sa.and_(policies.c.kind == last.c.kind, policies.c.revision == last.c.revision))
        .where(*of_model)
    )
    return {row.kind: json.loads(row.document) for row in rows}


def insert(  # one argument a column
    tx: Tx, *, project: str, model: str, kind: str, number: int, document: JSONObject, actor: Actor, at: datetime
) -> None:
    """Add one revision."""
    tx.execute(
        sa.insert(policies).values(
            project=project,
            model=model,
            kind=kind,
            revision=number,
            document=canonical_json(document),
            actor=actor,
            set_at=at,
        )
    )

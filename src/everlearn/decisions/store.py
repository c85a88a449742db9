"""Decision rows in, values out."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from everlearn.core.decisions import Decision, Finding, Verdict
from everlearn.core.digest import Digest
from everlearn.core.json import canonical_json
from everlearn.db import Tx, insert_for
from everlearn.decisions.tables import decisions


def insert(tx: Tx, decision: Decision) -> bool:
    """Add a decision; False when it is there already."""
    statement = insert_for(tx, decisions).values(_row(decision)).on_conflict_do_nothing(index_elements=["id"])
    return tx.execute(statement.returning(decisions.c.id)).one_or_none() is not None


def find(tx: Tx, decision_id: str) -> Decision | None:
    """Give one decision."""
    row = tx.execute(sa.select(decisions).where(decisions.c.id == decision_id)).one_or_none()
    return None if row is None else _decision(row)


def newest_first(
    tx: Tx,
    project: str,
    *,
    subject: str | None,
    kind: str | None,
    verdict: Verdict | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[Decision]:
    """Give decisions by the moment that they are about, the newest first."""
    query = sa.select(decisions).where(decisions.c.project == project)
    for column, wanted in ((decisions.c.subject, subject), (decisions.c.kind, kind), (decisions.c.verdict, verdict)):
        if wanted is not None:
            query = query.where(column == wanted)
    if before is not None:
        at, decision_id = before
        query = query.where(
            sa.or_(decisions.c.effective_at < at, sa.and_(decisions.c.effective_at == at, decisions.c.id < decision_id))
        )
    ordered = query.order_by(decisions.c.effective_at.desc(), decisions.c.id.desc()).limit(limit)
    return [_decision(row) for row in tx.execute(ordered)]


def _row(decision: Decision) -> dict[str, Any]:
    return {
        "id": decision.id,
        "project": decision.project,
        "kind": decision.kind,
        "subject": decision.subject,
        "rule": decision.rule,
        "parameters": canonical_json(decision.parameters),
        "window": decision.window,
        "verdict": decision.finding.verdict.value,
        "reason": decision.finding.reason,
        "evidence": canonical_json(decision.finding.evidence),
        "effective_at": decision.effective_at,
        "decided_at": decision.decided_at,
    }


def _decision(row: Any) -> Decision:
    return Decision(
        id=row.id,
        project=row.project,
        kind=row.kind,
        subject=row.subject,
        rule=row.rule,
        parameters=json.loads(row.parameters),
        window=Digest(row.window),
        finding=Finding(verdict=Verdict(row.verdict), reason=row.reason, evidence=json.loads(row.evidence)),
        effective_at=row.effective_at,
        decided_at=row.decided_at,
    )

"""Which decisions were about which versions. Each function takes at most some hundred ids."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from everlearn.core.decisions import Verdict
from everlearn.core.subjects import model_subject
from everlearn.db import Tx
from everlearn.decisions.tables import decisions

MOST_TURNS = 2_000  # decisions about the versions of one model


class Turn(NamedTuple):
    """A decision that turned something: `not_evaluated` left all as it was."""

    id: str
    kind: str
    subject: str
    verdict: str
    candidate: int | None  # version
    rollout: str | None
    decided_at: datetime


_COLUMNS = (
    decisions.c.id,
    decisions.c.kind,
    decisions.c.subject,
    decisions.c.verdict,
    decisions.c.parameters,
    decisions.c.decided_at,
)


def turns_about(tx: Tx, project: str, models: Sequence[str], *, kinds: Sequence[str]) -> list[Turn]:
    """Give the newest decisions of these kinds about models, those that were not evaluated left out."""
    found = []
    for model in models:
        query = sa.select(*_COLUMNS).where(
            decisions.c.project == project,
            decisions.c.subject == model_subject(project, model),
            decisions.c.kind.in_(kinds),
            decisions.c.verdict != Verdict.NOT_EVALUATED,
        )
        newest = query.order_by(decisions.c.effective_at.desc(), decisions.c.id.desc()).limit(MOST_TURNS)
        found += [_turn(row) for row in tx.execute(newest)]
    return found


def turns_named(tx: Tx, project: str, ids: Sequence[str]) -> list[Turn]:
    """Give decisions by their ids."""
    query = sa.select(*_COLUMNS).where(decisions.c.project == project, decisions.c.id.in_(ids))
    return [_turn(row) for row in tx.execute(query)]


def _turn(row: sa.Row[tuple[object, ...]]) -> Turn:
    parameters = json.loads(row.parameters)
    candidate, rollout = parameters.get("candidate"), parameters.get("rollout")
    return Turn(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        verdict=row.verdict,
        candidate=candidate if isinstance(candidate, int) else None,
        rollout=rollout if isinstance(rollout, str) else None,
        decided_at=row.decided_at,
    )

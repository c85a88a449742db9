"""Moving an alias within a transaction: the row, the history and the event, in one."""

from dataclasses import dataclass
from datetime import datetime

from everlearn.core.actor import Actor
from everlearn.core.subjects import model_subject
from everlearn.db import Tx
from everlearn.eventlog import Cause, EventLog
from everlearn.registry.events import AliasMoved
from everlearn.registry.model import AliasMove
from everlearn.registry.store import moves


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Which alias goes where, and why."""

    project: str
    model: str
    alias: str
    after: int | None  # None: it is taken away
    reason: str
    actor: Actor
    decision_id: str | None = None
    cause: Cause | None = None
    effective_at: datetime | None = None  # event time; None: as of now


def move_alias(tx: Tx, log: EventLog, move: Move, *, now: datetime) -> AliasMove | None:
    """Move an alias of a model that is locked; None when it is there already."""
    project, model = move.project, move.model
    before = moves.find_alias(tx, project, model, move.alias)
    if before == move.after:
        return None
    event = AliasMoved(
        project=project,
        model=model,
        alias=move.alias,
        before=before,
        after=move.after,
        reason=move.reason,
        effective_at=move.effective_at or now,
        decision_id=move.decision_id,
    )
    entry = log.append(tx, event, actor=move.actor, subject=model_subject(project, model), cause=move.cause)
    done = AliasMove(
        alias=move.alias,
        before=before,
        after=move.after,
        reason=move.reason,
        actor=move.actor,
        moved_at=entry.at,  # the log's time, which does not go back: history and log tell the same story
        decision_id=move.decision_id,
    )
    moves.put_alias(tx, project, model, move.alias, number=move.after)
    moves.add_alias_move(tx, project, model, done)
    return done

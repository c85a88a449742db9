"""Rollout rows in, values out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from everlearn.core.json import canonical_json
from everlearn.db import Instant, Tx, insert_for
from everlearn.rollouts.model import Rollout, RolloutNotFoundError, State, Step
from everlearn.rollouts.tables import rollouts

_COLUMNS = [column for column in rollouts.c if column.name != "recorded_at"]


def insert(tx: Tx, rollout: Rollout, *, at: datetime) -> bool:
    """Add a rollout; False when it is there already (the same request, repeated)."""
    statement = (
        insert_for(tx, rollouts).values(**_row(rollout), recorded_at=at).on_conflict_do_nothing(index_elements=["id"])
    )
    return tx.execute(statement.returning(rollouts.c.id)).one_or_none() is not None


def update(tx: Tx, rollout: Rollout) -> None:
    """Write the present state of a rollout."""
    tx.execute(sa.update(rollouts).where(rollouts.c.id == rollout.id).values(**_row(rollout)))


def get(tx: Tx, rollout_id: str) -> Rollout:
    """Give one rollout.

    Raises
    ------
    RolloutNotFoundError
        When there is none of that id.
    """
    row = tx.execute(sa.select(*_COLUMNS).where(rollouts.c.id == rollout_id)).one_or_none()
    if row is None:
        raise RolloutNotFoundError(f"no rollout {rollout_id}")
    return _rollout(row)


def running(tx: Tx, project: str, model: str) -> Rollout | None:
    """Give the rollout in progress of a model, if there is one."""
    row = tx.execute(
        sa.select(*_COLUMNS).where(
            rollouts.c.project == project, rollouts.c.model == model, rollouts.c.state == State.RUNNING
        )
    ).one_or_none()
    return None if row is None else _rollout(row)


def busy_at(tx: Tx, project: str, model: str, at: datetime) -> bool:
    """Tell whether a rollout was in progress at an instant of event time, the instants it began and ended included."""
    found = sa.select(rollouts.c.id).where(
        rollouts.c.project == project,
        rollouts.c.model == model,
        rollouts.c.started_at <= at,
        sa.or_(rollouts.c.ended_at.is_(None), rollouts.c.ended_at >= at),
    )
    return tx.execute(found.limit(1)).first() is not None


def newest_first(
    tx: Tx, project: str, model: str, *, before: tuple[datetime, str] | None = None, limit: int
) -> Sequence[Rollout]:
    """Give the rollouts of a model, newest first."""
    query = sa.select(*_COLUMNS).where(rollouts.c.project == project, rollouts.c.model == model)
    if before is not None:
        key = sa.tuple_(rollouts.c.started_at, rollouts.c.id)
        query = query.where(key < sa.tuple_(sa.literal(before[0], Instant), sa.literal(before[1])))
    rows = tx.execute(query.order_by(rollouts.c.started_at.desc(), rollouts.c.id.desc()).limit(limit))
    return [_rollout(row) for row in rows]


def _row(rollout: Rollout) -> dict[str, Any]:
    return {
        "id": rollout.id,
        "project": rollout.project,
        "model": rollout.model,
        "candidate": rollout.candidate,
        "champion": rollout.champion,
        "steps": canonical_json(msgspec.to_builtins(rollout.steps)),
        "state": rollout.state,
        "step_index": rollout.step_index,
        "started_at": rollout.started_at,
        "step_since": rollout.step_since,
        "ended_at": rollout.ended_at,
        "reason": rollout.reason,
        "opened_by": rollout.opened_by,
    }


def _rollout(row: Any) -> Rollout:
    fields = row._asdict()
    fields["steps"] = msgspec.json.decode(fields["steps"], type=tuple[Step, ...])
    fields["state"] = State(fields["state"])
    return Rollout(**fields)

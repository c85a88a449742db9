"""Deployments, their history, and the counter that tells gateways to look again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from everlearn.core.actor import Actor
from everlearn.db import Tx, insert_for
from everlearn.serving.model import Deployment, Phase, Traffic, TrafficChange
from everlearn.serving.store import counters
from everlearn.serving.tables import deployments, traffic_changes

_MOST_DEPLOYMENTS = 100_000  # a bound on what one gateway loads, far above what one can hold in memory


def deployment_of(tx: Tx, project: str, model: str, *, is_locked: bool = False) -> Deployment:
    """Give the present deployment; locked, nobody else changes it until the transaction ends."""
    statement = sa.select(*_STATE).where(deployments.c.project == project, deployments.c.model == model)
    row = tx.execute(statement.with_for_update() if is_locked else statement).one_or_none()
    return Deployment(project=project, model=model) if row is None else _deployment(row)


def all_deployments(tx: Tx) -> Sequence[Deployment]:
    """Give every deployment of every project, as a gateway needs them."""
    rows = tx.execute(sa.select(*_STATE).order_by(deployments.c.project, deployments.c.model).limit(_MOST_DEPLOYMENTS))
    return [_deployment(row) for row in rows]


def save_deployment(tx: Tx, deployment: Deployment) -> None:
    """Store a deployment in place of the one before and tell the gateways."""
    values = _traffic_values(deployment) | {"since": deployment.since}
    statement = insert_for(tx, deployments).values(project=deployment.project, model=deployment.model, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["project", "model"], set_=values))
    counters.count(tx, counters.TRAFFIC)


def add_change(tx: Tx, change: TrafficChange) -> None:
    """Write a line of history."""
    deployment = change.deployment
    tx.execute(
        traffic_changes.insert().values(
            project=deployment.project,
            model=deployment.model,
            **_traffic_values(deployment),
            reason=change.reason,
            actor=change.actor,
            effective_at=change.effective_at,
            recorded_at=change.recorded_at,
        )
    )


def changes_of(tx: Tx, project: str, model: str, *, before: int | None, limit: int) -> Sequence[TrafficChange]:
    """Give the history, newest first, from below a generation."""
    table = traffic_changes.c
    statement = sa.select(
        table.project,
        table.model,
        table.generation,
        table.champion,
        table.candidate,
        table.phase,
        table.weight,
        table.salt,
        table.reason,
        table.actor,
        table.effective_at,
        table.recorded_at,
    ).where(table.project == project, table.model == model)
    if before is not None:
        statement = statement.where(table.generation < before)
    return [_change(row) for row in tx.execute(statement.order_by(table.generation.desc()).limit(limit))]


_STATE = (
    deployments.c.project,
    deployments.c.model,
    deployments.c.generation,
    deployments.c.champion,
    deployments.c.candidate,
    deployments.c.phase,
    deployments.c.weight,
    deployments.c.salt,
    deployments.c.since,
)


def _traffic_values(deployment: Deployment) -> dict[str, Any]:
    assert deployment.traffic is not None  # noqa: S101  # narrows the type; only directed deployments are stored
    return {
        "generation": deployment.generation,
        "champion": deployment.traffic.champion,
        "candidate": deployment.traffic.candidate,
        "phase": Phase(deployment.traffic.phase).value,
        "weight": deployment.traffic.weight,
        "salt": deployment.salt,
    }


def _deployment(row: sa.Row[Any], *, since: datetime | None = None) -> Deployment:
    return Deployment(
        project=row.project,
        model=row.model,
        generation=row.generation,
        traffic=Traffic(champion=row.champion, candidate=row.candidate, phase=Phase(row.phase), weight=row.weight),
        salt=row.salt,
        since=since or row.since,
    )


def _change(row: sa.Row[Any]) -> TrafficChange:
    return TrafficChange(
        deployment=_deployment(row, since=row.recorded_at),
        reason=row.reason,
        actor=Actor(row.actor),
        effective_at=row.effective_at,
        recorded_at=row.recorded_at,
    )

"""Aliases, and the histories of stages and aliases. The model must be locked before anything is added."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from everlearn.core.actor import Actor
from everlearn.db import Tx, insert_for
from everlearn.registry.model import Alias, AliasMove, ModelVersion, Stage, StageMove
from everlearn.registry.tables import alias_moves, aliases, stage_moves

MOST_ALIASES = 1_000  # of one model


def add_stage_move(tx: Tx, version: ModelVersion, move: StageMove) -> None:
    """Add to the history of a version."""
    key = {"project": version.project, "model": version.model, "number": version.number}
    newest = sa.select(sa.func.coalesce(sa.func.max(stage_moves.c.position), 0)).filter_by(**key)
    tx.execute(
        sa.insert(stage_moves).values(
            **key,
            position=tx.execute(newest).scalar_one() + 1,
            before=move.before,
            after=move.after,
            reason=move.reason,
            actor=move.actor,
            moved_at=move.moved_at,
        )
    )


def list_stage_moves(tx: Tx, project: str, model: str, number: int, *, limit: int) -> list[StageMove]:
    """Give the moves of a version, oldest first."""
    move = stage_moves
    query = (
        sa.select(move.c.number, move.c.before, move.c.after, move.c.reason, move.c.actor, move.c.moved_at)
        .where(move.c.project == project, move.c.model == model, move.c.number == number)
        .order_by(move.c.position)
        .limit(limit)
    )
    return [_stage_move(row) for row in tx.execute(query)]


def find_alias(tx: Tx, project: str, model: str, alias: str) -> int | None:
    """Give the number that an alias names."""
    query = sa.select(aliases.c.number).filter_by(project=project, model=model, alias=alias)
    number: int | None = tx.execute(query).scalar_one_or_none()
    return number


def list_aliases(tx: Tx, project: str, model: str) -> list[Alias]:
    """Give the aliases of a model by name."""
    query = sa.select(aliases.c.alias, aliases.c.number).filter_by(project=project, model=model)
    rows = tx.execute(query.order_by(aliases.c.alias).limit(MOST_ALIASES))
    return [Alias(alias=row.alias, number=row.number) for row in rows]


def put_alias(tx: Tx, project: str, model: str, alias: str, *, number: int | None) -> None:
    """Let an alias name a version, or (None) take it away."""
    if number is None:
        tx.execute(
            sa.delete(aliases).where(aliases.c.project == project, aliases.c.model == model, aliases.c.alias == alias)
        )
        return
    insert = insert_for(tx, aliases).values(project=project, model=model, alias=alias, number=number)
    tx.execute(
        insert.on_conflict_do_update(
            index_elements=[aliases.c.project, aliases.c.model, aliases.c.alias],
            set_={"number": insert.excluded.number},
        )
    )


def add_alias_move(tx: Tx, project: str, model: str, move: AliasMove) -> None:
    """Add to the history of a model's aliases."""
    newest = sa.select(sa.func.coalesce(sa.func.max(alias_moves.c.position), 0)).filter_by(project=project, model=model)
    tx.execute(
        sa.insert(alias_moves).values(
            project=project,
            model=model,
            position=tx.execute(newest).scalar_one() + 1,
            alias=move.alias,
            before=move.before,
            after=move.after,
            reason=move.reason,
            actor=move.actor,
            moved_at=move.moved_at,
            decision_id=move.decision_id,
        )
    )


def alias_as_of(tx: Tx, project: str, model: str, alias: str, at: datetime) -> AliasMove | None:
    """Give the move of an alias that was in force at an instant: the last one not after it."""
    query = _select_moves(project, model).where(alias_moves.c.alias == alias, alias_moves.c.moved_at <= at)
    row = tx.execute(query.order_by(alias_moves.c.position.desc()).limit(1)).one_or_none()
    return None if row is None else _alias_move(row)


def aliases_as_of(tx: Tx, project: str, model: str, at: datetime) -> dict[str, int]:
    """Give the aliases of a model at an instant with the numbers that they named, by name."""
    move = alias_moves
    newest = (
        sa.select(sa.func.max(move.c.position))
        .where(move.c.project == project, move.c.model == model, move.c.moved_at <= at)
        .group_by(move.c.alias)
    )
    query = sa.select(move.c.alias, move.c.after).where(
        move.c.project == project, move.c.model == model, move.c.position.in_(newest), move.c.after.is_not(None)
    )
    return {row.alias: row.after for row in tx.execute(query.order_by(move.c.alias).limit(MOST_ALIASES))}


def held_by(tx: Tx, project: str, model: str, number: int, *, since: datetime) -> dict[str, datetime]:
    """Give every alias that has named a version since it was made -> when it last came to it."""
    move = alias_moves
    query = (
        sa.select(move.c.alias, sa.func.max(move.c.moved_at).label("moved_at"))
        .filter_by(project=project, model=model, after=number)
        .where(move.c.moved_at >= since)
        .group_by(move.c.alias)
        .order_by(move.c.alias)
        .limit(MOST_ALIASES)
    )
    return {row.alias: row.moved_at for row in tx.execute(query)}


def list_alias_moves(
    tx: Tx, project: str, model: str, alias: str | None, *, before: int | None, limit: int
) -> list[tuple[int, AliasMove]]:
    """Give moves with their positions, newest first: of one alias, or of all."""
    move = alias_moves
    query = _select_moves(project, model)
    if alias is not None:
        query = query.where(move.c.alias == alias)
    if before is not None:
        query = query.where(move.c.position < before)
    return [(row.position, _alias_move(row)) for row in tx.execute(query.order_by(move.c.position.desc()).limit(limit))]


def _select_moves(project: str, model: str) -> sa.Select[Any]:
    move = alias_moves
    return sa.select(
        move.c.position,
        move.c.alias,
        move.c.before,
        move.c.after,
        move.c.reason,
        move.c.actor,
        move.c.moved_at,
        move.c.decision_id,
    ).filter_by(project=project, model=model)


def _stage_move(row: sa.Row[Any]) -> StageMove:
    return StageMove(
        number=row.number,
        before=None if row.before is None else Stage(row.before),
        after=Stage(row.after),
        reason=row.reason,
        actor=Actor(row.actor),
        moved_at=row.moved_at,
    )


def _alias_move(row: sa.Row[Any]) -> AliasMove:
    return AliasMove(
        alias=row.alias,
        before=row.before,
        after=row.after,
        reason=row.reason,
        actor=Actor(row.actor),
        moved_at=row.moved_at,
        decision_id=row.decision_id,
    )

"""Experiments and runs."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from everlearn.core.actor import Actor
from everlearn.core.clock import iso, parse_instant
from everlearn.core.errors import InvalidError
from everlearn.db import Instant, Tx, insert_for
from everlearn.tracking.model import Experiment, Run, RunStatus
from everlearn.tracking.tables import experiments, runs

Row = sa.Row[tuple[object, ...]]


def insert_experiment(tx: Tx, experiment: Experiment) -> bool:
    """Add an experiment; False when the project has one of that name."""
    statement = insert_for(tx, experiments).values(
        id=experiment.id, project=experiment.project, name=experiment.name, created_at=experiment.created_at
    )
    return tx.execute(statement.on_conflict_do_nothing().returning(experiments.c.id)).one_or_none() is not None


def find_experiment(tx: Tx, project: str, name: str) -> Experiment | None:
    """Find an experiment by its name."""
    query = _select_experiment().where(experiments.c.project == project, experiments.c.name == name)
    row = tx.execute(query).one_or_none()
    return None if row is None else _experiment(row)


def list_experiments(tx: Tx, project: str, *, after: str | None, limit: int) -> list[Experiment]:
    """Give up to `limit` experiments by name."""
    query = _select_experiment().where(experiments.c.project == project).order_by(experiments.c.name).limit(limit)
    rows = tx.execute(query if after is None else query.where(experiments.c.name > after))
    return [_experiment(row) for row in rows]


def insert_run(tx: Tx, run: Run) -> bool:
    """Add a run; False when its id is taken."""
    statement = insert_for(tx, runs).values(
        id=run.id,
        project=run.project,
        experiment=run.experiment,
        name=run.name,
        status=run.status,
        started_at=run.started_at,
        ended_at=run.ended_at,
        effective_at=run.effective_at,
        started_by=run.started_by,
    )
    return tx.execute(statement.on_conflict_do_nothing().returning(runs.c.id)).one_or_none() is not None


def find_run(tx: Tx, run_id: str) -> Run | None:
    """Find a run by its id."""
    row = tx.execute(_select_run().where(runs.c.id == run_id)).one_or_none()
    return None if row is None else _run(row)


def end_run(tx: Tx, run: Run) -> bool:
    """Write the end of a run; False when it has ended already."""
    statement = (
        sa.update(runs)
        .where(runs.c.id == run.id, runs.c.status == RunStatus.RUNNING)
        .values(status=run.status, ended_at=run.ended_at)
    )
    return tx.execute(statement).rowcount == 1


def list_runs(tx: Tx, project: str, experiment: str | None, *, after: str | None, limit: int) -> Sequence[Run]:
    """Give up to `limit` runs, newest first, of one experiment or of all; `after` is a `run_key`."""
    query = _select_run().where(runs.c.project == project)
    if experiment is not None:
        query = query.where(runs.c.experiment == experiment)
    if after is not None:
        started_at, run_id = _parsed_key(after)
        query = query.where(
            sa.tuple_(runs.c.started_at, runs.c.id) < sa.tuple_(sa.literal(started_at, Instant), sa.literal(run_id))
        )
    query = query.order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(limit)
    return [_run(row) for row in tx.execute(query)]


def run_key(run: Run) -> str:
    """Give the key that a list of runs continues after."""
    return f"{iso(run.started_at)}~{run.id}"


def _parsed_key(key: str) -> tuple[datetime, str]:
    started_at, separator, run_id = key.partition("~")
    if not separator:
        raise InvalidError(f"not a key of a list of runs: {key[:80]!r}; send `next` of the page before")
    return parse_instant(started_at), run_id


def _select_experiment() -> sa.Select[tuple[object, ...]]:
    return sa.select(experiments.c.id, experiments.c.project, experiments.c.name, experiments.c.created_at)


def _experiment(row: Row) -> Experiment:
    return Experiment(id=row.id, project=row.project, name=row.name, created_at=row.created_at)


def _select_run() -> sa.Select[tuple[object, ...]]:
    return sa.select(
        runs.c.id,
        runs.c.project,
        runs.c.experiment,
        runs.c.name,
        runs.c.status,
        runs.c.started_at,
        runs.c.ended_at,
        runs.c.effective_at,
        runs.c.started_by,
    )


def _run(row: Row) -> Run:
    return Run(
        id=row.id,
        project=row.project,
        experiment=row.experiment,
        name=row.name,
        status=RunStatus(row.status),
        started_at=row.started_at,
        ended_at=row.ended_at,
        effective_at=row.effective_at,
        started_by=Actor(row.started_by),
    )

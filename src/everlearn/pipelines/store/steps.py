"""Steps of runs. Only the newest attempt at a step writes its end: whoever was overtaken writes nothing."""

import json
from datetime import datetime

import sqlalchemy as sa

from everlearn.core.digest import Digest
from everlearn.core.json import canonical_json
from everlearn.db import Tx, insert_for
from everlearn.pipelines.graph import Pipeline
from everlearn.pipelines.model import MOST_STEPS, Ending, StepRun, StepState
from everlearn.pipelines.tables import steps


def insert_steps(tx: Tx, run_id: str, pipeline: Pipeline) -> None:
    """Add the steps of a run, waiting; those that are there stay as they are."""
    rows = [
        {
            "run_id": run_id,
            "name": step.name,
            "position": position,
            "needs": canonical_json([*sorted(step.needs)]),
            "state": StepState.WAITING,
            "attempt": 0,
            "failures": 0,
            "is_reused": False,
            "is_logged": False,
        }
        for position, step in enumerate(pipeline.steps, 1)
    ]
    tx.execute(insert_for(tx, steps).on_conflict_do_nothing(), rows)


def delete_other_steps(tx: Tx, run_id: str, pipeline: Pipeline) -> None:
    """Take away the steps that the pipeline had when it was submitted and has no more."""
    names = [step.name for step in pipeline.steps]
    tx.execute(sa.delete(steps).where(steps.c.run_id == run_id, steps.c.name.not_in(names)))


def list_steps(tx: Tx, run_id: str) -> list[StepRun]:
    """Give the steps of a run in the order of execution."""
    query = sa.select(*_COLUMNS).where(steps.c.run_id == run_id).order_by(steps.c.position, steps.c.name)
    return [_step(row) for row in tx.execute(query.limit(MOST_STEPS))]


def begin_step(tx: Tx, run_id: str, name: str, *, key: Digest, at: datetime) -> StepRun:
    """Begin a new attempt, whatever became of the last one."""
    statement = (
        sa.update(steps)
        .where(steps.c.run_id == run_id, steps.c.name == name)
        .values(
            state=StepState.RUNNING,
            attempt=steps.c.attempt + 1,
            is_reused=False,
            is_logged=False,
            cache_key=key,
            logged=None,
            output=None,
            output_format=None,
            started_at=at,
            ended_at=None,
            wall_s=None,
            cpu_s=None,
        )
        .returning(*_COLUMNS)
    )
    return _step(tx.execute(statement).one())


def end_step(tx: Tx, run_id: str, name: str, ending: Ending, *, at: datetime) -> bool:
    """Write how an attempt ended; False when a newer one has begun."""
    statement = sa.update(steps).where(
        steps.c.run_id == run_id,
        steps.c.name == name,
        steps.c.attempt == ending.attempt,
        steps.c.state == StepState.RUNNING,
    )
    written = statement.values(
        state=ending.state,
        failures=steps.c.failures + (1 if ending.error is not None else 0),
        is_reused=ending.is_reused,
        logged=ending.logged,
        output=ending.output,
        output_format=ending.output_format,
        ended_at=at,
        wall_s=ending.wall_s,
        cpu_s=ending.cpu_s,
        error=ending.error,
    )
    return tx.execute(written).rowcount == 1


def read_logged(tx: Tx, run_id: str, name: str) -> str | None:
    """Give what a step logged, as canonical JSON."""
    query = sa.select(steps.c.logged).where(steps.c.run_id == run_id, steps.c.name == name)
    text: str | None = tx.execute(query).scalar_one()
    return text


def mark_logged(tx: Tx, run_id: str, name: str) -> None:
    """Note that what a step logged has reached the tracking run."""
    tx.execute(sa.update(steps).where(steps.c.run_id == run_id, steps.c.name == name).values(is_logged=True))


_COLUMNS = (
    steps.c.name,
    steps.c.position,
    steps.c.needs,
    steps.c.state,
    steps.c.attempt,
    steps.c.failures,
    steps.c.is_reused,
    steps.c.is_logged,
    steps.c.cache_key,
    steps.c.output,
    steps.c.output_format,
    steps.c.started_at,
    steps.c.ended_at,
    steps.c.wall_s,
    steps.c.cpu_s,
    steps.c.error,
)


def _step(row: sa.Row[tuple[object, ...]]) -> StepRun:
    return StepRun(
        name=row.name,
        position=row.position,
        needs=tuple(json.loads(row.needs)),
        state=StepState(row.state),
        attempt=row.attempt,
        failures=row.failures,
        is_reused=row.is_reused,
        is_logged=row.is_logged,
        cache_key=None if row.cache_key is None else Digest(row.cache_key),
        output=None if row.output is None else Digest(row.output),
        output_format=row.output_format,
        started_at=row.started_at,
        ended_at=row.ended_at,
        wall_s=row.wall_s,
        cpu_s=row.cpu_s,
        error=row.error,
    )

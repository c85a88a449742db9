"""Results of steps, by what they were computed from."""

from datetime import datetime

import sqlalchemy as sa

from everlearn.core.digest import Digest
from everlearn.db import Tx, insert_for
from everlearn.pipelines.model import Result, RunState, StepState
from everlearn.pipelines.tables import cache, runs, steps


def find_result(tx: Tx, project: str, key: Digest) -> Result | None:
    """Find a result by its key."""
    query = sa.select(
        cache.c.output, cache.c.output_format, cache.c.logged, cache.c.wall_s, cache.c.cpu_s, cache.c.run_id
    ).where(cache.c.project == project, cache.c.key == key)
    row = tx.execute(query).one_or_none()
    if row is None:
        return None
    return Result(
        output=Digest(row.output),
        output_format=row.output_format,
        logged=row.logged,
        wall_s=row.wall_s,
        cpu_s=row.cpu_s,
        run_id=row.run_id,
    )


def put_result(tx: Tx, project: str, key: Digest, result: Result, *, at: datetime) -> None:
    """Keep a result; the newest one wins, so that a lost output does not stay lost."""
    values = {
        "output": result.output,
        "output_format": result.output_format,
        "logged": result.logged,
        "wall_s": result.wall_s,
        "cpu_s": result.cpu_s,
        "run_id": result.run_id,
        "created_at": at,
    }
    insert = insert_for(tx, cache).values(project=project, key=key, **values)
    tx.execute(insert.on_conflict_do_update(index_elements=[cache.c.project, cache.c.key], set_=values))


def computing_costs(tx: Tx, project: str, pipeline: str, *, limit: int) -> list[float]:
    """Give the CPU seconds of the newest finished runs, what was used again counted as if computed."""
    newest = (
        sa.select(runs.c.id)
        .where(runs.c.project == project, runs.c.pipeline == pipeline, runs.c.state == RunState.FINISHED)
        .order_by(runs.c.submitted_at.desc(), runs.c.id.desc())
        .limit(limit)
        .subquery()
    )
    query = (
        sa.select(newest.c.id, sa.func.sum(cache.c.cpu_s).label("cpu_s"))
        .join(steps, sa.and_(steps.c.run_id == newest.c.id, steps.c.state == StepState.DONE))
        .join(cache, sa.and_(cache.c.project == project, cache.c.key == steps.c.cache_key))
        .group_by(newest.c.id)
        .order_by(newest.c.id)
        .limit(limit)
    )
    return [float(row.cpu_s) for row in tx.execute(query)]

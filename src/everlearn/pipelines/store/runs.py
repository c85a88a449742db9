"""Pipeline runs."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from everlearn.core.actor import Actor
from everlearn.core.clock import iso, parse_instant
from everlearn.core.digest import Digest
from everlearn.core.errors import InvalidError
from everlearn.core.json import canonical_json
from everlearn.db import Instant, Tx, insert_for
from everlearn.pipelines.model import MOST_STEPS, PipelineRun, RunState, StepState
from everlearn.pipelines.tables import runs, steps

Row = sa.Row[tuple[object, ...]]
_OVER = (RunState.FINISHED, RunState.FAILED)


def insert_run(tx: Tx, run: PipelineRun) -> bool:
    """Add a run; False when it is there already."""
    statement = insert_for(tx, runs).values(
        id=run.id,
        project=run.project,
        pipeline=run.pipeline,
        parameters=canonical_json(run.parameters),
        code_digest=run.code_digest,
        state=run.state,
        tracking_run_id=run.tracking_run_id,
        submitted_by=run.submitted_by,
        submitted_at=run.submitted_at,
        effective_at=run.effective_at,
    )
    return tx.execute(statement.on_conflict_do_nothing().returning(runs.c.id)).one_or_none() is not None


def find_run(tx: Tx, run_id: str) -> PipelineRun | None:
    """Find a run by its id."""
    found = _with_outputs(tx, tx.execute(_select().where(runs.c.id == run_id)).all())
    return found[0] if found else None


def list_runs(tx: Tx, project: str, pipeline: str | None, *, after: str | None, limit: int) -> Sequence[PipelineRun]:
    """Give up to `limit` runs, newest first, of one pipeline or of all; `after` is a `run_key`."""
    query = _select().where(runs.c.project == project)
    if pipeline is not None:
        query = query.where(runs.c.pipeline == pipeline)
    if after is not None:
        submitted_at, run_id = _parsed_key(after)
        query = query.where(
            sa.tuple_(runs.c.submitted_at, runs.c.id) < sa.tuple_(sa.literal(submitted_at, Instant), sa.literal(run_id))
        )
    query = query.order_by(runs.c.submitted_at.desc(), runs.c.id.desc()).limit(limit)
    return _with_outputs(tx, tx.execute(query).all())


def mark_running(tx: Tx, run_id: str, *, code_digest: Digest, at: datetime) -> None:
    """Note that a run began (its first beginning stays), and with which code."""
    statement = sa.update(runs).where(runs.c.id == run_id, runs.c.state.not_in(_OVER))
    tx.execute(
        statement.values(
            state=RunState.RUNNING, code_digest=code_digest, started_at=sa.func.coalesce(runs.c.started_at, at)
        )
    )


def end_run(tx: Tx, run_id: str, state: RunState, *, error: str | None, at: datetime) -> bool:
    """Note the end of a run; False when it was over already."""
    statement = sa.update(runs).where(runs.c.id == run_id, runs.c.state.not_in(_OVER))
    return tx.execute(statement.values(state=state, error=error, ended_at=at)).rowcount == 1


def run_key(run: PipelineRun) -> str:
    """Give the key that a list of runs continues after."""
    return f"{iso(run.submitted_at)}~{run.id}"


def _parsed_key(key: str) -> tuple[datetime, str]:
    submitted_at, separator, run_id = key.partition("~")
    if not separator:
        raise InvalidError(f"not a key of a list of pipeline runs: {key[:80]!r}; send `next` of the page before")
    return parse_instant(submitted_at), run_id


def _select() -> sa.Select[tuple[object, ...]]:
    return sa.select(
        runs.c.id,
        runs.c.project,
        runs.c.pipeline,
        runs.c.parameters,
        runs.c.code_digest,
        runs.c.state,
        runs.c.tracking_run_id,
        runs.c.submitted_by,
        runs.c.submitted_at,
        runs.c.started_at,
        runs.c.ended_at,
        runs.c.effective_at,
        runs.c.error,
    )


def _with_outputs(tx: Tx, rows: Sequence[Row]) -> list[PipelineRun]:
    outputs: dict[str, dict[str, Digest]] = defaultdict(dict)
    if rows:
        query = (
            sa.select(steps.c.run_id, steps.c.name, steps.c.output)
            .where(steps.c.run_id.in_([row.id for row in rows]), steps.c.state == StepState.DONE)
            .order_by(steps.c.run_id, steps.c.position)
            .limit(MOST_STEPS * len(rows))
        )
        for row in tx.execute(query):
            outputs[row.run_id][row.name] = Digest(row.output)
    return [_run(row, outputs[row.id]) for row in rows]


def _run(row: Row, outputs: Mapping[str, Digest]) -> PipelineRun:
    return PipelineRun(
        id=row.id,
        project=row.project,
        pipeline=row.pipeline,
        parameters=json.loads(row.parameters),
        code_digest=Digest(row.code_digest),
        state=RunState(row.state),
        tracking_run_id=row.tracking_run_id,
        outputs=outputs,
        submitted_by=Actor(row.submitted_by),
        submitted_at=row.submitted_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        effective_at=row.effective_at,
        error=row.error,
    )

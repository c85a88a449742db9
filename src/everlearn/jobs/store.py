"""Job rows in, jobs out.

`for update skip locked` is PostgreSQL's way to share a queue: a row that another worker has in hand is passed over.
SQLite has one writer at a time, needs no such clause, and SQLAlchemy leaves it out there.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from everlearn.core.json import canonical_json
from everlearn.db import Tx, insert_for
from everlearn.jobs import tables
from everlearn.jobs.failure import JobError
from everlearn.jobs.model import Job, JobState
from everlearn.jobs.tables import IS_ACTIVE, IS_OVER, IS_PENDING, IS_RUNNING, jobs

ROWS_AT_ONCE = 100
_SAME_NAMES = tuple(column.name for column in jobs.c if column.name not in {"rank", "arguments", "error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What a lease looks like when it is renewed."""

    job_id: str
    is_cancel_requested: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What there is to do now."""

    jobs: bool
    expired_leases: bool
    schedules: bool


def insert(tx: Tx, job: Job) -> bool:
    """Add a job; False when its id exists or its unique key is held by an active one."""
    statement = insert_for(tx, jobs).values(_row(job)).on_conflict_do_nothing().returning(jobs.c.id)
    return tx.execute(statement).one_or_none() is not None


def active_id(tx: Tx, unique_key: str) -> str | None:
    """Find who holds a unique key."""
    query = sa.select(jobs.c.id).where(jobs.c.unique_key == unique_key, IS_ACTIVE)
    found: str | None = tx.execute(query).scalar_one_or_none()
    return found


def get(tx: Tx, job_id: str) -> Job | None:
    """Find a job."""
    row = tx.execute(sa.select(jobs).where(jobs.c.id == job_id)).one_or_none()
    return None if row is None else _job(row)


def locked(tx: Tx, job_id: str) -> Job | None:
    """Find a job and keep others from changing it until the transaction ends."""
    row = tx.execute(sa.select(jobs).where(jobs.c.id == job_id).with_for_update()).one_or_none()
    return None if row is None else _job(row)


def save(tx: Tx, job: Job) -> None:
    """Write a job that this transaction has locked."""
    tx.execute(sa.update(jobs).where(jobs.c.id == job.id).values(_row(job)))


def finish(tx: Tx, job: Job, now: datetime) -> bool:
    """Complete a running job if its lease is still the one in `job`; one statement, for it is the common end."""
    statement = (
        sa.update(jobs)
        .where(jobs.c.id == job.id, jobs.c.lease_token == job.lease_token)
        .values(state=JobState.DONE, finished_at=now, lease_token=None, lease_until=None)
    )
    return tx.execute(statement).rowcount == 1


def waiting(tx: Tx, *, kinds: Collection[str], schedules: Collection[str], now: datetime) -> Waiting:
    """Tell what there is to do: three looks into small indexes, nothing is written or locked."""
    due = sa.exists().where(IS_PENDING, jobs.c.run_at <= now, jobs.c.kind.in_(kinds))
    expired = sa.exists().where(IS_RUNNING, jobs.c.lease_until < now)
    clockwork = sa.exists().where(tables.schedules.c.next_at <= now, tables.schedules.c.name.in_(schedules))
    found = [bool(each) for each in tx.execute(sa.select(due, expired, clockwork)).one()]
    return Waiting(jobs=found[0], expired_leases=found[1], schedules=found[2])


def due(tx: Tx, *, kinds: Collection[str], now: datetime, limit: int) -> list[Job]:
    """Lock up to `limit` due jobs, most urgent first, passing over those that others have in hand."""
    query = (
        sa.select(jobs)
        .where(IS_PENDING, jobs.c.run_at <= now, jobs.c.kind.in_(kinds))
        .order_by(jobs.c.rank, jobs.c.run_at, jobs.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [_job(row) for row in tx.execute(query)]


def lease(tx: Tx, ids: Sequence[str], *, worker: str, token: str, now: datetime, until: datetime) -> list[Job]:
    """Make locked pending jobs running under a new lease."""
    statement = (
        sa.update(jobs)
        .where(jobs.c.id.in_(ids))
        .values(
            state=JobState.RUNNING,
            attempt=jobs.c.attempt + 1,
            worker=worker,
            lease_token=token,
            lease_until=until,
            started_at=now,
        )
        .returning(jobs)
    )
    return [_job(row) for row in tx.execute(statement)]


def renew(tx: Tx, leased: Collection[Job], *, until: datetime) -> list[Pulse]:
    """Prolong leases and tell which are still held; a row that is being finished just now is not waited for."""
    mine = sa.tuple_(jobs.c.id, jobs.c.lease_token).in_([(job.id, job.lease_token) for job in leased])
    held = tx.execute(sa.select(jobs.c.id, jobs.c.is_cancel_requested).where(mine).order_by(jobs.c.id)).all()
    free = sa.select(jobs.c.id).where(mine).with_for_update(skip_locked=True).scalar_subquery()
    tx.execute(sa.update(jobs).where(jobs.c.id.in_(free)).values(lease_until=until))
    return [Pulse(job_id=row.id, is_cancel_requested=row.is_cancel_requested) for row in held]


def expired(tx: Tx, *, now: datetime) -> list[Job]:
    """Lock running jobs whose lease has ended."""
    return _running(tx, jobs.c.lease_until < now)


def leased_by(tx: Tx, worker: str) -> list[Job]:
    """Lock the running jobs of one worker."""
    return _running(tx, jobs.c.worker == worker)


def _running(tx: Tx, condition: sa.ColumnElement[bool]) -> list[Job]:
    query = (
        sa.select(jobs)
        .where(IS_RUNNING, condition)
        .order_by(jobs.c.lease_until)
        .limit(ROWS_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    return [_job(row) for row in tx.execute(query)]


def list_jobs(
    tx: Tx, *, state: JobState | None, kind: str | None, before: tuple[datetime, str] | None, limit: int
) -> list[Job]:
    """Give jobs, newest first, continuing before a (created_at, id)."""
    query = sa.select(jobs).order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(*_in_state(state))
    if kind is not None:
        query = query.where(jobs.c.kind == kind)
    if before is not None:
        at, job_id = before
        query = query.where(
            sa.tuple_(jobs.c.created_at, jobs.c.id) < sa.tuple_(sa.bindparam(None, at, jobs.c.created_at.type), job_id)
        )
    return [_job(row) for row in tx.execute(query)]


def _in_state(state: JobState) -> tuple[sa.ColumnElement[bool] | sa.TextClause, ...]:
    match state:
        case JobState.PENDING:
            return (IS_PENDING,)
        case JobState.RUNNING:
            return (IS_RUNNING,)
        case _:
            return (jobs.c.state == state, IS_OVER)


def unsettled(tx: Tx, *, now: datetime) -> int:
    """Count what is running, due, or waiting to be retried."""
    running = sa.select(sa.func.count(jobs.c.lease_until)).where(IS_RUNNING).scalar_subquery()
    pending = (
        sa.select(sa.func.count(jobs.c.run_at))
        .where(IS_PENDING, sa.or_(jobs.c.run_at <= now, jobs.c.attempt > 0))
        .scalar_subquery()
    )
    return int(tx.execute(sa.select(running + pending)).scalar_one())


def _row(job: Job) -> dict[str, Any]:
    row = {name: getattr(job, name) for name in _SAME_NAMES}
    row["rank"] = -job.priority
    row["arguments"] = canonical_json(job.arguments)
    row["error"] = None if job.error is None else canonical_json(_error_row(job.error))
    return row


def _error_row(error: JobError) -> dict[str, Any]:
    return {"type": error.type, "code": error.code, "message": error.message, "traceback": error.traceback}


def _job(row: sa.Row[Any]) -> Job:
    values = dict(row._mapping)  # noqa: SLF001  # SQLAlchemy's public name for it
    values["priority"] = -values.pop("rank")
    values["state"] = JobState(values["state"])
    values["arguments"] = json.loads(values["arguments"])
    values["error"] = None if values["error"] is None else JobError(**json.loads(values["error"]))
    return Job(**values)

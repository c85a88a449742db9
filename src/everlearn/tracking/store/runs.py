"""Runs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from everlearn.core.actor import Actor
from everlearn.core.errors import InvalidError
from everlearn.db import Sql, Tx, marks, read_instant
from everlearn.tracking.model import Lifecycle, Run, RunStatus

_COLUMNS = (
    "r.no, r.id, r.project, r.experiment_no, e.id, e.name, r.name, r.user_name, r.status, r.start_ms, r.end_ms, "
    "r.lifecycle, r.artifact_root, r.effective_at, r.started_by"
)
_FROM = "from tracking_runs r join tracking_experiments e on e.no = r.experiment_no"
_SELECT = f"select {_COLUMNS} {_FROM}"
_BY_ID = Sql(f"{_SELECT} where r.id = ? and r.lifecycle <> 'purging'")
_LIST_BY_ID = Sql(f"{_SELECT} where r.project = ? and r.id > ? and r.lifecycle <> 'purging' order by r.id limit ?")
_LOCKED = Sql(
    "select no, project, experiment_no, lifecycle, status from tracking_runs where id = ? and lifecycle <> 'purging'"
)
_INSERT = Sql(
    "insert into tracking_runs (id, project, experiment_no, name, user_name, status, start_ms, end_ms, lifecycle, "
    "artifact_root, effective_at, started_by) values (?,?,?,?,?,?,?,?,'active',?,?,?) "
    "on conflict do nothing returning no"
)
_LIFECYCLE = Sql("update tracking_runs set lifecycle = ?, deleted_ms = ? where no = ?")
_LIFECYCLES = Sql(
    "update tracking_runs set lifecycle = ?, deleted_ms = ? where experiment_no = ? and lifecycle = ? "
    "and (? = 0 or deleted_ms = ?)"
)
_COUNT = Sql(
    "select count(*), sum(case when status = 'RUNNING' then 1 else 0 end), max(start_ms) from (select status, start_ms "
    "from tracking_runs where experiment_no = ? and lifecycle = 'active' order by start_ms desc limit ?) as newest"
)
_END = Sql("update tracking_runs set status = ?, end_ms = ? where no = ? and status in ('RUNNING', 'SCHEDULED')")


class RunRow(NamedTuple):
    """A run as the tables hold it."""

    no: int
    id: str
    project: str
    experiment_no: int
    experiment_id: int
    experiment: str
    name: str
    user: str
    status: str
    start_ms: int
    end_ms: int | None
    lifecycle: str
    artifact_root: str
    effective_at: Any
    started_by: str


class RunCount(NamedTuple):
    """How many runs an experiment has."""

    runs: int
    running: int
    newest_ms: int | None


class RunKey(NamedTuple):
    """What a write to a run needs to know of it."""

    no: int
    project: str
    experiment_no: int
    lifecycle: str
    status: str


def key_of(tx: Tx, run_id: str) -> RunKey | None:
    """Find what a write needs."""
    row = _LOCKED.row(tx, run_id)
    return None if row is None else RunKey(*row)


def find(tx: Tx, run_id: str) -> RunRow | None:
    """Find a run by its id."""
    row = _BY_ID.row(tx, run_id)
    return None if row is None else RunRow(*row)


def insert(tx: Tx, row: RunRow) -> int | None:
    """Add a run (its `no` is not looked at); give its number, or None when the id is taken."""
    found = _INSERT.row(
        tx,
        row.id,
        row.project,
        row.experiment_no,
        row.name,
        row.user,
        row.status,
        row.start_ms,
        row.end_ms,
        row.artifact_root,
        row.effective_at,
        row.started_by,
    )
    return None if found is None else int(found[0])


def update(tx: Tx, number: int, **changes: str | int | None) -> None:
    """Change columns of a run."""
    assignments = ", ".join(f"{column} = ?" for column in changes)
    Sql(f"update tracking_runs set {assignments} where no = ?").run(tx, *changes.values(), number)


def end(tx: Tx, number: int, status: RunStatus, *, at_ms: int) -> bool:
    """Write the end of a run; False when it has ended already."""
    return _END.run(tx, status, at_ms, number) == 1


def set_lifecycle(tx: Tx, number: int, lifecycle: Lifecycle, *, at_ms: int) -> None:
    """Delete a run, or bring it back."""
    _LIFECYCLE.run(tx, lifecycle, at_ms if lifecycle is Lifecycle.DELETED else None, number)


def set_lifecycles(tx: Tx, experiment_no: int, lifecycle: Lifecycle, *, at_ms: int, deleted_at_ms: int = 0) -> None:
    """Delete the active runs of an experiment, or bring back those that were deleted with it at `deleted_at_ms`."""
    before = Lifecycle.ACTIVE if lifecycle is Lifecycle.DELETED else Lifecycle.DELETED
    stamp = at_ms if lifecycle is Lifecycle.DELETED else None
    _LIFECYCLES.run(tx, lifecycle, stamp, experiment_no, before, deleted_at_ms, deleted_at_ms)


def list_newest(tx: Tx, project: str, experiment: str | None, *, after: str | None, limit: int) -> list[Run]:
    """Give up to `limit` active runs, newest first, of one experiment or of all; `after` is a `run_key`."""
    where, given = "r.project = ?", [project]
    if experiment is not None:
        where = "e.project = ? and e.name = ? and r.experiment_no = e.no"
        given.append(experiment)
    values: list[Any] = [*given]
    if after is not None:
        at_ms, run_id = _parsed_key(after)
        where += " and (r.start_ms < ? or (r.start_ms = ? and r.id > ?))"
        values += [at_ms, at_ms, run_id]
    text = f"{_SELECT} where {where} and r.lifecycle = 'active' order by r.start_ms desc, r.id limit ?"
    return [run_of(RunRow(*row)) for row in Sql(text).rows(tx, *values, limit)]


def count(tx: Tx, experiment_no: int, *, most: int) -> RunCount:
    """Count the active runs of an experiment, the newest `most` of them."""
    row = _COUNT.rows(tx, experiment_no, most)[0]
    return RunCount(int(row[0]), int(row[1] or 0), None if row[2] is None else int(row[2]))


def list_by_id(tx: Tx, project: str, *, after: str, limit: int) -> list[RunRow]:
    """Give up to `limit` runs, deleted or not."""
    return [RunRow(*row) for row in _LIST_BY_ID.rows(tx, project, after, limit)]


def list_of_ids(tx: Tx, project: str, ids: Sequence[str]) -> list[RunRow]:
    """Give those of at most a page of runs that the project has."""
    if not ids:
        return []
    text = f"{_SELECT} where r.project = ? and r.id in ({marks(len(ids))}) order by r.id"
    return [RunRow(*row) for row in Sql(text).rows(tx, project, *ids)]


def read_many(tx: Tx, numbers: Sequence[int]) -> dict[int, RunRow]:
    """Give several runs by their numbers."""
    found: dict[int, RunRow] = {}
    for start in range(0, len(numbers), 500):
        part = numbers[start : start + 500]
        for row in Sql(f"{_SELECT} where r.no in ({marks(len(part))})").rows(tx, *part):
            found[row[0]] = RunRow(*row)
    return found


def run_of(row: RunRow) -> Run:
    """Make the value of a row."""
    return Run(
        id=row.id,
        project=row.project,
        experiment=row.experiment,
        experiment_id=str(row.experiment_id),
        name=row.name,
        user=row.user,
        status=RunStatus(row.status),
        started_at=instant_of(row.start_ms),
        ended_at=None if row.end_ms is None else instant_of(row.end_ms),
        lifecycle=Lifecycle(row.lifecycle),
        artifact_root=row.artifact_root,
        effective_at=None if row.effective_at is None else read_instant(row.effective_at),
        started_by=Actor(row.started_by),
    )


def instant_of(milliseconds: int) -> datetime:
    """Read a time; what no calendar reaches becomes its end."""
    seconds = min(max(milliseconds / 1000, -62_000_000_000), 253_000_000_000)
    return datetime.fromtimestamp(seconds, UTC)


def milliseconds_of(at: datetime) -> int:
    """Write a time."""
    return round(at.timestamp() * 1000)


def run_key(run: Run) -> str:
    """Give the key that a list of runs continues after."""
    return f"{milliseconds_of(run.started_at)}~{run.id}"


def _parsed_key(key: str) -> tuple[int, str]:
    at_ms, separator, run_id = key.partition("~")
    if not separator or not at_ms.lstrip("-").isdigit() or len(at_ms) > 18:
        raise InvalidError(f"not a key of a list of runs: {key[:80]!r}; send `next` of the page before")
    return int(at_ms), run_id

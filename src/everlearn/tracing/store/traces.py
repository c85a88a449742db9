"""Traces, a row each."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from everlearn.db import Sql, Tx, marks

COLUMNS = (
    "no", "id", "project", "experiment_no", "name", "state", "start_ms", "duration_ms", "client_request_id",
    "request_preview", "response_preview", "is_told", "span_count",
)  # fmt: skip
SELECTED = ", ".join(f"r.{column}" for column in COLUMNS)
_EXPERIMENT_ID = "(select e.id from tracking_experiments e where e.no = r.experiment_no)"
SELECT = f"select {SELECTED}, {_EXPERIMENT_ID} from tracing_traces r"
_INSERT = Sql(
    f"insert into tracing_traces ({', '.join(COLUMNS[1:])}) values ({marks(len(COLUMNS) - 1)}) on conflict do nothing"
)
_AT_ONCE = 500


class TraceRow(NamedTuple):
    """A trace as the table holds it, and the number that clients know its experiment by."""

    no: int
    id: str
    project: str
    experiment_no: int
    name: str | None
    state: str
    start_ms: int
    duration_ms: int | None
    client_request_id: str | None
    request_preview: str | None
    response_preview: str | None
    is_told: int
    span_count: int
    experiment_id: int = 0

    @property
    def artifact_folder(self) -> str:
        """Name the folder of the project's files that holds what clients upload of the trace."""
        return f"{self.experiment_id}/traces/{self.id}"


def insert(tx: Tx, rows: Sequence[TraceRow]) -> None:
    """Add traces; those whose id the project has already stay as they are."""
    _INSERT.run_all(tx, [tuple(row[1 : len(COLUMNS)]) for row in sorted(rows, key=lambda row: row.id)])


def find(tx: Tx, project: str, trace_id: str) -> TraceRow | None:
    """Find a trace by its id."""
    return find_many(tx, project, [trace_id]).get(trace_id)


def find_many(tx: Tx, project: str, trace_ids: Sequence[str], *, is_locked: bool = False) -> dict[str, TraceRow]:
    """Find traces by id; locked, they wait for other writers of the same traces, in one order."""
    lock = " for update of r" if is_locked and tx.is_postgresql else ""
    found: dict[str, TraceRow] = {}
    for part in _parts(sorted(set(trace_ids))):
        text = f"{SELECT} where r.project = ? and r.id in ({marks(len(part))}) order by r.id{lock}"
        found.update((row[1], TraceRow(*row)) for row in Sql(text).rows(tx, project, *part))
    return found


def update(tx: Tx, no: int, **changes: str | int | None) -> None:
    """Change columns of a trace."""
    assignments = ", ".join(f"{column} = ?" for column in changes)
    Sql(f"update tracing_traces set {assignments} where no = ?").run(tx, *changes.values(), no)


def move(tx: Tx, no: int, experiment_no: int) -> None:
    """Note the new experiment of a trace in what belongs to it."""
    for table in ("tracing_labels", "tracing_spans"):
        Sql(f"update {table} set experiment_no = ? where trace_no = ?").run(tx, experiment_no, no)


def oldest(
    tx: Tx, experiment_no: int, *, until_ms: int | None, trace_ids: Sequence[str] | None, limit: int
) -> list[TraceRow]:
    """Give up to `limit` traces of an experiment, oldest first."""
    where, given = ["r.experiment_no = ?"], list[Any]([experiment_no])
    if until_ms is not None:
        where.append("r.start_ms <= ?")
        given.append(until_ms)
    if trace_ids is not None:
        where.append(f"r.id in ({marks(len(trace_ids))})")
        given += trace_ids
    text = f"{SELECT} where {' and '.join(where)} order by r.start_ms, r.id limit ?"
    return [TraceRow(*row) for row in Sql(text).rows(tx, *given, limit)]


def delete(tx: Tx, numbers: Sequence[int]) -> None:
    """Remove traces and everything that belongs to them."""
    for part in _parts(numbers):
        for table in ("tracing_labels", "tracing_spans", "tracing_links", "tracing_assessments"):
            Sql(f"delete from {table} where trace_no in ({marks(len(part))})").run(tx, *part)
        Sql(f"delete from tracing_traces where no in ({marks(len(part))})").run(tx, *part)


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))

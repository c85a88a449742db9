"""Evaluation data sets and their records."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from everlearn.core.search import Clause, Order
from everlearn.db import Sql, Tx, marks
from everlearn.db.conditions import Condition, Term, after, compared

COLUMNS = (
    "no", "id", "project", "name", "schema", "digest", "record_count", "created_ms", "updated_ms", "created_by",
    "updated_by",
)  # fmt: skip
_SELECTED = ", ".join(f"d.{column}" for column in COLUMNS)
_INSERT = Sql(f"insert into tracing_eval_datasets ({', '.join(COLUMNS[1:])}) values ({marks(len(COLUMNS) - 1)})")
_ATTRIBUTES = {
    "name": "d.name",
    "created_by": "d.created_by",
    "last_updated_by": "d.updated_by",
    "created_time": "d.created_ms",
    "last_update_time": "d.updated_ms",
}
_PUT_TAG = Sql(
    "insert into tracing_eval_tags (dataset_no, key, value) values (?,?,?) "
    "on conflict (dataset_no, key) do update set value = excluded.value"
)
_DELETE_TAG = Sql("delete from tracing_eval_tags where dataset_no = ? and key = ?")
_LINK = Sql("insert into tracing_eval_experiments (dataset_no, experiment_no) values (?,?) on conflict do nothing")
_LINKED = Sql(
    "select e.id from tracing_eval_experiments x join tracking_experiments e on e.no = x.experiment_no "
    "where x.dataset_no = ? order by e.id"
)
_PUT_RECORD = Sql(
    "insert into tracing_eval_records (dataset_no, inputs_digest, id, body, created_ms, updated_ms) "
    "values (?,?,?,?,?,?) on conflict (dataset_no, inputs_digest) "
    "do update set body = excluded.body, updated_ms = excluded.updated_ms"
)
_COUNT = Sql("select count(*) from tracing_eval_records where dataset_no = ?")


class DatasetRow(NamedTuple):
    """A data set as the table holds it."""

    no: int
    id: str
    project: str
    name: str
    schema: str | None
    digest: str
    record_count: int
    created_ms: int
    updated_ms: int
    created_by: str | None
    updated_by: str | None


class RecordRow(NamedTuple):
    """A record as the table holds it."""

    inputs_digest: str
    id: str
    body: str
    created_ms: int
    updated_ms: int


def insert(tx: Tx, row: DatasetRow) -> None:
    """Add a data set."""
    _INSERT.run(tx, *row[1:])


def find(tx: Tx, project: str, dataset_id: str, *, is_locked: bool = False) -> DatasetRow | None:
    """Find a data set by its id; locked, it waits for other writers."""
    lock = " for update" if is_locked and tx.is_postgresql else ""
    text = f"select {_SELECTED} from tracing_eval_datasets d where d.project = ? and d.id = ?{lock}"
    row = Sql(text).row(tx, project, dataset_id)
    return None if row is None else DatasetRow(*row)


def update(tx: Tx, no: int, **changes: str | int | None) -> None:
    """Change columns of a data set."""
    assignments = ", ".join(f"{column} = ?" for column in changes)
    Sql(f"update tracing_eval_datasets set {assignments} where no = ?").run(tx, *changes.values(), no)


def delete(tx: Tx, no: int) -> None:
    """Remove a data set and everything that belongs to it."""
    for table in ("tracing_eval_tags", "tracing_eval_experiments", "tracing_eval_records"):
        Sql(f"delete from {table} where dataset_no = ?").run(tx, no)
    Sql("delete from tracing_eval_datasets where no = ?").run(tx, no)


def put_tags(tx: Tx, no: int, tags: Mapping[str, str]) -> None:
    """Set tags."""
    _PUT_TAG.run_all(tx, [(no, key, value) for key, value in sorted(tags.items())])


def delete_tag(tx: Tx, no: int, key: str) -> None:
    """Take a tag away, if it is there."""
    _DELETE_TAG.run(tx, no, key)


def tags_of(tx: Tx, numbers: Sequence[int]) -> dict[int, dict[str, str]]:
    """Give the tags of data sets."""
    found: dict[int, dict[str, str]] = {number: {} for number in numbers}
    for start in range(0, len(numbers), 500):
        part = numbers[start : start + 500]
        text = f"select dataset_no, key, value from tracing_eval_tags where dataset_no in ({marks(len(part))})"
        for number, key, value in Sql(f"{text} order by key").rows(tx, *part):
            found[number][key] = value
    return found


def link(tx: Tx, no: int, experiments: Sequence[int]) -> None:
    """Say which experiments, by key, a data set belongs to."""
    _LINK.run_all(tx, [(no, experiment) for experiment in sorted(experiments)])


def unlink(tx: Tx, no: int, experiments: Sequence[int]) -> None:
    """Take experiments away."""
    if experiments:
        inside = marks(len(experiments))
        text = f"delete from tracing_eval_experiments where dataset_no = ? and experiment_no in ({inside})"
        Sql(text).run(tx, no, *experiments)


def experiments_of(tx: Tx, no: int) -> list[int]:
    """Give the experiments, as clients number them."""
    return [row[0] for row in _LINKED.rows(tx, no)]


def put_records(tx: Tx, no: int, rows: Sequence[RecordRow]) -> None:
    """Add records, or replace those with the same inputs."""
    _PUT_RECORD.run_all(tx, [(no, *row) for row in rows])


def records_with(tx: Tx, no: int, digests: Sequence[str]) -> dict[str, RecordRow]:
    """Find records by the digest of their inputs."""
    found: dict[str, RecordRow] = {}
    for start in range(0, len(digests), 500):
        part = digests[start : start + 500]
        text = (
            "select inputs_digest, id, body, created_ms, updated_ms from tracing_eval_records "
            f"where dataset_no = ? and inputs_digest in ({marks(len(part))})"
        )
        found.update((row[0], RecordRow(*row)) for row in Sql(text).rows(tx, no, *part))
    return found


def records(tx: Tx, no: int, *, last: tuple[int, str] | None, limit: int) -> list[RecordRow]:
    """Give up to `limit` records, oldest first."""
    begun_ms, begun_id = last or (-(2**62), "")
    text = (
        "select inputs_digest, id, body, created_ms, updated_ms from tracing_eval_records where dataset_no = ? "
        "and (created_ms > ? or (created_ms = ? and id > ?)) order by created_ms, id limit ?"
    )
    return [RecordRow(*row) for row in Sql(text).rows(tx, no, begun_ms, begun_ms, begun_id, limit)]


def delete_records(tx: Tx, no: int, record_ids: Sequence[str]) -> int:
    """Remove records; give their number."""
    removed = 0
    for start in range(0, len(record_ids), 500):
        part = record_ids[start : start + 500]
        text = f"delete from tracing_eval_records where dataset_no = ? and id in ({marks(len(part))})"
        removed += Sql(text).run(tx, no, *part)
    return removed


def count(tx: Tx, no: int) -> int:
    """Count the records."""
    return int(_COUNT.rows(tx, no)[0][0])


def search(
    tx: Tx,
    project: str,
    *,
    experiments: Sequence[int] | None,
    clauses: Sequence[Clause],
    orders: Sequence[Order],
    limit: int,
    last: tuple[Any, ...] | None,
) -> list[tuple[DatasetRow, tuple[Any, ...]]]:
    """Give up to `limit` data sets in order, each with its sort values; newest first when nothing is said."""
    terms = [Term(_ATTRIBUTES[one.key], not one.ascending, is_text=one.key == "name") for one in orders]
    terms += [] if orders else [Term("d.created_ms", True)]
    terms.append(Term("d.id", False, is_text=True))
    where = [Condition("d.project = ?", (project,))]
    where += [_condition(clause, is_postgresql=tx.is_postgresql) for clause in clauses]
    if experiments is not None:
        inside = marks(len(experiments)) or "null"
        where.append(
            Condition(
                "exists (select 1 from tracing_eval_experiments x where x.dataset_no = d.no "
                f"and x.experiment_no in ({inside}))",
                tuple(experiments),
            )
        )
    if last is not None:
        where.append(after(terms, last))
    text = (
        f"select {_SELECTED}, {', '.join(term.sql for term in terms)} from tracing_eval_datasets d "
        f"where {' and '.join(one.sql for one in where)} "
        f"order by {', '.join(f'{term.sql} desc' if term.is_descending else term.sql for term in terms)} limit ?"
    )
    rows = Sql(text).rows(tx, *(value for one in where for value in one.given), limit)
    return [(DatasetRow(*row[: len(COLUMNS)]), tuple(row[len(COLUMNS) :])) for row in rows]


def _condition(clause: Clause, *, is_postgresql: bool) -> Condition:
    if clause.kind != "tag":
        return compared(_ATTRIBUTES[clause.key], clause, is_postgresql=is_postgresql)
    inner = compared("t.value", clause, is_postgresql=is_postgresql)
    return Condition(
        f"exists (select 1 from tracing_eval_tags t where t.dataset_no = d.no and t.key = ? and {inner.sql})",
        (clause.key, *inner.given),
    )

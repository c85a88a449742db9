"""Experiments and their tags."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from everlearn.db import Sql, Tx, marks
from everlearn.tracking.model import DEFAULT_EXPERIMENT, DEFAULT_EXPERIMENT_ID, Experiment, Lifecycle

COLUMNS = ("no", "id", "project", "name", "artifact_location", "lifecycle", "created_ms", "updated_ms")
_SELECT = f"select {', '.join(COLUMNS)} from tracking_experiments"
_BY_NAME = Sql(f"{_SELECT} where project = ? and name = ?")
_BY_ID = Sql(f"{_SELECT} where project = ? and id = ?")
_BY_NO = Sql(f"{_SELECT} where no = ?")
_NEXT_ID = Sql("select coalesce(max(id), 0) + 1 from tracking_experiments where project = ?")
_INSERT = Sql(
    "insert into tracking_experiments (project, id, name, artifact_location, lifecycle, created_ms, updated_ms) "
    "values (?,?,?,?,'active',?,?) on conflict do nothing returning no"
)
_INSERT_TAKEN = Sql(
    "insert into tracking_experiments (project, id, name, artifact_location, lifecycle, created_ms, updated_ms) "
    "values (?,?,?,?,?,?,?)"
)
_LIST_BY_ID = Sql(f"{_SELECT} where project = ? and id > ? order by id limit ?")
_LIST = Sql(f"{_SELECT} where project = ? and lifecycle = 'active' and name > ? order by name limit ?")
_TAGS = "select experiment_no, key, value from tracking_experiment_tags where experiment_no in ({}) order by key"
_PUT_TAG = Sql(
    "insert into tracking_experiment_tags (experiment_no, key, value) values (?,?,?) "
    "on conflict (experiment_no, key) do update set value = excluded.value"
)
_DELETE_TAG = Sql("delete from tracking_experiment_tags where experiment_no = ? and key = ?")


class ExperimentRow(NamedTuple):
    """An experiment as the table holds it."""

    no: int
    id: int
    project: str
    name: str
    artifact_location: str
    lifecycle: str
    created_ms: int
    updated_ms: int


def insert(tx: Tx, project: str, name: str, *, location: str, at_ms: int) -> ExperimentRow | None:
    """Add an experiment under the next number; None when the name is taken. `location` empty: `ID` of the project."""
    for _ in range(100):  # another process may take the number between the two statements
        if name_is_taken(tx, project, name):
            return None
        number = _NEXT_ID.rows(tx, project)[0][0]
        if _INSERT.rows(tx, project, number, name, location or location_of(number), at_ms, at_ms):
            return by_name(tx, project, name)
    return None


def insert_taken(
    tx: Tx, project: str, name: str, *, number: int, lifecycle: str, created_ms: int, updated_ms: int
) -> ExperimentRow:
    """Add an experiment that lived elsewhere (its name must be free), under its number there or else the next one."""
    if by_id(tx, project, number) is not None:
        number = _NEXT_ID.rows(tx, project)[0][0]
    _INSERT_TAKEN.run(tx, project, number, name, location_of(number), lifecycle, created_ms, updated_ms)
    found = by_id(tx, project, number)
    assert found is not None  # noqa: S101  # just written
    return found


def ensure_default(tx: Tx, project: str, *, at_ms: int) -> None:
    """Every project has experiment 0 from the beginning."""
    if by_id(tx, project, DEFAULT_EXPERIMENT_ID) is None:
        _INSERT.rows(
            tx, project, DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT, location_of(DEFAULT_EXPERIMENT_ID), at_ms, at_ms
        )


def location_of(number: int) -> str:
    """Name the folder of an experiment in its project's tree of files, as MLflow's clients expect it."""
    return f"mlflow-artifacts:/{number}"


def name_is_taken(tx: Tx, project: str, name: str) -> bool:
    """Tell whether an experiment, deleted or not, has this name."""
    return by_name(tx, project, name) is not None


def by_name(tx: Tx, project: str, name: str) -> ExperimentRow | None:
    """Find an experiment by its name."""
    return _one(_BY_NAME.row(tx, project, name))


def by_id(tx: Tx, project: str, number: int) -> ExperimentRow | None:
    """Find an experiment by its number in the project."""
    return _one(_BY_ID.row(tx, project, number))


def by_no(tx: Tx, number: int) -> ExperimentRow | None:
    """Find an experiment by its key."""
    return _one(_BY_NO.row(tx, number))


def update(tx: Tx, number: int, *, at_ms: int, **changes: str) -> None:
    """Change columns of an experiment."""
    assignments = ", ".join(f"{column} = ?" for column in (*changes, "updated_ms"))
    Sql(f"update tracking_experiments set {assignments} where no = ?").run(tx, *changes.values(), at_ms, number)


def put_tag(tx: Tx, number: int, key: str, value: str) -> None:
    """Set a tag."""
    _PUT_TAG.run(tx, number, key, value)


def delete_tag(tx: Tx, number: int, key: str) -> bool:
    """Take a tag away; False when it was not there."""
    return _DELETE_TAG.run(tx, number, key) == 1


def list_by_name(tx: Tx, project: str, *, after: str, limit: int) -> list[ExperimentRow]:
    """Give up to `limit` experiments that are not deleted."""
    return [ExperimentRow(*row) for row in _LIST.rows(tx, project, after, limit)]


def list_by_id(tx: Tx, project: str, *, after: int, limit: int) -> list[ExperimentRow]:
    """Give up to `limit` experiments, deleted or not."""
    return [ExperimentRow(*row) for row in _LIST_BY_ID.rows(tx, project, after, limit)]


def keys_of(tx: Tx, project: str, numbers: Sequence[int]) -> list[int]:
    """Give the keys of those of these experiments that the project has."""
    found: list[int] = []
    for start in range(0, len(numbers), 500):
        part = numbers[start : start + 500]
        text = f"select no from tracking_experiments where project = ? and id in ({marks(len(part))})"
        found += [row[0] for row in Sql(text).rows(tx, project, *part)]
    return found


def tags_of(tx: Tx, numbers: Sequence[int]) -> dict[int, dict[str, str]]:
    """Give the tags of experiments."""
    found: dict[int, dict[str, str]] = {number: {} for number in numbers}
    for start in range(0, len(numbers), 500):
        part = numbers[start : start + 500]
        for number, key, value in Sql(_TAGS.format(marks(len(part)))).rows(tx, *part):
            found[number][key] = value
    return found


def experiment_of(row: ExperimentRow, tags: Mapping[str, str]) -> Experiment:
    """Make the value of a row."""
    return Experiment(
        id=str(row.id),
        project=row.project,
        name=row.name,
        artifact_location=row.artifact_location,
        lifecycle=Lifecycle(row.lifecycle),
        created_at=datetime.fromtimestamp(row.created_ms / 1000, UTC),
        updated_at=datetime.fromtimestamp(row.updated_ms / 1000, UTC),
        tags=tags,
    )


def _one(row: tuple[Any, ...] | None) -> ExperimentRow | None:
    return None if row is None else ExperimentRow(*row)

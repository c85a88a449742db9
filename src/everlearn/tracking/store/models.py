"""Logged models: what a run made, before and apart from any registration."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from everlearn.db import Sql, Tx, marks
from everlearn.tracking.store.points import Point

READY = "LOGGED_MODEL_READY"
COLUMNS = (
    "no",
    "id",
    "project",
    "experiment_no",
    "name",
    "model_type",
    "source_run_id",
    "status",
    "artifact_root",
    "created_ms",
    "updated_ms",
)
SELECTED = f"{', '.join(f'm.{column}' for column in COLUMNS)}, e.id"
FROM = "from tracking_models m join tracking_experiments e on e.no = m.experiment_no"
_BY_ID = Sql(f"select {SELECTED} {FROM} where m.project = ? and m.id = ? and m.deleted_ms is null")
_READY_BEFORE = Sql(
    f"select {SELECTED} {FROM} where m.experiment_no = ? and m.name = ? and m.status = ? and m.no < ? "
    "and m.deleted_ms is null order by m.no desc limit 1"
)
_INSERT = Sql(
    "insert into tracking_models (id, project, experiment_no, name, model_type, source_run_id, status, artifact_root, "
    "created_ms, updated_ms) values (?,?,?,?,?,?,?,?,?,?) on conflict do nothing returning no"
)
_LIST_BY_ID = Sql(f"select {SELECTED} {FROM} where m.project = ? and m.id > ? order by m.id limit ?")
_UPDATE = Sql("update tracking_models set status = ?, updated_ms = ? where no = ?")
_DELETED = Sql("update tracking_models set deleted_ms = ? where no = ?")
_TOUCH = Sql("update tracking_models set updated_ms = ? where no = ?")
_PUT_LABEL = Sql(
    "insert into tracking_model_labels (model_no, kind, key, value) values (?,?,?,?) "
    "on conflict (model_no, kind, key) do update set value = excluded.value"
)
_DELETE_LABEL = Sql("delete from tracking_model_labels where model_no = ? and kind = ? and key = ?")
_PUT_METRIC = Sql(
    "insert into tracking_model_metrics "
    "(model_no, key, dataset_name, dataset_digest, run_id, step, at_ms, value, is_nan) values (?,?,?,?,?,?,?,?,?) "
    "on conflict (model_no, key, dataset_name, dataset_digest, run_id) do update set step = excluded.step, "
    "at_ms = excluded.at_ms, value = excluded.value, is_nan = excluded.is_nan where "
    "(excluded.step, excluded.at_ms, excluded.value) > "
    "(tracking_model_metrics.step, tracking_model_metrics.at_ms, tracking_model_metrics.value)"
)
_PUT_USE = Sql(
    "insert into tracking_model_uses (run_no, role, model_id, step) values (?,?,?,?) "
    "on conflict (run_no, role, model_id) do update set step = excluded.step"
)


class ModelRow(NamedTuple):
    """A logged model as the tables hold it."""

    no: int
    id: str
    project: str
    experiment_no: int
    name: str
    model_type: str | None
    source_run_id: str | None
    status: str
    artifact_root: str
    created_ms: int
    updated_ms: int
    experiment_id: int


class ModelMetric(NamedTuple):
    """The newest value of a metric of a model, on a data set or (names empty) on none."""

    key: str
    dataset_name: str
    dataset_digest: str
    run_id: str
    point: Point


class ModelUse(NamedTuple):
    """A model that a run took or made."""

    role: str  # "input" or "output"
    model_id: str
    step: int


def insert(tx: Tx, row: ModelRow) -> ModelRow:
    """Add a model (its `no` is not looked at), whose id nothing has."""
    added = insert_taken(tx, row)
    assert added is not None  # noqa: S101  # ids are made by chance
    return added


def insert_taken(tx: Tx, row: ModelRow) -> ModelRow | None:
    """Add a model that lived elsewhere; when its id is here, give the model of this project, or None."""
    found = _INSERT.row(
        tx,
        row.id,
        row.project,
        row.experiment_no,
        row.name,
        row.model_type,
        row.source_run_id,
        row.status,
        row.artifact_root,
        row.created_ms,
        row.updated_ms,
    )
    return find(tx, row.project, row.id) if found is None else row._replace(no=found[0])


def list_by_id(tx: Tx, project: str, *, after: str, limit: int) -> list[ModelRow]:
    """Give up to `limit` models."""
    return [ModelRow(*row) for row in _LIST_BY_ID.rows(tx, project, after, limit)]


def find(tx: Tx, project: str, model_id: str) -> ModelRow | None:
    """Find a model by its id."""
    row = _BY_ID.row(tx, project, model_id)
    return None if row is None else ModelRow(*row)


def ready_before(tx: Tx, model: ModelRow) -> ModelRow | None:
    """Find the newest ready model of the same experiment and name that was begun before this one."""
    row = _READY_BEFORE.row(tx, model.experiment_no, model.name, READY, model.no)
    return None if row is None else ModelRow(*row)


def set_status(tx: Tx, number: int, status: str, *, at_ms: int) -> None:
    """Write how far its upload is."""
    _UPDATE.run(tx, status, at_ms, number)


def touch(tx: Tx, number: int, *, at_ms: int) -> None:
    """Write when it last changed."""
    _TOUCH.run(tx, at_ms, number)


def mark_deleted(tx: Tx, number: int, *, at_ms: int) -> None:
    """Let nobody find a model any more."""
    _DELETED.run(tx, at_ms, number)


def delete(tx: Tx, number: int) -> None:
    """Remove a model with everything that was written about it but its files."""
    for table in ("tracking_model_metrics", "tracking_model_labels"):
        Sql(f"delete from {table} where model_no = ?").run(tx, number)
    Sql("delete from tracking_models where no = ?").run(tx, number)


def put_labels(tx: Tx, number: int, kind: str, values: Mapping[str, str]) -> None:
    """Set parameters or tags; the newest wins."""
    _PUT_LABEL.run_all(tx, [(number, kind, key, value) for key, value in sorted(values.items())])


def delete_tag(tx: Tx, number: int, key: str) -> bool:
    """Take a tag away; False when it was not there."""
    return _DELETE_LABEL.run(tx, number, "tag", key) == 1


def put_metrics(tx: Tx, number: int, metrics: Sequence[ModelMetric]) -> None:
    """Keep the newest value of each metric."""
    _PUT_METRIC.run_all(tx, [(number, *metric[:4], *metric.point) for metric in metrics])


def put_uses(tx: Tx, run_no: int, uses: Sequence[ModelUse]) -> None:
    """Write down which models a run took and made."""
    _PUT_USE.run_all(tx, [(run_no, use.role, use.model_id, use.step) for use in uses])


def labels_of(tx: Tx, numbers: Sequence[int]) -> dict[tuple[int, str], dict[str, str]]:
    """Give parameters and tags by model and kind."""
    found: dict[tuple[int, str], dict[str, str]] = {}
    for part in _parts(numbers):
        text = f"select model_no, kind, key, value from tracking_model_labels where model_no in ({marks(len(part))})"
        for number, kind, key, value in Sql(f"{text} order by key").rows(tx, *part):
            found.setdefault((number, kind), {})[key] = value
    return found


def metrics_of(tx: Tx, numbers: Sequence[int]) -> dict[int, list[ModelMetric]]:
    """Give metrics by model."""
    found: dict[int, list[ModelMetric]] = {}
    for part in _parts(numbers):
        text = (
            "select model_no, key, dataset_name, dataset_digest, run_id, step, at_ms, value, is_nan "
            f"from tracking_model_metrics where model_no in ({marks(len(part))}) "
            "order by model_no, key, dataset_name, dataset_digest, run_id"
        )
        for number, key, name, digest, run_id, *point in Sql(text).rows(tx, *part):
            found.setdefault(number, []).append(ModelMetric(key, name, digest, run_id, Point(*point)))
    return found


def uses_of(tx: Tx, run_nos: Sequence[int]) -> dict[int, list[ModelUse]]:
    """Give the models that runs took and made."""
    found: dict[int, list[ModelUse]] = {}
    for part in _parts(run_nos):
        text = f"select run_no, role, model_id, step from tracking_model_uses where run_no in ({marks(len(part))})"
        for run_no, role, model_id, step in Sql(f"{text} order by run_no, role, model_id").rows(tx, *part):
            found.setdefault(run_no, []).append(ModelUse(role, model_id, step))
    return found


def _parts(numbers: Sequence[int]) -> list[Sequence[int]]:
    return [numbers[start : start + 500] for start in range(0, len(numbers), 500)]

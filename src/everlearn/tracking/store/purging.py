"""Finding what may be purged, and purging it in short statements."""

from collections.abc import Sequence
from typing import NamedTuple

from everlearn.db import Sql, Tx, marks

_RUNS = (
    "select o.no, o.id, o.experiment_no, e.name, o.artifact_root, o.status, o.start_ms, o.end_ms, o.deleted_ms, "
    "exists (select 1 from tracking_artifacts a where a.project = o.project and a.path > {root} || '/' "
    "and a.path < {root} || '0') "  # "0" follows "/"
    "from tracking_runs o join tracking_experiments e on e.no = o.experiment_no "
    "where o.project = ? and o.lifecycle <> 'purging' and (o.experiment_no > ? or (o.experiment_no = ? and "
    "(o.start_ms < ? or (o.start_ms = ? and o.id > ?)))) order by o.experiment_no, o.start_ms desc, o.id limit ?"
)
_RUNS_SQLITE = Sql(_RUNS.format(root="o.artifact_root"))
_RUNS_POSTGRESQL = Sql(_RUNS.format(root='o.artifact_root collate "C"'))  # as paths are ordered
_MODELS = Sql(
    "select m.no, m.id, e.name, m.artifact_root, m.deleted_ms from tracking_models m "
    "join tracking_experiments e on e.no = m.experiment_no "
    "where m.project = ? and m.deleted_ms is not null and m.no > ? order by m.no limit ?"
)
_BEGIN = Sql("update tracking_runs set lifecycle = 'purging' where no = ? and lifecycle = 'deleted'")
_BEGUN = Sql("select no, artifact_root from tracking_runs where project = ? and id = ? and lifecycle = 'purging'")
_DELETED_MODEL = Sql(
    "select no, artifact_root from tracking_models where project = ? and id = ? and deleted_ms is not null"
)
_FILES = Sql(
    "delete from tracking_artifacts where project = ? and path in (select path from tracking_artifacts "
    "where project = ? and path > ? and path < ? order by path limit ?)"
)
_POINT = "run_no, key_no, step, at_ms, value, is_nan"
_POINTS = Sql(
    f"delete from tracking_points where ({_POINT}) in (select {_POINT} from tracking_points where run_no = ? limit ?)"
)
_PROJECTS = Sql("select distinct project from tracking_experiments order by project")


class RunFacts(NamedTuple):
    """What retention looks at in a run."""

    no: int
    id: str
    experiment_no: int
    experiment: str
    artifact_root: str
    status: str
    start_ms: int
    end_ms: int | None
    deleted_ms: int | None
    has_files: bool

    @property
    def place(self) -> tuple[int, int, str]:
        """Where a list continues after it."""
        return self.experiment_no, self.start_ms, self.id


class ModelFacts(NamedTuple):
    """What retention looks at in a deleted logged model."""

    no: int
    id: str
    experiment: str
    artifact_root: str
    deleted_ms: int


def runs_after(tx: Tx, project: str, place: tuple[int, int, str], *, limit: int) -> list[RunFacts]:
    """Give runs by experiment, the newest first in each."""
    number, start, run_id = place
    query = _RUNS_POSTGRESQL if tx.is_postgresql else _RUNS_SQLITE
    return [RunFacts(*row) for row in query.rows(tx, project, number, number, start, start, run_id, limit)]


def deleted_models_after(tx: Tx, project: str, number: int, *, limit: int) -> list[ModelFacts]:
    """Give deleted logged models."""
    return [ModelFacts(*row) for row in _MODELS.rows(tx, project, number, limit)]


def some_tags(tx: Tx, run_nos: Sequence[int], keys: Sequence[str]) -> dict[int, dict[str, str]]:
    """Give the values of some tags of at most a few hundred runs."""
    found: dict[int, dict[str, str]] = {}
    if run_nos and keys:
        text = (
            "select t.run_no, k.key, t.value from tracking_tags t join tracking_keys k on k.no = t.key_no "
            f"where t.run_no in ({marks(len(run_nos))}) and k.key in ({marks(len(keys))})"
        )
        for run_no, key, value in Sql(text).rows(tx, *run_nos, *keys):
            found.setdefault(run_no, {})[key] = value
    return found


def begin_run(tx: Tx, number: int) -> bool:
    """Let nobody see or restore a deleted run any more; False when it is not deleted (any more)."""
    return _BEGIN.run(tx, number) == 1


def begun_run(tx: Tx, project: str, run_id: str) -> tuple[int, str] | None:
    """Give the number and the folder of a run whose purge has begun."""
    row = _BEGUN.row(tx, project, run_id)
    return None if row is None else (int(row[0]), str(row[1]))


def deleted_model(tx: Tx, project: str, model_id: str) -> tuple[int, str] | None:
    """Give the number and the folder of a deleted logged model."""
    row = _DELETED_MODEL.row(tx, project, model_id)
    return None if row is None else (int(row[0]), str(row[1]))


def delete_files(tx: Tx, project: str, folder: str, *, limit: int) -> bool:
    """Delete up to `limit` rows of files; False when none was left."""
    return _FILES.run(tx, project, project, f"{folder}/", f"{folder}0", limit) > 0


def delete_points(tx: Tx, number: int, *, limit: int) -> bool:
    """Delete up to `limit` measurements of a run; False when none was left."""
    return _POINTS.run(tx, number, limit) > 0


def delete_run(tx: Tx, number: int) -> None:
    """Delete what is left of a run: its row, and all that is written once for it."""
    for table in ("newest", "params", "tags", "inputs", "model_uses"):
        Sql(f"delete from tracking_{table} where run_no = ?").run(tx, number)
    Sql("delete from tracking_runs where no = ?").run(tx, number)


def folders_of(tx: Tx, project: str, run_ids: Sequence[str], model_ids: Sequence[str]) -> list[str]:
    """Give the folders of some runs and logged models, deleted ones too."""
    found: list[str] = []
    for table, ids in (("tracking_runs", run_ids), ("tracking_models", model_ids)):
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            text = f"select artifact_root from {table} where project = ? and id in ({marks(len(part))})"
            found += [str(root) for (root,) in Sql(text).rows(tx, project, *part)]
    return found


def projects(tx: Tx) -> list[str]:
    """Name every project that has an experiment."""
    return [str(row[0]) for row in _PROJECTS.rows(tx)]

"""Which runs and logged models versions are made of: what must stay as long as they do."""

from collections.abc import Sequence

from everlearn.db import Sql, Tx, marks

_OF_MODEL = Sql("select distinct run_id, model_id from registry_catalogue where project = ? and model = ?")


def versions_of_runs(tx: Tx, project: str, run_ids: Sequence[str]) -> dict[str, list[str]]:
    """Name the versions that are made of at most a few hundred runs, by run."""
    return _versions(tx, project, "run_id", run_ids)


def versions_of_logged_models(tx: Tx, project: str, model_ids: Sequence[str]) -> dict[str, list[str]]:
    """Name the versions that are made of at most a few hundred logged models, by model."""
    return _versions(tx, project, "model_id", model_ids)


def origins_of_model(tx: Tx, project: str, model: str) -> tuple[list[str], list[str]]:
    """Give the runs and the logged models that the versions of a registered model are made of."""
    rows = _OF_MODEL.rows(tx, project, model)
    return sorted({run_id for run_id, _ in rows if run_id}), sorted({model_id for _, model_id in rows if model_id})


def _versions(tx: Tx, project: str, column: str, ids: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if ids:
        text = (
            f"select {column}, model, number from registry_catalogue where project = ? and {column} in "
            f"({marks(len(ids))}) order by model, number"
        )
        for origin, model, number in Sql(text).rows(tx, project, *ids):
            found.setdefault(origin, []).append(f"version {number} of {model}")
    return found

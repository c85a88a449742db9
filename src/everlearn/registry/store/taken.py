"""Rows that lived elsewhere, and everything in the order of its key."""

from everlearn.db import Sql, Tx, read_instant, written
from everlearn.registry.store.catalogue import CatalogueRow, ModelRow

_INSERT_MODEL = Sql(
    "insert into registry_models (project, name, newest, description, created_at, updated_at) values (?,?,?,?,?,?) "
    "on conflict do nothing returning name"
)
_INSERT_ENTRY = Sql(
    "insert into registry_catalogue (project, model, number, source, run_id, run_link, model_id, description, stage, "
    "created_at, updated_at, registered_by) values (?,?,?,?,?,?,?,?,?,?,?,?) on conflict do nothing returning number"
)
_RAISE_NEWEST = Sql("update registry_models set newest = ? where project = ? and name = ? and newest < ?")
_MODELS = Sql(
    "select project, name, newest, description, created_at, updated_at from registry_models "
    "where project = ? and name > ? order by name limit ?"
)
_ENTRIES = Sql(
    "select project, model, number, source, run_id, run_link, model_id, description, stage, created_at, updated_at, "
    "registered_by from registry_catalogue where project = ? and model = ? and number > ? order by number limit ?"
)


def insert_model(tx: Tx, row: ModelRow) -> bool:
    """Add a model; False when the name is taken."""
    times = (written(tx, row.created_at), written(tx, row.updated_at))
    return _INSERT_MODEL.row(tx, row.project, row.name, row.newest, row.description, *times) is not None


def insert_entry(tx: Tx, row: CatalogueRow) -> bool:
    """Add a version; False when the number is taken."""
    times = (written(tx, row.created_at), written(tx, row.updated_at))
    return _INSERT_ENTRY.row(tx, *row[:9], *times, row.registered_by) is not None


def raise_newest(tx: Tx, project: str, model: str, number: int) -> None:
    """See to it that the next version of a model gets a greater number than this."""
    _RAISE_NEWEST.run(tx, number, project, model, number)


def list_models(tx: Tx, project: str, *, after: str, limit: int) -> list[ModelRow]:
    """Give up to `limit` models by name."""
    return [
        ModelRow._make([*row[:4], read_instant(row[4]), read_instant(row[5])])
        for row in _MODELS.rows(tx, project, after, limit)
    ]


def list_entries(tx: Tx, project: str, model: str, *, after: int, limit: int) -> list[CatalogueRow]:
    """Give up to `limit` versions of a model by number."""
    return [
        CatalogueRow._make([*row[:9], read_instant(row[9]), read_instant(row[10]), row[11]])
        for row in _ENTRIES.rows(tx, project, model, after, limit)
    ]

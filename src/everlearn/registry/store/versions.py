"""Models, their versions, and the data sets that versions learned from."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from everlearn.core.actor import Actor
from everlearn.core.digest import Digest
from everlearn.core.json import canonical_json
from everlearn.db import Tx, insert_for
from everlearn.registry.model import DatasetUse, Lineage, Model, ModelVersion, Signature, Stage
from everlearn.registry.store.catalogue import CatalogueRow, insert_entry
from everlearn.registry.tables import aliases, dataset_uses, models, versions

Row = sa.Row[tuple[object, ...]]
MOST_USES = 1_000  # data sets of one version


def lock_model(tx: Tx, project: str, model: str) -> int | None:
    """Wait for whoever is changing this model to commit; give its newest number, or None when there is no model."""
    statement = (
        sa.update(models)
        .where(models.c.project == project, models.c.name == model)
        .values(newest=models.c.newest)
        .returning(models.c.newest)
    )
    newest: int | None = tx.execute(statement).scalar_one_or_none()
    return newest


def insert_model(tx: Tx, project: str, model: str, *, at: datetime) -> None:
    """Add a model without versions; one that is there stays as it is."""
    values = {
        "project": project,
        "name": model,
        "newest": 0,
        "description": "",
        "created_at": at,
        "updated_at": at,
    }
    tx.execute(insert_for(tx, models).values(values).on_conflict_do_nothing())


def find_model(tx: Tx, project: str, model: str) -> Model | None:
    """Find a model by its name."""
    row = tx.execute(_select_model().where(models.c.project == project, models.c.name == model)).one_or_none()
    return None if row is None else _model(row)


def list_models(tx: Tx, project: str, *, after: str | None, limit: int) -> list[Model]:
    """Give up to `limit` models by name."""
    query = _select_model().where(models.c.project == project).order_by(models.c.name).limit(limit)
    return [_model(row) for row in tx.execute(query if after is None else query.where(models.c.name > after))]


def insert_version(tx: Tx, version: ModelVersion, *, source_key: str) -> None:
    """Add a version and make it its model's newest; the model must be locked."""
    row = CatalogueRow(
        project=version.project,
        model=version.model,
        number=version.number,
        source=f"runs:/{version.run_id}/model",
        run_id=version.run_id,
        run_link="",
        model_id="",
        description="",
        stage="None",
        created_at=version.registered_at,
        updated_at=version.registered_at,
        registered_by=version.registered_by,
    )
    insert_entry(tx, row)
    tx.execute(sa.insert(versions).values(**_version_row(version), source_key=source_key))
    uses = [
        {
            "project": version.project,
            "model": version.model,
            "number": version.number,
            "position": position,
            "dataset": use.name,
            "dataset_version": use.version,
            "digest": use.digest,
        }
        for position, use in enumerate(version.lineage.datasets, 1)
    ]
    if uses:
        tx.execute(sa.insert(dataset_uses), uses)


def find_version(tx: Tx, project: str, model: str, number: int) -> ModelVersion | None:
    """Find a version by its number."""
    found = _versions(tx, _select_version(project).where(versions.c.model == model, versions.c.number == number))
    return found[0] if found else None


def find_by_source(tx: Tx, project: str, model: str, source_key: str) -> ModelVersion | None:
    """Find the version that was registered with this key."""
    query = _select_version(project).where(versions.c.model == model, versions.c.source_key == source_key)
    found = _versions(tx, query)
    return found[0] if found else None


def list_versions(tx: Tx, project: str, model: str, *, before: int | None, limit: int) -> list[ModelVersion]:
    """Give up to `limit` versions, newest first."""
    query = _select_version(project).where(versions.c.model == model)
    if before is not None:
        query = query.where(versions.c.number < before)
    return _versions(tx, query.order_by(versions.c.number.desc()).limit(limit))


def set_stage(tx: Tx, version: ModelVersion) -> None:
    """Write the stage of a version."""
    statement = sa.update(versions).where(
        versions.c.project == version.project,
        versions.c.model == version.model,
        versions.c.number == version.number,
    )
    tx.execute(statement.values(stage=version.stage))


def _select_model() -> sa.Select[tuple[object, ...]]:
    champion = sa.and_(
        aliases.c.project == models.c.project, aliases.c.model == models.c.name, aliases.c.alias == "champion"
    )
    return sa.select(
        models.c.project, models.c.name, models.c.newest, models.c.created_at, aliases.c.number.label("champion")
    ).select_from(models.outerjoin(aliases, champion))


def _model(row: Row) -> Model:
    return Model(
        project=row.project, name=row.name, newest=row.newest, champion=row.champion, created_at=row.created_at
    )


def _select_version(project: str) -> sa.Select[tuple[object, ...]]:
    columns = [column for column in versions.c if column.name != "source_key"]
    return sa.select(*columns).where(versions.c.project == project)


def _versions(tx: Tx, query: sa.Select[tuple[object, ...]]) -> list[ModelVersion]:
    rows = list(tx.execute(query))
    uses = _uses_of(tx, rows)
    return [_version(row, uses[row.model, row.number]) for row in rows]


def _uses_of(tx: Tx, rows: Sequence[Row]) -> Mapping[tuple[str, int], list[DatasetUse]]:
    found: dict[tuple[str, int], list[DatasetUse]] = defaultdict(list)
    if not rows:
        return found
    use = dataset_uses
    query = (
        sa.select(use.c.model, use.c.number, use.c.dataset, use.c.dataset_version, use.c.digest)
        .where(
            use.c.project == rows[0].project,
            sa.tuple_(use.c.model, use.c.number).in_([(row.model, row.number) for row in rows]),
        )
        .order_by(use.c.model, use.c.number, use.c.position)
        .limit(MOST_USES * len(rows))
    )
    for row in tx.execute(query):
        one = DatasetUse(name=row.dataset, version=row.dataset_version, digest=Digest(row.digest))
        found[row.model, row.number].append(one)
    return found


def _version_row(version: ModelVersion) -> dict[str, Any]:
    return {
        "project": version.project,
        "model": version.model,
        "number": version.number,
        "stage": version.stage,
        "run_id": version.run_id,
        "pipeline_run_id": version.lineage.pipeline_run_id,
        "code_digest": version.lineage.code_digest,
        "model_digest": version.model_digest,
        "flavour": version.flavour,
        "signature": canonical_json(msgspec.to_builtins(version.signature)),
        "profile_digest": version.profile_digest,
        "holdout_digest": version.holdout_digest,
        "trained_through": version.trained_through,
        "metrics": canonical_json(version.metrics),
        "registered_at": version.registered_at,
        "registered_by": version.registered_by,
    }


def _version(row: Row, uses: Sequence[DatasetUse]) -> ModelVersion:
    return ModelVersion(
        project=row.project,
        model=row.model,
        number=row.number,
        stage=Stage(row.stage),
        run_id=row.run_id,
        model_digest=Digest(row.model_digest),
        flavour=row.flavour,
        signature=msgspec.json.decode(row.signature, type=Signature),
        lineage=Lineage(
            datasets=tuple(uses),
            pipeline_run_id=row.pipeline_run_id,
            run_id=row.run_id,
            code_digest=Digest(row.code_digest),
        ),
        profile_digest=Digest(row.profile_digest),
        holdout_digest=Digest(row.holdout_digest),
        trained_through=row.trained_through,
        metrics=json.loads(row.metrics),
        registered_at=row.registered_at,
        registered_by=Actor(row.registered_by),
    )

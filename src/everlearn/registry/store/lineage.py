"""What the tables of the registry know of where versions come from. Each function takes at most some hundred ids."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from everlearn.core.lineage import (
    MOST_EDGES,
    Edge,
    Node,
    NodeKind,
    Relation,
    dataset_id,
    split_dataset,
    split_version,
    version_id,
)
from everlearn.db import Tx
from everlearn.registry.tables import aliases, catalogue, dataset_uses, versions

_REGISTERED = (catalogue.c.model, catalogue.c.number, catalogue.c.run_id, catalogue.c.model_id, catalogue.c.created_at)
_STRICT = (
    versions.c.model,
    versions.c.number,
    versions.c.code_digest,
    versions.c.pipeline_run_id,
    versions.c.registered_at,
)


def origins_of_versions(tx: Tx, project: str, ids: Sequence[str]) -> list[Edge]:
    """Tell which run or logged model versions were registered from."""
    return _registered(tx, project, _among(catalogue, ids))


def versions_of_runs(tx: Tx, project: str, run_ids: Sequence[str]) -> list[Edge]:
    """Tell which versions were registered straight from runs."""
    return _registered(tx, project, sa.and_(catalogue.c.run_id.in_(run_ids), catalogue.c.model_id == ""))


def versions_of_models(tx: Tx, project: str, model_ids: Sequence[str]) -> list[Edge]:
    """Tell which versions were registered from logged models."""
    return _registered(tx, project, catalogue.c.model_id.in_(model_ids))


def _registered(tx: Tx, project: str, condition: sa.ColumnElement[bool]) -> list[Edge]:
    query = sa.select(*_REGISTERED).where(catalogue.c.project == project, condition).limit(MOST_EDGES)
    found = []
    for row in tx.execute(query):
        if not (row.model_id or row.run_id):
            continue
        source = Node(NodeKind.LOGGED_MODEL, row.model_id) if row.model_id else Node(NodeKind.RUN, row.run_id)
        found.append(Edge(source, _version(row), Relation.REGISTERED, row.created_at))
    return found


def data_of_versions(tx: Tx, project: str, ids: Sequence[str]) -> list[Edge]:
    """Tell what versions learned from."""
    return _learned(tx, project, _among(dataset_uses, ids))


def versions_of_data(tx: Tx, project: str, ids: Sequence[str]) -> list[Edge]:
    """Tell which versions learned from data."""
    digests = sorted({split_dataset(one)[1] for one in ids} - {""})
    wanted = frozenset(ids)
    found = _learned(tx, project, dataset_uses.c.digest.in_(digests)) if digests else []
    return [edge for edge in found if edge.source.id in wanted]


def _learned(tx: Tx, project: str, condition: sa.ColumnElement[bool]) -> list[Edge]:
    use = dataset_uses.c
    same = sa.and_(versions.c.project == use.project, versions.c.model == use.model, versions.c.number == use.number)
    query = (
        sa.select(use.model, use.number, use.dataset, use.dataset_version, use.digest, versions.c.registered_at)
        .join(versions, same)
        .where(use.project == project, condition)
        .limit(MOST_EDGES)
    )
    return [
        Edge(
            Node(NodeKind.DATASET, dataset_id(row.dataset, row.digest)),
            _version(row),
            Relation.TRAINED,
            row.registered_at,
            note=f"version {row.dataset_version}",
        )
        for row in tx.execute(query)
    ]


def data_learned(tx: Tx, project: str, name: str, *, above: int, limit: int) -> list[tuple[int, str]]:
    """Give the versions of a data set above a number that any model learned from, with their digests."""
    use = dataset_uses.c
    query = sa.select(use.dataset_version, use.digest).where(
        use.project == project, use.dataset == name, use.dataset_version > above
    )
    return [
        (row.dataset_version, row.digest)
        for row in tx.execute(query.distinct().order_by(use.dataset_version).limit(limit))
    ]


def data_digested(tx: Tx, project: str, digest: str, *, limit: int) -> list[str]:
    """Give the data of this digest that any model learned from, whatever its name."""
    use = dataset_uses.c
    query = sa.select(use.dataset).where(use.project == project, use.digest == digest).distinct()
    return [dataset_id(row.dataset, digest) for row in tx.execute(query.order_by(use.dataset).limit(limit))]


def makers_of_versions(tx: Tx, project: str, ids: Sequence[str]) -> list[Edge]:
    """Tell which code and which pipeline run versions come from."""
    return _pipeline_made(tx, project, _among(versions, ids))


def versions_of_code(tx: Tx, project: str, digests: Sequence[str]) -> list[Edge]:
    """Tell which versions came from code."""
    found = _pipeline_made(tx, project, versions.c.code_digest.in_(digests))
    return [edge for edge in found if edge.source.kind is NodeKind.CODE]


def versions_of_pipeline_runs(tx: Tx, project: str, run_ids: Sequence[str]) -> list[Edge]:
    """Tell which versions pipeline runs made."""
    found = _pipeline_made(tx, project, versions.c.pipeline_run_id.in_(run_ids))
    return [edge for edge in found if edge.source.kind is NodeKind.PIPELINE_RUN]


def _pipeline_made(tx: Tx, project: str, condition: sa.ColumnElement[bool]) -> list[Edge]:
    found = []
    query = sa.select(*_STRICT).where(versions.c.project == project, condition).limit(MOST_EDGES)
    for row in tx.execute(query):
        code = Node(NodeKind.CODE, row.code_digest)
        found.append(Edge(code, _version(row), Relation.BUILT, row.registered_at))
        if row.pipeline_run_id:
            maker = Node(NodeKind.PIPELINE_RUN, row.pipeline_run_id)
            found.append(Edge(maker, _version(row), Relation.MADE, row.registered_at))
    return found


def told_versions(tx: Tx, project: str, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Give the name of versions, and their aliases and stage."""
    strict = {
        (row.model, row.number): str(row.stage)
        for row in tx.execute(
            sa.select(versions.c.model, versions.c.number, versions.c.stage).where(
                versions.c.project == project, _among(versions, ids)
            )
        )
    }
    named: dict[tuple[str, int], list[str]] = {}
    held = sa.select(aliases.c.model, aliases.c.number, aliases.c.alias)
    for row in tx.execute(held.where(aliases.c.project == project, _among(aliases, ids)).order_by(aliases.c.alias)):
        named.setdefault((row.model, row.number), []).append(f"@{row.alias}")
    query = sa.select(catalogue.c.model, catalogue.c.number, catalogue.c.stage).where(
        catalogue.c.project == project, _among(catalogue, ids)
    )
    found = {}
    for row in tx.execute(query):
        stage = strict.get((row.model, row.number), "" if row.stage == "None" else row.stage)
        words = [*named.get((row.model, row.number), ()), *([stage] if stage else [])]
        found[version_id(row.model, row.number)] = (f"{row.model} v{row.number}", " ".join(words) or "registered")
    return found


def _among(table: sa.Table, ids: Sequence[str]) -> sa.ColumnElement[bool]:
    keys = [key for one in ids if (key := split_version(one)) is not None]
    return sa.tuple_(table.c.model, table.c.number).in_(keys) if keys else sa.false()


def _version(row: Any) -> Node:
    return Node(NodeKind.VERSION, version_id(row.model, row.number))

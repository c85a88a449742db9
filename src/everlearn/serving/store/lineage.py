"""From when to when versions stood in the traffic of their models."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from everlearn.core.lineage import Edge, Node, NodeKind, Relation, split_version, version_id
from everlearn.db import Tx
from everlearn.serving.model import Phase
from everlearn.serving.tables import deployments, traffic_changes

_MOST_CHANGES = 2_000  # of one model; the oldest of more are not told


def deployments_of_versions(tx: Tx, project: str, ids: Sequence[str]) -> list[Edge]:
    """Tell in whose traffic versions stand or stood."""
    models = sorted({key[0] for one in ids if (key := split_version(one)) is not None})
    wanted = frozenset(ids)
    return [edge for edge in versions_of_deployments(tx, project, models) if edge.source.id in wanted]


def versions_of_deployments(tx: Tx, project: str, models: Sequence[str]) -> list[Edge]:
    """Tell which versions stand or stood in the traffic of models, one edge for each stretch of time."""
    found: list[Edge] = []
    open_: dict[tuple[str, int], tuple[Relation, str, datetime]] = {}
    for row in _changes(tx, project, models):
        now = dict(_roles(row))
        for key in [key for key in open_ if key[0] == row.model]:
            role = now.get(key[1])
            if role != open_[key][:2]:
                found.append(_edge(key, open_.pop(key), row.recorded_at))
        for number, (relation, note) in now.items():
            open_.setdefault((row.model, number), (relation, note, row.recorded_at))
    return found + [_edge(key, role, None) for key, role in open_.items()]


def _changes(tx: Tx, project: str, models: Sequence[str]) -> sa.CursorResult[Any]:
    change = traffic_changes.c
    newness = sa.func.row_number().over(partition_by=change.model, order_by=change.generation.desc()).label("newness")
    found = sa.select(traffic_changes, newness).where(change.project == project, change.model.in_(models)).subquery().c
    columns = (found.model, found.champion, found.candidate, found.phase, found.weight, found.recorded_at)
    query = sa.select(*columns).where(found.newness <= _MOST_CHANGES)
    return tx.execute(query.order_by(found.model, found.generation))


def _roles(row: Any) -> Iterable[tuple[int, tuple[Relation, str]]]:
    yield row.champion, (Relation.CHAMPION, "")
    if row.candidate is not None and row.phase == Phase.SHADOW:
        yield row.candidate, (Relation.SHADOW, "")
    elif row.candidate is not None:
        yield row.candidate, (Relation.CANARY, f"{row.weight * 100:g} %")


def _edge(key: tuple[str, int], role: tuple[Relation, str, datetime], ended_at: datetime | None) -> Edge:
    model, number = key
    relation, note, since = role
    source, target = Node(NodeKind.VERSION, version_id(model, number)), Node(NodeKind.DEPLOYMENT, model)
    return Edge(source, target, relation, since, ended_at, note)


def deployed_models(tx: Tx, project: str, *, after: str, limit: int) -> list[str]:
    """Give the models of a project that have traffic, by name."""
    query = sa.select(deployments.c.model).where(deployments.c.project == project, deployments.c.model > after)
    return list(tx.execute(query.order_by(deployments.c.model).limit(limit)).scalars())


def told_deployments(tx: Tx, project: str, models: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Give the name of deployments, and which versions answer now."""
    state = deployments.c
    query = sa.select(state.model, state.champion, state.candidate, state.phase, state.weight).where(
        state.project == project, state.model.in_(models)
    )
    found = {}
    for row in tx.execute(query):
        words = {Relation.SHADOW: "shadow", Relation.CANARY: "canary"}
        roles = [f"v{row.champion}"]
        roles += [f"v{number} {words[role]} {note}".strip() for number, (role, note) in _roles(row) if role in words]
        found[row.model] = (row.model, ", ".join(roles))
    return found

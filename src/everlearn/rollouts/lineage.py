"""Which rollouts tried which versions. Each function takes at most some hundred ids."""

from collections.abc import Sequence

import sqlalchemy as sa

from everlearn.core.lineage import MOST_EDGES, Edge, Node, NodeKind, Relation, split_version, version_id
from everlearn.db import Tx
from everlearn.rollouts.tables import rollouts


def rollouts_of_versions(tx: Tx, project: str, ids: Sequence[str]) -> list[Edge]:
    """Tell by which rollouts versions were tried."""
    keys = [key for one in ids if (key := split_version(one)) is not None]
    return _tried(tx, project, sa.tuple_(rollouts.c.model, rollouts.c.candidate).in_(keys)) if keys else []


def versions_of_rollouts(tx: Tx, project: str, ids: Sequence[str]) -> list[Edge]:
    """Tell which versions rollouts tried."""
    return _tried(tx, project, rollouts.c.id.in_(ids))


def _tried(tx: Tx, project: str, condition: sa.ColumnElement[bool]) -> list[Edge]:
    columns = (rollouts.c.id, rollouts.c.model, rollouts.c.candidate, rollouts.c.state, rollouts.c.recorded_at)
    return [
        Edge(
            Node(NodeKind.ROLLOUT, row.id),
            Node(NodeKind.VERSION, version_id(row.model, row.candidate)),
            Relation.ROLLED_OUT,
            row.recorded_at,
            note=row.state.replace("_", " "),
        )
        for row in tx.execute(sa.select(*columns).where(rollouts.c.project == project, condition).limit(MOST_EDGES))
    ]


def told_rollouts(tx: Tx, project: str, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Give what rollouts tried against what, and their state."""
    columns = (rollouts.c.id, rollouts.c.model, rollouts.c.candidate, rollouts.c.champion, rollouts.c.state)
    query = sa.select(*columns).where(rollouts.c.project == project, rollouts.c.id.in_(ids))
    return {
        row.id: (f"{row.model} v{row.candidate} against v{row.champion}", f"rollout, {row.state.replace('_', ' ')}")
        for row in tx.execute(query)
    }

"""Which code pipeline runs executed, and as which tracked runs. Each function takes at most some hundred ids."""

from collections.abc import Sequence

import sqlalchemy as sa

from everlearn.core.lineage import MOST_EDGES, Edge, Node, NodeKind, Relation
from everlearn.db import Tx
from everlearn.pipelines.tables import runs


def code_of_pipeline_runs(tx: Tx, project: str, run_ids: Sequence[str]) -> list[Edge]:
    """Tell which code pipeline runs executed."""
    return _built(tx, project, runs.c.id.in_(run_ids))


def pipeline_runs_of_code(tx: Tx, project: str, digests: Sequence[str]) -> list[Edge]:
    """Tell which pipeline runs executed code."""
    return _built(tx, project, runs.c.code_digest.in_(digests))


def runs_of_pipeline_runs(tx: Tx, project: str, run_ids: Sequence[str]) -> list[Edge]:
    """Tell as which tracked runs pipeline runs are known."""
    return _executed(tx, project, runs.c.id.in_(run_ids))


def pipeline_runs_of_runs(tx: Tx, project: str, run_ids: Sequence[str]) -> list[Edge]:
    """Tell which pipeline runs are behind tracked runs."""
    return _executed(tx, project, runs.c.tracking_run_id.in_(run_ids))


def _built(tx: Tx, project: str, condition: sa.ColumnElement[bool]) -> list[Edge]:
    query = sa.select(runs.c.id, runs.c.code_digest, runs.c.submitted_at).where(runs.c.project == project, condition)
    return [
        Edge(
            Node(NodeKind.CODE, row.code_digest), Node(NodeKind.PIPELINE_RUN, row.id), Relation.BUILT, row.submitted_at
        )
        for row in tx.execute(query.limit(MOST_EDGES))
    ]


def _executed(tx: Tx, project: str, condition: sa.ColumnElement[bool]) -> list[Edge]:
    query = sa.select(runs.c.id, runs.c.tracking_run_id, runs.c.started_at).where(
        runs.c.project == project, runs.c.started_at.is_not(None), condition
    )
    return [
        Edge(
            Node(NodeKind.PIPELINE_RUN, row.id),
            Node(NodeKind.RUN, row.tracking_run_id),
            Relation.EXECUTED,
            row.started_at,
        )
        for row in tx.execute(query.limit(MOST_EDGES))
    ]


def told_pipeline_runs(tx: Tx, project: str, run_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Give pipeline and state of runs."""
    query = sa.select(runs.c.id, runs.c.pipeline, runs.c.state).where(runs.c.project == project, runs.c.id.in_(run_ids))
    return {row.id: (row.pipeline, f"pipeline run, {row.state}") for row in tx.execute(query)}

"""Which decisions asked for which pipeline runs. Each function takes at most some hundred ids."""

from collections.abc import Sequence

import sqlalchemy as sa

from everlearn.core.lineage import MOST_EDGES, Edge, Node, NodeKind, Relation
from everlearn.db import Tx
from everlearn.retraining.tables import retraining_reviews as reviews


def reviews_of_pipeline_runs(tx: Tx, project: str, run_ids: Sequence[str]) -> list[Edge]:
    """Tell which decisions asked for pipeline runs."""
    return _asked(tx, project, reviews.c.pipeline_run_id.in_(run_ids))


def pipeline_runs_of_reviews(tx: Tx, project: str, decision_ids: Sequence[str]) -> list[Edge]:
    """Tell which pipeline runs decisions asked for."""
    return _asked(tx, project, reviews.c.decision_id.in_(decision_ids))


def _asked(tx: Tx, project: str, condition: sa.ColumnElement[bool]) -> list[Edge]:
    columns = (reviews.c.decision_id, reviews.c.pipeline_run_id, reviews.c.recorded_at)
    query = sa.select(*columns).where(reviews.c.project == project, reviews.c.pipeline_run_id.is_not(None), condition)
    return [
        Edge(
            Node(NodeKind.DECISION, row.decision_id),
            Node(NodeKind.PIPELINE_RUN, row.pipeline_run_id),
            Relation.DECIDED,
            row.recorded_at,
            note="retraining",
        )
        for row in tx.execute(query.limit(MOST_EDGES))
    ]

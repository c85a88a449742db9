"""How much a project has of what is traced, for whoever has to say what stays behind."""

from typing import Any

import sqlalchemy as sa

from everlearn.db import Tx
from everlearn.tracing.tables import assessments, eval_datasets, scorers, traces
from everlearn.tracking.tables import experiments


def counts(tx: Tx, project: str) -> dict[str, int]:
    """Count traces, assessments, data sets and scorers of a project, by what people call them."""
    own = sa.select(experiments.c.no).where(experiments.c.project == project)
    queries: dict[str, sa.Select[Any]] = {
        "traces": sa.select(traces.c.no).where(traces.c.project == project),
        "assessments of traces": sa.select(traces.c.no)
        .join_from(assessments, traces, assessments.c.trace_no == traces.c.no)
        .where(traces.c.project == project),
        "evaluation data sets": sa.select(eval_datasets.c.no).where(eval_datasets.c.project == project),
        "scorers": sa.select(scorers.c.no).where(scorers.c.experiment_no.in_(own)),
    }
    return {words: _count(tx, query) for words, query in queries.items()}


def _count(tx: Tx, query: sa.Select[Any]) -> int:
    counted: int = tx.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
    return counted

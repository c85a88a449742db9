"""Review rows in, values out."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from everlearn.core.decisions import Verdict
from everlearn.db import Tx, insert_for
from everlearn.retraining.model import Review
from everlearn.retraining.tables import retraining_reviews

_COLUMNS = [column for column in retraining_reviews.c if column.name != "recorded_at"]


def insert(tx: Tx, review: Review, *, at: datetime) -> bool:
    """Add a review; False when that moment has one already."""
    statement = insert_for(tx, retraining_reviews).values(**asdict(review), recorded_at=at).on_conflict_do_nothing()
    return tx.execute(statement.returning(retraining_reviews.c.decision_id)).one_or_none() is not None


def newest_first(
    tx: Tx,
    project: str,
    model: str,
    *,
    with_training_only: bool = False,
    before: datetime | None = None,
    limit: int,
) -> Sequence[Review]:
    """Give reviews, newest first; on request only those that started a training."""
    table = retraining_reviews
    query = sa.select(*_COLUMNS).where(table.c.project == project, table.c.model == model)
    if with_training_only:
        query = query.where(table.c.pipeline_run_id.is_not(None))
    if before is not None:
        query = query.where(table.c.effective_at < before)
    return [_review(row) for row in tx.execute(query.order_by(table.c.effective_at.desc()).limit(limit))]


def _review(row: Any) -> Review:
    fields = row._asdict()
    fields["verdict"] = Verdict(fields["verdict"])
    return Review(**fields)

"""Labels and watermarks."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from everlearn.db import Tx, insert_for
from everlearn.serving.model import Label
from everlearn.serving.tables import label_watermarks, labels

_IDS_A_STATEMENT = 1_000  # well under SQLite's limit of 32,766 parameters


def add_labels(tx: Tx, project: str, model: str, batch: Sequence[Label], *, at: datetime) -> set[str]:
    """Store the labels that are new and give the ids of those that were there already."""
    rows = [
        {
            "project": project,
            "model": model,
            "prediction_id": label.prediction_id,
            "value": label.value,
            "observed_at": label.observed_at,
            "recorded_at": at,
        }
        for label in batch
    ]
    statement = insert_for(tx, labels).on_conflict_do_nothing().returning(labels.c.prediction_id)
    added = set(tx.execute(statement, rows).scalars())
    return {label.prediction_id for label in batch} - added


def label_values(tx: Tx, project: str, model: str, prediction_ids: Sequence[str]) -> Mapping[str, float]:
    """Give the stored values of these labels."""
    values: dict[str, float] = {}
    for start in range(0, len(prediction_ids), _IDS_A_STATEMENT):
        chunk = prediction_ids[start : start + _IDS_A_STATEMENT]
        rows = tx.execute(
            sa.select(labels.c.prediction_id, labels.c.value)
            .where(labels.c.project == project, labels.c.model == model, labels.c.prediction_id.in_(chunk))
            .order_by(labels.c.prediction_id)
            .limit(len(chunk))
        )
        values.update((row.prediction_id, row.value) for row in rows)
    return values


def watermark_of(tx: Tx, project: str, model: str, *, is_locked: bool = False) -> datetime | None:
    """Tell through when all labels are delivered; None: nothing has been promised yet. Locked, it stays so."""
    statement = sa.select(label_watermarks.c.through).where(
        label_watermarks.c.project == project, label_watermarks.c.model == model
    )
    through: datetime | None = tx.execute(statement.with_for_update() if is_locked else statement).scalar_one_or_none()
    return through


def save_watermark(tx: Tx, project: str, model: str, through: datetime, *, at: datetime) -> None:
    """Store a watermark in place of the one before."""
    values = {"through": through, "recorded_at": at}
    statement = insert_for(tx, label_watermarks).values(project=project, model=model, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["project", "model"], set_=values))

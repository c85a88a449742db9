"""Window and alert rows in, values out."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from everlearn.db import Instant, Tx, insert_for
from everlearn.monitoring.model import Alert, Level, WindowReport
from everlearn.monitoring.tables import alerts, monitoring_windows

_WINDOW_COLUMNS = [column for column in monitoring_windows.c if column.name != "recorded_at"]


def insert_window(tx: Tx, report: WindowReport, *, at: datetime) -> bool:
    """Add a report; False when the window has one already."""
    row = insert_for(tx, monitoring_windows).values(**asdict(report), recorded_at=at).on_conflict_do_nothing()
    return tx.execute(row.returning(monitoring_windows.c.start)).one_or_none() is not None


def newest_window(tx: Tx, project: str, model: str) -> WindowReport | None:
    """Give the report of the latest window, if there is one."""
    found = windows(tx, project, model, limit=1)
    return found[0] if found else None


def windows(tx: Tx, project: str, model: str, *, before: datetime | None = None, limit: int) -> Sequence[WindowReport]:
    """Give reports, newest first, of windows that start before an instant."""
    table = monitoring_windows
    query = sa.select(*_WINDOW_COLUMNS).where(table.c.project == project, table.c.model == model)
    if before is not None:
        query = query.where(table.c.start < before)
    rows = tx.execute(query.order_by(table.c.start.desc()).limit(limit))
    return [WindowReport(**row._asdict()) for row in rows]


def count_windows(tx: Tx, project: str, model: str, *, before: datetime) -> int:
    """Count the windows that start before an instant."""
    table = monitoring_windows
    found = sa.select(sa.func.count()).where(table.c.project == project, table.c.model == model, table.c.start < before)
    return int(tx.execute(found).scalar_one())


def open_alert(tx: Tx, project: str, model: str, kind: str) -> Alert | None:
    """Give the open alert of a kind, if there is one."""
    row = tx.execute(
        sa.select(*alerts.c).where(
            alerts.c.project == project,
            alerts.c.model == model,
            alerts.c.kind == kind,
            alerts.c.resolved_at.is_(None),
        )
    ).one_or_none()
    return None if row is None else _alert(row)


def open_alerts(tx: Tx, project: str, model: str | None = None) -> Sequence[Alert]:
    """Give open alerts of a model, or of all models of a project, oldest first."""
    query = sa.select(*alerts.c).where(alerts.c.project == project, alerts.c.resolved_at.is_(None))
    if model is not None:
        query = query.where(alerts.c.model == model)
    return [_alert(row) for row in tx.execute(query.order_by(alerts.c.opened_at, alerts.c.id).limit(1_000))]


def newest_alerts(
    tx: Tx, project: str, model: str, *, before: tuple[datetime, str] | None = None, limit: int
) -> Sequence[Alert]:
    """Give alerts of a model, open or not, newest first."""
    key = sa.tuple_(alerts.c.opened_at, alerts.c.id)
    query = sa.select(*alerts.c).where(alerts.c.project == project, alerts.c.model == model)
    if before is not None:
        query = query.where(key < sa.tuple_(sa.literal(before[0], Instant), sa.literal(before[1])))
    rows = tx.execute(query.order_by(alerts.c.opened_at.desc(), alerts.c.id.desc()).limit(limit))
    return [_alert(row) for row in rows]


def save_alert(tx: Tx, alert: Alert) -> None:
    """Insert an alert or write its present state."""
    row = asdict(alert)
    statement = insert_for(tx, alerts).values(**row).on_conflict_do_update(index_elements=["id"], set_=row)
    tx.execute(statement)


def _alert(row: Any) -> Alert:
    fields = row._asdict()
    fields["level"] = Level(fields["level"])
    return Alert(**fields)

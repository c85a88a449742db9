"""Webhook rows in, values out."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from everlearn.db import Tx, insert_for
from everlearn.webhooks.model import Action, Attempt, Delivery, DeliveryState, Entity, Status, Topic, Webhook
from everlearn.webhooks.tables import attempts, deliveries, webhooks

MOST_WEBHOOKS = 1_000  # of one project
MOST_ATTEMPTS_LISTED = 1_000
_DELIVERY = tuple(column for column in deliveries.c if column.name != "payload")

Key = tuple[datetime, str]  # in the order of lists, newest first


def insert(tx: Tx, webhook: Webhook, sealed: str) -> None:
    """Add a webhook."""
    values = _values(webhook) | {"id": webhook.id, "project": webhook.project, "created_at": webhook.created_at}
    tx.execute(sa.insert(webhooks).values(values | {"secret": sealed}))


def update(tx: Tx, webhook: Webhook, sealed: str | None) -> None:
    """Write a webhook anew; `sealed` None: its secret stays."""
    values = _values(webhook) | ({} if sealed is None else {"secret": sealed})
    tx.execute(sa.update(webhooks).where(webhooks.c.id == webhook.id).values(values))


def delete(tx: Tx, webhook_id: str) -> None:
    """Remove a webhook with its deliveries."""
    mine = sa.select(deliveries.c.id).where(deliveries.c.webhook_id == webhook_id)
    tx.execute(sa.delete(attempts).where(attempts.c.delivery_id.in_(mine)))
    tx.execute(sa.delete(deliveries).where(deliveries.c.webhook_id == webhook_id))
    tx.execute(sa.delete(webhooks).where(webhooks.c.id == webhook_id))


def find(tx: Tx, project: str, webhook_id: str) -> Webhook | None:
    """Find a webhook."""
    row = tx.execute(sa.select(webhooks).filter_by(project=project, id=webhook_id)).one_or_none()
    return None if row is None else _webhook(row)


def sealed_secret(tx: Tx, webhook_id: str) -> str:
    """Give the secret as it is stored."""
    stored: str = tx.execute(sa.select(webhooks.c.secret).filter_by(id=webhook_id)).scalar_one()
    return stored


def newest_first(tx: Tx, project: str, *, before: Key | None, limit: int) -> list[Webhook]:
    """List the webhooks of a project."""
    query = sa.select(webhooks).filter_by(project=project)
    return [_webhook(row) for row in tx.execute(_page(query, webhooks, before, limit))]


def active_in(tx: Tx, project: str) -> list[Webhook]:
    """List the webhooks of a project that are told things."""
    query = sa.select(webhooks).filter_by(project=project, status="ACTIVE").order_by(webhooks.c.id)
    return [_webhook(row) for row in tx.execute(query.limit(MOST_WEBHOOKS))]


def count_in(tx: Tx, project: str) -> int:
    """Count the webhooks of a project."""
    query = sa.select(sa.func.count()).select_from(webhooks).where(webhooks.c.project == project)
    count: int = tx.execute(query).scalar_one()
    return count


def insert_delivery(tx: Tx, delivery: Delivery, payload: str) -> bool:
    """Add a delivery; False when it is there."""
    statement = insert_for(tx, deliveries).values(
        _delivery_values(delivery)
        | {
            "id": delivery.id,
            "webhook_id": delivery.webhook_id,
            "entity": delivery.topic.entity,
            "action": delivery.topic.action,
            "payload": payload,
            "created_at": delivery.created_at,
        }
    )
    return tx.execute(statement.on_conflict_do_nothing().returning(deliveries.c.id)).one_or_none() is not None


def save_delivery(tx: Tx, delivery: Delivery) -> None:
    """Write how far a delivery is."""
    tx.execute(sa.update(deliveries).where(deliveries.c.id == delivery.id).values(_delivery_values(delivery)))


def find_delivery(tx: Tx, delivery_id: str) -> tuple[Delivery, str, Webhook] | None:
    """Find a delivery with its payload and its webhook."""
    row = tx.execute(sa.select(deliveries).filter_by(id=delivery_id)).one_or_none()
    if row is None:
        return None
    of = tx.execute(sa.select(webhooks).filter_by(id=row.webhook_id)).one()
    return _delivery(row), row.payload, _webhook(of)


def lock_delivery(tx: Tx, delivery_id: str) -> Delivery | None:
    """Find a delivery and keep it until the transaction ends."""
    same = sa.update(deliveries).where(deliveries.c.id == delivery_id).values(attempts=deliveries.c.attempts)
    row = tx.execute(same.returning(*_DELIVERY)).one_or_none()
    return None if row is None else _delivery(row)


def deliveries_of(
    tx: Tx, webhook_id: str, *, state: DeliveryState | None, before: Key | None, limit: int
) -> list[Delivery]:
    """List the deliveries of a webhook, newest first."""
    query = sa.select(*_DELIVERY).filter_by(webhook_id=webhook_id)
    if state is not None:
        query = query.where(deliveries.c.state == state)
    return [_delivery(row) for row in tx.execute(_page(query, deliveries, before, limit))]


def add_attempt(tx: Tx, delivery_id: str, outcome: Attempt) -> None:
    """Add to the log of a delivery; the number is given here."""
    newest = sa.select(sa.func.coalesce(sa.func.max(attempts.c.number), 0)).filter_by(delivery_id=delivery_id)
    tx.execute(
        sa.insert(attempts).values(
            delivery_id=delivery_id,
            number=tx.execute(newest).scalar_one() + 1,
            at=outcome.at,
            status=outcome.status,
            error=outcome.error,
            latency_ms=outcome.latency_ms,
        )
    )


def attempts_of(tx: Tx, delivery_id: str) -> Sequence[Attempt]:
    """List the attempts of a delivery, oldest first."""
    query = sa.select(attempts).filter_by(delivery_id=delivery_id).order_by(attempts.c.number)
    return [
        Attempt(number=row.number, at=row.at, status=row.status, error=row.error, latency_ms=row.latency_ms)
        for row in tx.execute(query.limit(MOST_ATTEMPTS_LISTED))
    ]


def _page(query: sa.Select[Any], table: sa.Table, before: Key | None, limit: int) -> sa.Select[Any]:
    if before is not None:
        at, name = before
        older = sa.or_(table.c.created_at < at, sa.and_(table.c.created_at == at, table.c.id < name))
        query = query.where(older)
    return query.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)


def _values(webhook: Webhook) -> dict[str, Any]:
    return {
        "name": webhook.name,
        "description": webhook.description,
        "url": webhook.url,
        "topics": json.dumps([[topic.entity, topic.action] for topic in webhook.topics]),
        "status": webhook.status,
        "updated_at": webhook.updated_at,
    }


def _webhook(row: Any) -> Webhook:
    return Webhook(
        id=row.id,
        project=row.project,
        name=row.name,
        description=row.description,
        url=row.url,
        topics=tuple(Topic(Entity(entity), Action(action)) for entity, action in json.loads(row.topics)),
        status=Status(row.status),
        has_secret=row.secret != "",
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _delivery_values(delivery: Delivery) -> dict[str, Any]:
    return {
        "state": delivery.state,
        "attempts": delivery.attempts,
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "next_at": delivery.next_at,
        "finished_at": delivery.finished_at,
    }


def _delivery(row: Any) -> Delivery:
    return Delivery(
        id=row.id,
        webhook_id=row.webhook_id,
        topic=Topic(Entity(row.entity), Action(row.action)),
        state=DeliveryState(row.state),
        attempts=row.attempts,
        last_status=row.last_status,
        last_error=row.last_error,
        next_at=row.next_at,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )

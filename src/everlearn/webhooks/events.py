"""Facts about webhooks. Addresses may carry secrets in their path: only the host is told, the rest is in the table."""

from dataclasses import dataclass
from typing import ClassVar

from everlearn.eventlog import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCreated(Event):
    """Somebody is told of things from now on."""

    name: ClassVar[str] = "webhooks.created"
    revision: ClassVar[int] = 1

    project: str
    webhook_id: str
    webhook_name: str
    host: str
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChanged(Event):
    """A webhook was changed."""

    name: ClassVar[str] = "webhooks.changed"
    revision: ClassVar[int] = 1

    project: str
    webhook_id: str
    fields: tuple[str, ...]
    host: str
    status: str
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDeleted(Event):
    """Nobody is told any more."""

    name: ClassVar[str] = "webhooks.deleted"
    revision: ClassVar[int] = 1

    project: str
    webhook_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDied(Event):
    """Nobody took a delivery, and no attempt will follow by itself."""

    name: ClassVar[str] = "webhooks.delivery_died"
    revision: ClassVar[int] = 1

    project: str
    webhook_id: str
    delivery_id: str
    topic: str
    attempts: int
    status: int | None
    error: str


EVENTS: tuple[type[Event], ...] = (WebhookCreated, WebhookChanged, WebhookDeleted, DeliveryDied)

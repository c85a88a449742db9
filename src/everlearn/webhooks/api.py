"""Webhooks and their deliveries over JSON; clients of MLflow's protocol make them at its own addresses, too."""

from typing import Annotated

import msgspec
from litestar import delete, get, patch, post

from everlearn.access import Role
from everlearn.core.actor import Actor
from everlearn.core.page import Page
from everlearn.web import FromPath, FromQuery, JSONBody, Service, needs
from everlearn.webhooks.delivering import Deliveries
from everlearn.webhooks.model import Attempt, Delivery, DeliveryState, Status, Topic, Webhook
from everlearn.webhooks.service import Changes, NewWebhook, Webhooks

_MANAGE = [needs(Role.OPERATOR)]  # looking, too: addresses may carry a secret in their path
_WEBHOOKS = "/api/projects/{project:str}/webhooks"
_ONE = f"{_WEBHOOKS}/{{webhook_id:str}}"
_DELIVERY = "/api/projects/{project:str}/webhook-deliveries/{delivery_id:str}"

Text = Annotated[str, msgspec.Meta(max_length=2_000)]


class WebhookBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A webhook to be made."""

    name: Text
    url: Text
    topics: tuple[Topic, ...]
    description: Text = ""
    secret: Text = ""
    status: Status = Status.ACTIVE


class WebhookPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shall be otherwise; what is left out stays."""

    name: Text | None = None
    url: Text | None = None
    topics: tuple[Topic, ...] | None = None
    description: Text | None = None
    secret: Text | None = None
    status: Status | None = None


@get(_WEBHOOKS, guards=_MANAGE, sync_to_thread=True)
def list_webhooks(
    project: FromPath[str],
    webhooks: Service[Webhooks],
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[Webhook]:
    """List webhooks, newest first; their secrets are never shown."""
    return webhooks.list(project, after=after, limit=limit)


@post(_WEBHOOKS, guards=_MANAGE, sync_to_thread=True)
def create_webhook(
    project: FromPath[str], data: JSONBody[WebhookBody], webhooks: Service[Webhooks], actor: Service[Actor]
) -> Webhook:
    """Tell an address of things from now on."""
    return webhooks.create(project, NewWebhook(**msgspec.structs.asdict(data)), actor=actor)


@patch(_ONE, guards=_MANAGE, sync_to_thread=True)
def change_webhook(
    project: FromPath[str],
    webhook_id: FromPath[str],
    data: JSONBody[WebhookPatch],
    webhooks: Service[Webhooks],
    actor: Service[Actor],
) -> Webhook:
    """Change a webhook."""
    return webhooks.change(project, webhook_id, Changes(**msgspec.structs.asdict(data)), actor=actor)


@delete(_ONE, guards=_MANAGE, sync_to_thread=True)
def delete_webhook(
    project: FromPath[str], webhook_id: FromPath[str], webhooks: Service[Webhooks], actor: Service[Actor]
) -> None:
    """Remove a webhook with its deliveries."""
    webhooks.delete(project, webhook_id, actor=actor)


@get(f"{_ONE}/deliveries", guards=_MANAGE, sync_to_thread=True)
def list_deliveries(  # one of them is the service
    project: FromPath[str],
    webhook_id: FromPath[str],
    deliveries: Service[Deliveries],
    only: FromQuery[DeliveryState | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[Delivery]:
    """List deliveries, newest first; `only=dead` are those that nobody took."""
    return deliveries.list(project, webhook_id, state=only, after=after, limit=limit)


@get(f"{_DELIVERY}/attempts", guards=_MANAGE, sync_to_thread=True)
def list_attempts(project: FromPath[str], delivery_id: FromPath[str], deliveries: Service[Deliveries]) -> Page[Attempt]:
    """List every attempt at a delivery, oldest first."""
    return Page(items=deliveries.attempts(project, delivery_id), next=None)


@post(f"{_DELIVERY}/again", guards=_MANAGE, status_code=200, sync_to_thread=True)
def send_again(project: FromPath[str], delivery_id: FromPath[str], deliveries: Service[Deliveries]) -> Delivery:
    """Send a delivery again under its own id, with a fresh set of attempts."""
    return deliveries.again(project, delivery_id)


HANDLERS = (
    list_webhooks,
    create_webhook,
    change_webhook,
    delete_webhook,
    list_deliveries,
    list_attempts,
    send_again,
)

"""Webhooks over the protocol. Operators manage them: data leaves here, and addresses may carry secrets."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from everlearn.access import Role
from everlearn.egress.destination import AddressRefusedError
from everlearn.web.mlflow import Call, Empty, Route, operation
from everlearn.web.mlflow.errors import ProtocolError
from everlearn.webhooks.mlflow import messages as m
from everlearn.webhooks.model import Action, Entity, Status, Topic, Webhook
from everlearn.webhooks.service import Changes, NewWebhook, Webhooks

MOST_LISTED = 1_000
SHOWN_OF_ANSWER = 4_000  # characters of what a receiver answered to a test
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class WebhookDoor:
    """What the routes do."""

    webhooks: Webhooks

    def create(self, call: Call, asked: m.CreateWebhook) -> m.OneWebhook:
        """Make a webhook."""
        new = NewWebhook(
            name=asked.name or "",
            url=asked.url or "",
            topics=_topics(asked.events or ()),
            description=asked.description or "",
            secret=asked.secret or "",
            status=Status.ACTIVE if asked.status is None else _status(asked.status),
        )
        with _worded():
            return m.OneWebhook(webhook_out(self.webhooks.create(call.project, new, actor=call.actor)))

    def get(self, call: Call, asked: m.WebhookById) -> m.OneWebhook:
        """Give one webhook."""
        return m.OneWebhook(webhook_out(self.webhooks.get(call.project, asked.webhook_id or "")))

    def list(self, call: Call, asked: m.ListWebhooks) -> m.Webhooks:
        """List webhooks, newest first."""
        size = asked.max_results or 100
        if not 1 <= size <= MOST_LISTED:
            raise ProtocolError("max_results must be between 1 and 1000.")
        page = self.webhooks.list(call.project, after=asked.page_token or None, limit=size)
        return m.Webhooks([webhook_out(one) for one in page.items], page.next)

    def update(self, call: Call, asked: m.UpdateWebhook) -> m.OneWebhook:
        """Change a webhook."""
        changes = Changes(
            name=asked.name or None,
            url=asked.url or None,
            topics=_topics(asked.events) if asked.events else None,
            description=asked.description,
            secret=asked.secret,
            status=None if asked.status is None else _status(asked.status),
        )
        with _worded():
            changed = self.webhooks.change(call.project, asked.webhook_id or "", changes, actor=call.actor)
        return m.OneWebhook(webhook_out(changed))

    def delete(self, call: Call, asked: m.WebhookById) -> Empty:
        """Remove a webhook."""
        self.webhooks.delete(call.project, asked.webhook_id or "", actor=call.actor)
        return Empty()

    async def test(self, call: Call, asked: m.TestWebhook) -> m.Tested:
        """Send an example and tell what came back; it waits in the event loop, not in a thread of the readers'."""
        topic = None if asked.event is None else _topics([asked.event])[0]
        webhook = await asyncio.to_thread(self.webhooks.get, call.project, asked.webhook_id or "")
        secret = await asyncio.to_thread(self.webhooks.secret, webhook.id)
        trial = await self.webhooks.test(webhook, secret, topic)
        if trial.reply is None:
            return m.Tested(m.TestResult(success=False, error_message=trial.error))
        said = trial.reply.body.decode(errors="replace")[:SHOWN_OF_ANSWER].replace("\x00", "")
        status = trial.reply.status
        return m.Tested(m.TestResult(success=200 <= status < 300, response_status=status, response_body=said))


def webhook_routes(webhooks: Webhooks) -> tuple[Route, ...]:
    """List the routes."""
    door, base, may = WebhookDoor(webhooks), "/mlflow/webhooks", Role.OPERATOR
    one = f"{base}/{{webhook_id}}"
    return (
        operation("POST", base, may, door.create, m.CreateWebhook, "name url events"),
        operation("GET", base, may, door.list, m.ListWebhooks),
        operation("GET", one, may, door.get, m.WebhookById),
        operation("PATCH", one, may, door.update, m.UpdateWebhook),
        operation("DELETE", one, may, door.delete, m.WebhookById),
        operation("POST", f"{one}/test", may, door.test, m.TestWebhook),
    )


def webhook_out(webhook: Webhook) -> m.WebhookOut:
    """Write a webhook."""
    return m.WebhookOut(
        webhook_id=webhook.id,
        name=webhook.name,
        url=webhook.url,
        events=[m.EventOut(one.entity.name, one.action.name) for one in webhook.topics],
        status=webhook.status,
        creation_timestamp=_milliseconds(webhook.created_at),
        last_updated_timestamp=_milliseconds(webhook.updated_at),
        description=webhook.description or None,
    )


@contextmanager
def _worded() -> Iterator[None]:
    """Word an address that is refused as the reference does; clients match on it."""
    try:
        yield
    except AddressRefusedError as error:
        said = error.message.replace("the URL", "Webhook URL").replace("Invalid URL", "Invalid webhook URL")
        raise ProtocolError(said) from error


def _topics(events: Sequence[m.Event]) -> tuple[Topic, ...]:
    return tuple(Topic(_member(Entity, one.entity), _member(Action, one.action)) for one in events)


def _status(given: str | int) -> Status:
    return _member(Status, given)


def _member(of: type[E], given: str | int | None) -> E:
    """Read an enum by its name or its number, which counts from 1."""
    members = list(of)
    text = str(given)
    if text.isascii() and text.isdecimal() and 0 < int(text[:9]) <= len(members):
        return members[int(text) - 1]
    found = next((one for one in members if one.name == text.upper()), None)
    if found is None:
        names = ", ".join(one.name for one in members)
        raise ProtocolError(f"Invalid value {text[:80]!r} for a webhook's {of.__name__.lower()}; it is one of {names}.")
    return found


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)

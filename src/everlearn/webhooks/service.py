"""The use cases of webhooks: made, changed, removed, tried. Each change commits with its event."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import uuid4

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock, iso, parse_instant
from everlearn.core.errors import EverlearnError, InvalidError
from everlearn.core.page import Page, checked_limit, page_of
from everlearn.db import Database, Tx
from everlearn.egress import Egress, Reply, parsed_destination
from everlearn.eventlog import EventLog
from everlearn.webhooks import store
from everlearn.webhooks.events import WebhookChanged, WebhookCreated, WebhookDeleted
from everlearn.webhooks.model import (
    LONGEST_DESCRIPTION,
    LONGEST_SECRET,
    BadWebhookError,
    Status,
    Topic,
    Webhook,
    WebhookNotFoundError,
    checked_name,
    checked_topics,
)
from everlearn.webhooks.payloads import envelope, example
from everlearn.webhooks.secrets import Seal
from everlearn.webhooks.signing import headers_of


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWebhook:
    """A webhook to be."""

    name: str
    url: str
    topics: tuple[Topic, ...]
    description: str = ""
    secret: str = ""  # empty: deliveries are not signed
    status: Status = Status.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What of a webhook shall be otherwise; None: as it is."""

    name: str | None = None
    url: str | None = None
    topics: tuple[Topic, ...] | None = None
    description: str | None = None
    secret: str | None = None  # empty: none any more
    status: Status | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of a test."""

    reply: Reply | None
    error: str  # empty: there was a reply


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Who is told."""

    db: Database
    log: EventLog
    clock: Clock
    egress: Egress
    seal: Seal

    def create(self, project: str, new: NewWebhook, *, actor: Actor) -> Webhook:
        """Tell somebody of things from now on.

        Raises
        ------
        AddressRefusedError
            When the address is malformed or leads into a network that is not public.
        BadWebhookError
            When its name or events cannot be.
        """
        _check_texts(new.description, new.secret)
        host = self.egress.check(new.url).host
        now = self.clock.now()
        webhook = Webhook(
            id=str(uuid4()),
            project=project,
            name=checked_name(new.name),
            description=new.description,
            url=new.url,
            topics=checked_topics(new.topics),
            status=new.status,
            has_secret=bool(new.secret),
            created_at=now,
            updated_at=now,
        )
        sealed = self.seal.sealed(new.secret)
        with self.db.write() as tx:
            if store.count_in(tx, project) >= store.MOST_WEBHOOKS:
                raise BadWebhookError(f"a project has at most {store.MOST_WEBHOOKS} webhooks")
            store.insert(tx, webhook, sealed)
            event = WebhookCreated(
                project=project,
                webhook_id=webhook.id,
                webhook_name=webhook.name,
                host=host,
                topics=tuple(map(str, webhook.topics)),
            )
            self.log.append(tx, event, actor=actor, subject=_subject(webhook))
        return webhook

    def get(self, project: str, webhook_id: str) -> Webhook:
        """Give one webhook."""
        with self.db.read() as tx:
            return _known(tx, project, webhook_id)

    def list(self, project: str, *, after: str | None = None, limit: int = 100) -> Page[Webhook]:
        """List webhooks, newest first."""
        size = checked_limit(limit)
        with self.db.read() as tx:
            rows = store.newest_first(tx, project, before=None if after is None else key_of(after), limit=size + 1)
        return page_of(rows, limit=size, key=lambda one: f"{iso(one.created_at)},{one.id}")

    def change(self, project: str, webhook_id: str, changes: Changes, *, actor: Actor) -> Webhook:
        """Change a webhook; deliveries that are on their way go to where it points when they go."""
        _check_texts(changes.description or "", changes.secret or "")
        if changes.url is not None:
            self.egress.check(changes.url)
        sealed = None if changes.secret is None else self.seal.sealed(changes.secret)
        with self.db.write() as tx:
            before = _known(tx, project, webhook_id)
            after = replace(
                before,
                name=before.name if changes.name is None else checked_name(changes.name),
                url=before.url if changes.url is None else changes.url,
                topics=before.topics if changes.topics is None else checked_topics(changes.topics),
                description=before.description if changes.description is None else changes.description,
                status=before.status if changes.status is None else changes.status,
                has_secret=before.has_secret if sealed is None else sealed != "",
                updated_at=max(self.clock.now(), before.updated_at + timedelta(milliseconds=1)),
            )
            store.update(tx, after, sealed)
            self.log.append(tx, _changed(before, after, sealed), actor=actor, subject=_subject(after))
        return after

    def delete(self, project: str, webhook_id: str, *, actor: Actor) -> None:
        """Remove a webhook with its deliveries, also those that are on their way."""
        with self.db.write() as tx:
            webhook = _known(tx, project, webhook_id)
            store.delete(tx, webhook_id)
            event = WebhookDeleted(project=project, webhook_id=webhook_id)
            self.log.append(tx, event, actor=actor, subject=_subject(webhook))

    def secret(self, webhook_id: str) -> str:
        """Open a webhook's secret, to sign with it."""
        with self.db.read() as tx:
            stored = store.sealed_secret(tx, webhook_id)
        return self.seal.opened(stored)

    async def test(self, webhook: Webhook, secret: str, topic: Topic | None = None) -> Trial:
        """Send an example (None: of the first thing that the webhook wants to know), once, and tell what came back."""
        (chosen,) = checked_topics((topic or webhook.topics[0],))
        now = self.clock.now()
        payload = envelope(chosen, example(chosen), at=now)
        headers = headers_of(str(uuid4()), payload, secret, at=now)
        try:
            reply = await self.egress.post(webhook.url, payload.encode(), headers)
        except EverlearnError as error:
            return Trial(reply=None, error=f"Failed to test webhook: {error.message}")
        return Trial(reply=reply, error="")


def key_of(after: str) -> store.Key:
    """Read the key of a page."""
    at, _, name = after.partition(",")
    try:
        return parse_instant(at), name
    except InvalidError as error:
        raise InvalidError("not a key to continue after; take `next` from the page before") from error


def _changed(before: Webhook, after: Webhook, sealed: str | None) -> WebhookChanged:
    names = ("name", "url", "topics", "description", "status")
    fields = [name for name in names if getattr(before, name) != getattr(after, name)]
    return WebhookChanged(
        project=after.project,
        webhook_id=after.id,
        fields=tuple(fields + ([] if sealed is None else ["secret"])),
        host=parsed_destination(after.url).host,
        status=after.status,
        topics=tuple(map(str, after.topics)),
    )


def _known(tx: Tx, project: str, webhook_id: str) -> Webhook:
    found = store.find(tx, project, webhook_id)
    if found is None:
        raise WebhookNotFoundError(f"Webhook with ID {webhook_id[:80]} not found.")
    return found


def _subject(webhook: Webhook) -> str:
    return f"webhook:{webhook.project}/{webhook.id}"


def _check_texts(description: str, secret: str) -> None:
    if len(description) > LONGEST_DESCRIPTION or len(secret) > LONGEST_SECRET:
        raise BadWebhookError(
            f"a description has at most {LONGEST_DESCRIPTION} characters, a secret at most {LONGEST_SECRET}"
        )

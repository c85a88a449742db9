"""Sending deliveries, writing down what came of each attempt, and sending again what nobody took."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from everlearn.core.actor import system
from everlearn.core.clock import iso
from everlearn.core.errors import DamagedError, UnavailableError
from everlearn.core.page import Page, checked_limit, page_of
from everlearn.db import Tx
from everlearn.egress import AddressRefusedError
from everlearn.jobs import JobContext, JobQueue
from everlearn.webhooks import store
from everlearn.webhooks.events import DeliveryDied
from everlearn.webhooks.model import (
    LONGEST_ERROR,
    Attempt,
    Delivery,
    DeliveryNotFoundError,
    DeliveryState,
    Outcome,
    Status,
    Webhook,
)
from everlearn.webhooks.service import Webhooks, key_of
from everlearn.webhooks.signing import headers_of
from everlearn.webhooks.subscription import enqueue

ACTOR = system("webhooks")


@dataclass(frozen=True, slots=True)
class Deliveries:
    """What is on its way, what arrived, and what did not."""

    webhooks: Webhooks
    queue: JobQueue

    def attempt(self, delivery_id: str, context: JobContext) -> None:
        """Send a delivery once. Result, plan for the next attempt and the end of the job commit together.

        A process killed after sending and before that sends again under the same delivery id: at least once.
        """
        with self.webhooks.db.read() as tx:
            found = store.find_delivery(tx, delivery_id)
        if found is None or found[0].state is not DeliveryState.PENDING:
            return
        delivery, payload, webhook = found
        at = self.webhooks.clock.now()
        outcome = self._sent(webhook, delivery, payload, at=at)
        with self.webhooks.db.write() as tx:
            before = store.lock_delivery(tx, delivery_id)
            if before is not None and before.state is DeliveryState.PENDING:
                self._note(tx, webhook, before, outcome, at=at)
            context.finish(tx)

    def list(
        self,
        project: str,
        webhook_id: str,
        *,
        state: DeliveryState | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Delivery]:
        """List the deliveries of a webhook, newest first."""
        self.webhooks.get(project, webhook_id)
        size, before = checked_limit(limit), None if after is None else key_of(after)
        with self.webhooks.db.read() as tx:
            rows = store.deliveries_of(tx, webhook_id, state=state, before=before, limit=size + 1)
        return page_of(rows, limit=size, key=lambda one: f"{iso(one.created_at)},{one.id}")

    def attempts(self, project: str, delivery_id: str) -> Sequence[Attempt]:
        """List every attempt at a delivery, oldest first."""
        with self.webhooks.db.read() as tx:
            _known(tx, project, delivery_id)
            return store.attempts_of(tx, delivery_id)

    def again(self, project: str, delivery_id: str) -> Delivery:
        """Send a delivery again, under its own id, with a fresh set of attempts.

        Raises
        ------
        DeliveryPendingError
            When it is on its way by itself.
        """
        with self.webhooks.db.write() as tx:
            _known(tx, project, delivery_id)
            held = store.lock_delivery(tx, delivery_id)
            if held is None:
                raise _not_found(delivery_id)
            delivery = held.again(self.webhooks.clock.now())
            store.save_delivery(tx, delivery)
            enqueue(tx, self.queue, delivery)
        return delivery

    def _sent(self, webhook: Webhook, delivery: Delivery, payload: str, *, at: datetime) -> Outcome:
        if webhook.status is Status.DISABLED:
            return Outcome(error="the webhook is disabled; enable it and send this again", is_final=True)
        try:
            headers = headers_of(delivery.id, payload, self.webhooks.secret(webhook.id), at=at)
            reply = asyncio.run(self.webhooks.egress.post(webhook.url, payload.encode(), headers))
        except (AddressRefusedError, DamagedError) as error:
            return Outcome(error=error.message[:LONGEST_ERROR], is_final=True)
        except UnavailableError as error:
            return Outcome(error=error.message[:LONGEST_ERROR], latency_ms=_milliseconds(self, at))
        return Outcome(
            status=reply.status,
            error="" if reply.status < 300 else f"answered {reply.status}",
            latency_ms=round(reply.seconds * 1_000),
            retry_after_s=retry_after(reply.retry_after, now=at),
        )

    def _note(self, tx: Tx, webhook: Webhook, before: Delivery, outcome: Outcome, *, at: datetime) -> None:
        after = before.after(outcome, now=self.webhooks.clock.now(), jitter=self.queue.jitter())
        line = Attempt(number=0, at=at, status=outcome.status, error=outcome.error, latency_ms=outcome.latency_ms)
        store.add_attempt(tx, before.id, line)
        store.save_delivery(tx, after)
        if after.state is DeliveryState.PENDING:
            enqueue(tx, self.queue, after)
        elif after.state is DeliveryState.DEAD:
            died = DeliveryDied(
                project=webhook.project,
                webhook_id=webhook.id,
                delivery_id=after.id,
                topic=str(after.topic),
                attempts=after.attempts,
                status=after.last_status,
                error=after.last_error,
            )
            self.webhooks.log.append(tx, died, actor=ACTOR, subject=f"webhook:{webhook.project}/{webhook.id}")


def retry_after(said: str | None, *, now: datetime) -> float:
    """Read how long a receiver asks to wait, in seconds: a number or a date; what is neither asks for nothing."""
    if said is None:
        return 0.0
    if said.strip().isascii() and said.strip().isdigit():
        return float(said.strip()[:9])
    try:
        return max(0.0, (parsedate_to_datetime(said) - now).total_seconds())
    except (ValueError, TypeError):  # no date, or one without a zone
        return 0.0


def _milliseconds(deliveries: Deliveries, since: datetime) -> int:
    return round((deliveries.webhooks.clock.now() - since).total_seconds() * 1_000)


def _known(tx: Tx, project: str, delivery_id: str) -> None:
    found = store.find_delivery(tx, delivery_id)
    if found is None or found[2].project != project:
        raise _not_found(delivery_id)


def _not_found(delivery_id: str) -> DeliveryNotFoundError:
    return DeliveryNotFoundError(f"there is no delivery {delivery_id[:80]!r}; list those of the webhook")

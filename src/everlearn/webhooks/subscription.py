"""How deliveries come to be: the log's subscription makes them, in the transaction in which it moves on."""

from collections.abc import Mapping

from everlearn.core.clock import Clock
from everlearn.core.ids import derived_id
from everlearn.db import Tx
from everlearn.eventlog import Entry, Subscription
from everlearn.jobs import JobOptions, JobQueue
from everlearn.registry.store.catalogue import PROMPT_TAG, model_tags
from everlearn.webhooks import store
from everlearn.webhooks.model import Delivery, DeliveryState, Webhook
from everlearn.webhooks.payloads import TOLD, envelope, told_of

JOB = "webhooks.deliver"


def subscription_of(queue: JobQueue, clock: Clock) -> Subscription:
    """Make the subscription: one delivery, and one job, for each webhook that wants to know of an event."""

    def announce(tx: Tx, entry: Entry) -> None:
        for webhook in _listening(tx, entry):
            told = told_of(entry.event, is_prompt=_is_prompt(tx, entry))
            if told is None or told[0] not in webhook.topics:
                continue
            delivery = Delivery(
                id=derived_id("whd", webhook.id, entry.id),
                webhook_id=webhook.id,
                topic=told[0],
                state=DeliveryState.PENDING,
                attempts=0,
                last_status=None,
                last_error="",
                next_at=clock.now(),
                created_at=clock.now(),
                finished_at=None,
            )
            if store.insert_delivery(tx, delivery, envelope(*told, at=entry.at)):
                enqueue(tx, queue, delivery, entry)

    return Subscription("webhooks", dict.fromkeys(TOLD, announce))


def enqueue(tx: Tx, queue: JobQueue, delivery: Delivery, entry: Entry | None = None) -> None:
    """Plan the next attempt of a delivery. Retries are planned one by one: `max_attempts` of a job counts defects."""
    options = JobOptions(run_at=delivery.next_at)
    cause = None if entry is None else entry.as_cause()
    queue.enqueue(tx, JOB, {"delivery_id": delivery.id}, options=options, cause=cause)


def _listening(tx: Tx, entry: Entry) -> list[Webhook]:
    """Give the active webhooks of the event's project that were there when it happened."""
    project: str = getattr(entry.event, "project", "")
    return [one for one in store.active_in(tx, project) if one.created_at <= entry.at]


def _is_prompt(tx: Tx, entry: Entry) -> bool:
    """Tell whether the event's model is a prompt: prompts are models with a tag."""
    project, model = getattr(entry.event, "project", ""), getattr(entry.event, "model", "")
    own: Mapping[str, str] = getattr(entry.event, "tags", {})
    tags = model_tags(tx, project, [model]).get(model, {})
    return "true" in {own.get(PROMPT_TAG, "").lower(), tags.get(PROMPT_TAG, "").lower()}

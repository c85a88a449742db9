"""Webhooks, what they want to know, and how their deliveries go."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from everlearn.core.errors import ConflictError, DamagedError, InvalidError, NotFoundError

MOST_ATTEMPTS = 10
MOST_TOPICS = 50
LONGEST_DESCRIPTION = 1_000
LONGEST_SECRET = 1_000
LONGEST_ERROR = 500
_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?", re.IGNORECASE)
_WAITS_S = (5, 30, 120, 600, 1_800, 3_600, 10_800, 21_600, 43_200)  # after the first attempt, the second, ...
_LONGEST_WAIT_S = 86_400.0


class Entity(StrEnum):
    """What something happens to, in the protocol's words."""

    REGISTERED_MODEL = "registered_model"
    MODEL_VERSION = "model_version"
    MODEL_VERSION_TAG = "model_version_tag"
    MODEL_VERSION_ALIAS = "model_version_alias"
    PROMPT = "prompt"
    PROMPT_VERSION = "prompt_version"
    PROMPT_TAG = "prompt_tag"
    PROMPT_VERSION_TAG = "prompt_version_tag"
    PROMPT_ALIAS = "prompt_alias"
    BUDGET_POLICY = "budget_policy"


class Action(StrEnum):
    """What happens."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    SET = "set"
    EXCEEDED = "exceeded"


_MADE, _TAGGED, _NAMED = (Action.CREATED,), (Action.SET, Action.DELETED), (Action.CREATED, Action.DELETED)
ACTIONS: dict[Entity, tuple[Action, ...]] = {
    Entity.REGISTERED_MODEL: _MADE,
    Entity.MODEL_VERSION: _MADE,
    Entity.MODEL_VERSION_TAG: _TAGGED,
    Entity.MODEL_VERSION_ALIAS: _NAMED,
    Entity.PROMPT: _MADE,
    Entity.PROMPT_VERSION: _MADE,
    Entity.PROMPT_TAG: _TAGGED,
    Entity.PROMPT_VERSION_TAG: _TAGGED,
    Entity.PROMPT_ALIAS: _NAMED,
    Entity.BUDGET_POLICY: (Action.EXCEEDED,),  # accepted, as clients may send it; this server has no budgets
}


class Status(StrEnum):
    """Whether a webhook is told anything."""

    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


class DeliveryState(StrEnum):
    """How far a delivery is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"  # kept until somebody sends it again


class WebhookNotFoundError(NotFoundError):
    """The project has no webhook of this id."""

    code = "webhooks.not_found"


class DeliveryNotFoundError(NotFoundError):
    """The webhook has no delivery of this id."""

    code = "webhooks.delivery_not_found"


class DeliveryPendingError(ConflictError):
    """The delivery is still on its way by itself."""

    code = "webhooks.delivery_pending"


class BadWebhookError(InvalidError):
    """A webhook that could not work."""

    code = "webhooks.bad_webhook"


class SecretLostError(DamagedError):
    """A webhook's secret cannot be read with the key that is here."""

    code = "webhooks.secret_lost"


@dataclass(frozen=True, slots=True, order=True)
class Topic:
    """What a webhook wants to know."""

    entity: Entity
    action: Action

    def __str__(self) -> str:
        """Write it as people do: `model_version.created`."""
        return f"{self.entity}.{self.action}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Somebody who is told. The secret is not here: it is written, never read back."""

    id: str
    project: str
    name: str
    description: str
    url: str
    topics: tuple[Topic, ...]
    status: Status
    has_secret: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event for one webhook."""

    id: str  # the receiver sees it, the same with each attempt
    webhook_id: str
    topic: Topic
    state: DeliveryState
    attempts: int
    last_status: int | None  # HTTP; None: nobody answered yet
    last_error: str  # empty: none
    next_at: datetime | None  # of the next attempt; None: there is none
    created_at: datetime
    finished_at: datetime | None

    def after(self, outcome: "Outcome", *, now: datetime, jitter: float) -> "Delivery":
        """Give the delivery after an attempt; `jitter` is in [0, 1)."""
        tried = replace(
            self, attempts=self.attempts + 1, last_status=outcome.status, last_error=outcome.error, next_at=None
        )
        if outcome.is_taken:
            return replace(tried, state=DeliveryState.DELIVERED, finished_at=now)
        if not outcome.may_be_retried or tried.attempts >= MOST_ATTEMPTS:
            return replace(tried, state=DeliveryState.DEAD, finished_at=now)
        return replace(tried, next_at=now + timedelta(seconds=wait_s(tried.attempts, outcome.retry_after_s, jitter)))

    def again(self, now: datetime) -> "Delivery":
        """Give the delivery with a fresh set of attempts, beginning now; its log of attempts stays."""
        if self.state is DeliveryState.PENDING:
            raise DeliveryPendingError(f"delivery {self.id} is pending; it is tried again by itself", delivery=self.id)
        return replace(self, state=DeliveryState.PENDING, attempts=0, next_at=now, finished_at=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one attempt."""

    status: int | None = None  # None: no answer
    error: str = ""
    latency_ms: int = 0
    retry_after_s: float = 0.0  # as the receiver asks
    is_final: bool = False  # nothing was sent, and nothing would be another time

    @property
    def is_taken(self) -> bool:
        """Tell whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def may_be_retried(self) -> bool:
        """Tell whether another attempt could help: no answer, too busy, too early, or broken at the other end."""
        if self.is_final:
            return False
        return self.status is None or self.status in {408, 425, 429} or self.status >= 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One line in the log of a delivery."""

    number: int
    at: datetime
    status: int | None
    error: str
    latency_ms: int


def wait_s(attempts: int, retry_after_s: float, jitter: float) -> float:
    """Give the wait after so many attempts in seconds: what the schedule says, or the receiver, give or take a fifth.

    `jitter` in [0, 1) spreads deliveries that failed together; a receiver's own wish is never undercut.
    """
    scheduled = _WAITS_S[min(attempts, len(_WAITS_S)) - 1] * (0.8 + 0.4 * jitter)
    return min(max(scheduled, retry_after_s), _LONGEST_WAIT_S)


def checked_name(name: str) -> str:
    """Give a webhook's name back if it is one."""
    if not _NAME.fullmatch(name):
        raise BadWebhookError(
            f"Webhook name {name[:80]!r} is invalid. It must start and end with a letter or digit, be less than 63 "
            "characters long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-)."
        )
    return name


def checked_topics(topics: tuple[Topic, ...]) -> tuple[Topic, ...]:
    """Give topics back if they are some, and each is one that there is; what is named twice counts once."""
    if not topics:
        raise BadWebhookError("Webhook events must be a non-empty list of events.")
    if len(topics) > MOST_TOPICS:
        raise BadWebhookError(f"a webhook has at most {MOST_TOPICS} events")
    for topic in topics:
        if topic.action not in ACTIONS[topic.entity]:
            allowed = sorted(str(action) for action in ACTIONS[topic.entity])
            raise BadWebhookError(
                f"Invalid action '{topic.action}' for entity '{topic.entity}'. Valid actions are: {allowed}"
            )
    return tuple(dict.fromkeys(topics))

"""The requests and answers of the protocol's webhooks."""

import msgspec

from everlearn.web.mlflow.wire import Int64, Request


class Event(Request):
    """What a webhook wants to know; names or numbers."""

    entity: str | int | None = None
    action: str | int | None = None


class CreateWebhook(Request):
    """A new webhook."""

    name: str | None = None
    description: str | None = None
    url: str | None = None
    events: list[Event] | None = None
    secret: str | None = None
    status: str | int | None = None


class ListWebhooks(Request):
    """A page of webhooks."""

    max_results: Int64 | None = None
    page_token: str | None = None


class WebhookById(Request):
    """One webhook."""

    webhook_id: str | None = None


class UpdateWebhook(Request):
    """What of a webhook shall be otherwise."""

    webhook_id: str | None = None
    name: str | None = None
    description: str | None = None
    url: str | None = None
    events: list[Event] | None = None
    secret: str | None = None
    status: str | int | None = None


class TestWebhook(Request):
    """A test of a webhook."""

    webhook_id: str | None = None
    event: Event | None = None


class EventOut(msgspec.Struct):
    """What a webhook wants to know."""

    entity: str
    action: str


class WebhookOut(msgspec.Struct, omit_defaults=True):
    """A webhook; its secret is never among the answers."""

    webhook_id: str
    name: str
    url: str
    events: list[EventOut]
    status: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str | None = None


class OneWebhook(msgspec.Struct):
    """One webhook."""

    webhook: WebhookOut


class Webhooks(msgspec.Struct, omit_defaults=True):
    """A page of webhooks."""

    webhooks: list[WebhookOut] = []
    next_page_token: str | None = None


class TestResult(msgspec.Struct, omit_defaults=True):
    """What came of a test."""

    success: bool
    response_status: int | None = None
    response_body: str | None = None
    error_message: str | None = None


class Tested(msgspec.Struct):
    """What came of a test."""

    result: TestResult

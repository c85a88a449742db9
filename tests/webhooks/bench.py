"""A registry, webhooks and a worker over one database, with a clock that stands still."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.egress.receiver import Receiver
from tests.tracking.protocol import Server, server_of

from everlearn.access.gate import OpenGate
from everlearn.app.events import CATALOGUE
from everlearn.blobs import open_blobs
from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.egress import Allowed, Egress, Limits
from everlearn.eventlog import EventLog, Subscriptions
from everlearn.jobs import JobQueue, Worker
from everlearn.web.mlflow import mlflow_app
from everlearn.webhooks import Deliveries, Webhooks, subscription_of
from everlearn.webhooks.mlflow import webhook_routes
from everlearn.webhooks.model import Delivery, Topic, Webhook
from everlearn.webhooks.secrets import Seal
from everlearn.webhooks.service import NewWebhook
from everlearn.webhooks.tasks import WebhookTasks

ADA = Actor("user:ada")
MODELS, VERSIONS = "/mlflow/registered-models", "/mlflow/model-versions"


@dataclass(frozen=True)
class Bench:
    """What a test takes in hand."""

    clock: ManualClock
    registry: Server  # MLflow's protocol
    door: Server  # the same, webhooks
    webhooks: Webhooks
    deliveries: Deliveries
    worker: Worker

    def listen(self, receiver: Receiver, *topics: Topic, secret: str = "", project: str = "default") -> Webhook:
        new = NewWebhook(name="hook", url=receiver.url, topics=topics, secret=secret)
        return self.webhooks.create(project, new, actor=ADA)

    def work(self) -> None:
        """Bring subscriptions up to date and do what is due now."""
        while self.worker.work_off():
            pass

    def wait(self, seconds: float) -> None:
        self.clock.at += timedelta(seconds=seconds)
        self.work()

    def of(self, webhook: Webhook) -> list[Delivery]:
        return list(self.deliveries.list(webhook.project, webhook.id).items)

    def model(self, name: str = "eta", **fields: Any) -> None:
        assert self.registry.post(f"{MODELS}/create", name=name, **fields).status == 200

    def version(self, name: str = "eta", **fields: Any) -> None:
        assert self.registry.post(f"{VERSIONS}/create", name=name, source="s3://b/x", **fields).status == 200


def bench_over(db: Database, folder: Path, clock: ManualClock) -> Bench:
    """Put a bench together; only this machine is allowed to be sent to."""
    log, queue = EventLog(CATALOGUE, clock), JobQueue(clock, jitter=lambda: 0.5)
    egress = Egress(allowed=Allowed.parsed(["127.0.0.1"]), limits=Limits(total_s=5.0))
    webhooks = Webhooks(db, log, clock, egress, Seal(folder / "secrets.key"))
    deliveries = Deliveries(webhooks, queue)
    subscriptions = Subscriptions(db, log, (subscription_of(queue, clock),))
    handlers = {"webhooks.deliver": WebhookTasks(deliveries).deliver}
    return Bench(
        clock=clock,
        registry=server_of(db, log, open_blobs(f"file://{folder / 'blobs'}"), clock),
        door=Server(mlflow_app(webhook_routes(webhooks), OpenGate())),
        webhooks=webhooks,
        deliveries=deliveries,
        worker=Worker(db, queue, handlers, name="hands", pumps=(subscriptions.pump,)),
    )

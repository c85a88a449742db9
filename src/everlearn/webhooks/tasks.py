"""What the worker does for webhooks."""

from dataclasses import dataclass

from everlearn.jobs import JobContext
from everlearn.webhooks.delivering import Deliveries


@dataclass(frozen=True, slots=True)
class WebhookTasks:
    """Handlers of the job `webhooks.deliver`."""

    deliveries: Deliveries

    def deliver(self, context: JobContext) -> None:
        """Make one attempt at a delivery."""
        self.deliveries.attempt(str(context.job.arguments["delivery_id"]), context)

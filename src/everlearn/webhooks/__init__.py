"""Registry webhooks: telling other systems, signed and at least once, what happened to models, versions and prompts.

A delivery is made in the transaction in which the log's subscription moves on, so that no event is forgotten; each is a
job with retries, and what nobody took stays as a dead letter that can be sent again.
"""

from everlearn.webhooks.delivering import Deliveries
from everlearn.webhooks.service import Webhooks
from everlearn.webhooks.subscription import subscription_of

__all__ = ["Deliveries", "Webhooks", "subscription_of"]

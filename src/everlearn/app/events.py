"""Every event that the platform knows, joined from the packages that publish them."""

from everlearn.access.events import EVENTS as ACCESS
from everlearn.datasets.events import EVENTS as DATASETS
from everlearn.decisions.events import EVENTS as DECISIONS
from everlearn.eventlog import Catalogue
from everlearn.exchange.events import EVENTS as EXCHANGE
from everlearn.features.events import EVENTS as FEATURES
from everlearn.governance.events import EVENTS as GOVERNANCE
from everlearn.monitoring.events import EVENTS as MONITORING
from everlearn.operations.events import EVENTS as OPERATIONS
from everlearn.pipelines.events import EVENTS as PIPELINES
from everlearn.policies.events import EVENTS as POLICIES
from everlearn.quality.events import EVENTS as QUALITY
from everlearn.registry.events import EVENTS as REGISTRY
from everlearn.retention.events import EVENTS as RETENTION
from everlearn.retraining.events import EVENTS as RETRAINING
from everlearn.rollouts.events import EVENTS as ROLLOUTS
from everlearn.serving.events import EVENTS as SERVING
from everlearn.storage.events import EVENTS as STORAGE
from everlearn.tracing.events import EVENTS as TRACING
from everlearn.tracking.events import EVENTS as TRACKING
from everlearn.webhooks.events import EVENTS as WEBHOOKS

CATALOGUE = Catalogue(
    (
        *ACCESS,
        *OPERATIONS,
        *STORAGE,
        *DECISIONS,
        *TRACKING,
        *TRACING,
        *REGISTRY,
        *WEBHOOKS,
        *DATASETS,
        *FEATURES,
        *PIPELINES,
        *POLICIES,
        *QUALITY,
        *SERVING,
        *MONITORING,
        *ROLLOUTS,
        *RETRAINING,
        *RETENTION,
        *GOVERNANCE,
        *EXCHANGE,
    )
)

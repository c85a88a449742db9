"""Everything that runs in one process, wired once and never changed."""

from dataclasses import dataclass, fields
from typing import TypeVar

from everlearn.access import Access
from everlearn.app.settings import Settings
from everlearn.audit import Audit
from everlearn.blobs import BlobStore
from everlearn.core.clock import Clock
from everlearn.datasets import Datasets
from everlearn.db import Database
from everlearn.decisions import Decisions
from everlearn.eventlog import EventLog
from everlearn.exchange import Exchange
from everlearn.features import Features
from everlearn.governance import Cards
from everlearn.jobs import JobQueue
from everlearn.lineage import Lineage
from everlearn.lineage.openlineage import Emission, Reception
from everlearn.monitoring import Monitoring
from everlearn.operations import Operations
from everlearn.pipelines import Pipelines
from everlearn.policies import Policies
from everlearn.quality import Gates
from everlearn.registry import Aliases, Approvals, Catalogue, Registry
from everlearn.registry.packing import VersionPacking
from everlearn.retention import Retention
from everlearn.retraining import Retraining
from everlearn.rollouts import Rollouts
from everlearn.serving import Deployments, Labels, PredictionLog
from everlearn.storage import Collector, Receipts
from everlearn.tracing import Tracing
from everlearn.tracking import (
    Comparisons,
    Curves,
    Experiments,
    Files,
    Journal,
    Models,
    Removals,
    Search,
    Tracking,
    Uploads,
)
from everlearn.web.mlflow.links import Links
from everlearn.webhooks import Deliveries, Webhooks

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """All services. A field's name is the parameter name under which routes get the service."""

    settings: Settings
    clock: Clock
    db: Database
    blobs: BlobStore
    log: EventLog
    queue: JobQueue
    access: Access
    audit: Audit
    webhooks: Webhooks
    deliveries: Deliveries
    operations: Operations
    collector: Collector
    receipts: Receipts
    removals: Removals
    retention: Retention
    decisions: Decisions
    tracking: Tracking
    experiments: Experiments
    journal: Journal
    files: Files
    search: Search
    curves: Curves
    comparisons: Comparisons
    models: Models
    links: Links
    registry: Registry
    catalogue: Catalogue
    aliases: Aliases
    approvals: Approvals
    tracing: Tracing
    version_packing: VersionPacking
    datasets: Datasets
    features: Features
    pipelines: Pipelines
    policies: Policies
    gates: Gates
    deployments: Deployments
    labels: Labels
    prediction_log: PredictionLog
    monitoring: Monitoring
    rollouts: Rollouts
    retraining: Retraining
    lineage: Lineage
    reception: Reception
    emission: Emission
    cards: Cards
    exchange: Exchange

    @property
    def uploads(self) -> Uploads:
        """Files that arrive in parts."""
        return Uploads(self.db, self.blobs, self.clock)

    def find(self, of: type[T]) -> T:
        """Give the service of this type."""
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, of):
                return value
        raise LookupError(f"the platform has no {of.__name__}")

    def services(self) -> dict[str, object]:
        """Give every service by its parameter name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def close(self) -> None:
        """Finish writes that wait and give connections back."""
        self.journal.writer.close()
        self.db.close()

"""Making the platform from the settings: the one place that says who gets whom."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TypedDict

import everlearn.app.tables  # noqa: F401  # declares every table: who refers to what is read from there
from everlearn.access import Access
from everlearn.app.events import CATALOGUE
from everlearn.app.foundation import opened_database
from everlearn.app.loop import subscribers
from everlearn.app.platform import Platform
from everlearn.app.rules import RULES
from everlearn.app.settings import PackVersions, SettingError, Settings
from everlearn.audit import Audit, load_or_make_signer
from everlearn.blobs import BlobStore, open_blobs
from everlearn.core.clock import Clock, SystemClock
from everlearn.datasets import Datasets
from everlearn.db import Database, Tx
from everlearn.db.group import GroupWriter
from everlearn.decisions import Decisions
from everlearn.egress import Allowed, BadAllowanceError, Egress
from everlearn.eventlog import EventLog, Subscriptions
from everlearn.eventlog.checkpoint import Checkpoints
from everlearn.exchange import Exchange
from everlearn.features import Features
from everlearn.governance import Cards
from everlearn.jobs import JobQueue
from everlearn.lineage import Lineage
from everlearn.lineage.openlineage import Emission, Reception
from everlearn.monitoring import Monitoring, MonitoringPolicy
from everlearn.operations import Operations
from everlearn.pipelines import Pipeline, Pipelines
from everlearn.policies import Policies
from everlearn.promotion import AliasPolicy, Contracts
from everlearn.promotion.inspection import FileInspector
from everlearn.quality import Gates
from everlearn.quality.model import GatePolicy
from everlearn.registry import Aliases, Approvals, Catalogue, Registry
from everlearn.registry.packing import VersionPacking
from everlearn.retention import HeldFolders, Retention
from everlearn.retraining import Retraining
from everlearn.retraining.model import RetrainingPolicy
from everlearn.rollouts import RolloutPolicy, Rollouts
from everlearn.serving import Deployments, Labels, PredictionLog, not_applied
from everlearn.storage import Collector, Grace, Packing, Receipts
from everlearn.tracing import tracing_over
from everlearn.tracking import (
    Comparisons,
    Curves,
    Experiments,
    Files,
    Journal,
    Models,
    Purges,
    Removals,
    Search,
    Tracking,
)
from everlearn.web.mlflow.links import Links
from everlearn.webhooks import Deliveries, Webhooks
from everlearn.webhooks.secrets import Seal

POLICY_TYPES = {
    "gate": GatePolicy,
    "alias": AliasPolicy,
    "rollout": RolloutPolicy,
    "monitoring": MonitoringPolicy,
    "retraining": RetrainingPolicy,
}


def build(settings: Settings) -> Platform:
    """Open the database (bringing its schema up to date) and the blob store, and wire the services over them.

    Raises
    ------
    UnavailableError
        When the database does not answer.
    DamagedError
        When the SQLite file is damaged.
    ConflictError
        When a newer Everlearn wrote the database.
    """
    db, clock = opened_database(settings), SystemClock()
    blobs, signer = open_blobs(settings.blobs_url), load_or_make_signer(Path(settings.log_key))
    log, queue = EventLog(CATALOGUE, clock), JobQueue(clock)
    reactions = Subscriptions(db, log, subscribers(settings, queue, clock))
    decisions, deployments = Decisions(db, log, blobs, clock, RULES), Deployments(db, log, clock)
    models, files, writer = Models(db, log, clock), Files(db, blobs, clock), GroupWriter(db)
    tracking, registry = Tracking(db, log, blobs, clock), Registry(db, log, blobs, clock)
    datasets, policies = Datasets(db, log, blobs, clock), Policies(db, log, clock, POLICY_TYPES)
    pipelines = Pipelines(db, log, blobs, tracking, datasets, clock, installed_pipelines(settings))
    contracts = Contracts(db, clock, decisions, policies, tracking, models, FileInspector(files))
    aliases = Aliases(db, log, clock, contracts)
    webhooks = Webhooks(db, log, clock, Egress(_allowed(settings)), Seal(Path(settings.secrets_key)))
    catalogue = Catalogue(db, log, clock, tracking, models, aliases)
    return Platform(
        settings=settings,
        clock=clock,
        db=db,
        blobs=blobs,
        log=log,
        queue=queue,
        access=Access(db, log, clock),
        audit=Audit(db, log, Checkpoints(signer, clock), signer.verifier),
        webhooks=webhooks,
        deliveries=Deliveries(webhooks, queue),
        operations=Operations(db, queue, log, reactions.lag, (partial(_behind, clock),)),
        decisions=decisions,
        tracking=tracking,
        experiments=Experiments(db, clock),
        journal=Journal(db, writer, log, clock),
        files=files,
        search=Search(db),
        curves=Curves(db),
        comparisons=Comparisons(Search(db)),
        models=models,
        links=Links.derived(signer.secret, clock),
        registry=registry,
        catalogue=catalogue,
        version_packing=VersionPacking(db, blobs, catalogue, files, _packing(settings, db, blobs)),
        aliases=aliases,
        approvals=Approvals(db, log, clock),
        tracing=tracing_over(db, writer, log, clock),
        datasets=datasets,
        features=Features(db, log, clock),
        pipelines=pipelines,
        policies=policies,
        gates=Gates(db, log, blobs, registry, decisions, policies),
        deployments=deployments,
        labels=Labels(db, log, clock),
        prediction_log=PredictionLog(db),
        monitoring=Monitoring(db, log, clock, blobs, decisions, policies, registry, deployments),
        rollouts=Rollouts(db, log, clock, decisions, policies, registry, deployments),
        retraining=Retraining(db, log, clock, decisions, policies, registry, datasets, pipelines, deployments),
        lineage=Lineage(db, clock),
        reception=Reception(db, clock),
        emission=Emission(db, log, settings.openlineage_namespace),
        exchange=Exchange(db, log, blobs, clock),
        **_keeping(settings, db, blobs, log, clock, queue),
        cards=Cards(db, log, clock, blobs, registry, tracking, decisions),
    )


def _behind(clock: Clock, tx: Tx) -> Mapping[str, int]:
    return {"deployments_not_applied": not_applied(tx, now=clock.now())}


def _packing(settings: Settings, db: Database, blobs: BlobStore) -> Packing:
    return Packing(db, blobs, is_on=settings.pack_versions is PackVersions.ON)


class _Keeping(TypedDict):
    collector: Collector
    receipts: Receipts
    removals: Removals
    retention: Retention


def _keeping(
    settings: Settings, db: Database, blobs: BlobStore, log: EventLog, clock: Clock, queue: JobQueue
) -> _Keeping:
    """Wire what deletes, and what keeps from being deleted."""
    grace, receipts = timedelta(hours=settings.gc_grace_hours), Receipts(db, log, clock)
    return {
        "collector": Collector(db, blobs, log, clock, Grace(before_aside=grace, before_removal=grace)),
        "receipts": receipts,
        "removals": Removals(db, clock, receipts, Experiments(db, clock), HeldFolders()),
        "retention": Retention(db, log, clock, queue, Purges(db, receipts)),
    }


def _allowed(settings: Settings) -> Allowed:
    try:
        return Allowed.parsed(settings.egress_allow)
    except BadAllowanceError as error:
        raise SettingError(f"setting egress_allow: {error.message}") from error


def installed_pipelines(settings: Settings) -> dict[str, Pipeline]:
    """Import the modules that the setting `pipelines` names and collect what they offer.

    Raises
    ------
    SettingError
        When a module cannot be imported, offers nothing, or offers a name twice.
    """
    found: dict[str, Pipeline] = {}
    for module in settings.pipelines:
        try:
            offered = import_module(module).PIPELINES
        except (ImportError, AttributeError) as error:
            raise SettingError(f"setting pipelines names {module!r}: {error}") from error
        for pipeline in offered:
            if found.setdefault(pipeline.name, pipeline) is not pipeline:
                raise SettingError(f"two modules of the setting pipelines offer a pipeline {pipeline.name!r}")
    return found

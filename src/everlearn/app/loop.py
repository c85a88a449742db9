"""How the loop closes: the one table of reactions, in the order of a model's life, and who does each kind of job.

Reading `LOOP` from top to bottom is reading how a model lives. A reaction enqueues a job and nothing else, so that
what follows an event never delays whoever caused it. Where two reactions follow one event, the job with the lower
number runs first.
"""

from collections.abc import Callable, Mapping

from everlearn.app.platform import Platform
from everlearn.app.reactions import Reaction, iso_or_none, subscriptions
from everlearn.app.settings import Settings
from everlearn.core.clock import Clock, iso
from everlearn.core.json import JSONObject
from everlearn.eventlog import Subscription
from everlearn.governance.tasks import GovernanceTasks
from everlearn.jobs import JobContext, JobQueue, Schedule
from everlearn.lineage.openlineage import EMITTED, Receiver
from everlearn.lineage.tasks import LineageTasks
from everlearn.monitoring import WindowEvaluated
from everlearn.monitoring.tasks import MonitoringTasks
from everlearn.pipelines import RunFinished, RunState, RunSubmitted
from everlearn.pipelines.tasks import PipelineTasks
from everlearn.quality import GatePassed
from everlearn.quality.tasks import QualityTasks
from everlearn.registry.events import StageMoved, VersionCatalogued, VersionRegistered
from everlearn.registry.tasks import RegistryTasks
from everlearn.retention.tasks import RetentionTasks
from everlearn.retraining.tasks import RetrainingTasks
from everlearn.rollouts import RolloutEnded
from everlearn.rollouts.model import State
from everlearn.rollouts.tasks import RolloutTasks
from everlearn.serving.events import WatermarkAdvanced
from everlearn.storage.tasks import StorageTasks
from everlearn.tracking.events import ModelReady
from everlearn.tracking.tasks import TrackingTasks, UploadTasks
from everlearn.webhooks import subscription_of
from everlearn.webhooks.tasks import WebhookTasks

Handler = Callable[[JobContext], None]

LOOP: tuple[Reaction, ...] = (
    Reaction(
        when=RunSubmitted,
        then="pipelines.run",
        because="A run that was asked for is executed.",
        arguments=lambda event: {"run_id": event.pipeline_run_id},
    ),
    Reaction(
        when=RunFinished,
        then="quality.register",
        because="What a training run packaged becomes a candidate version.",
        arguments=lambda event: {"pipeline_run_id": event.pipeline_run_id},
        only_if=lambda event: event.state is RunState.FINISHED,
    ),
    Reaction(
        when=VersionRegistered,
        then="quality.gate",
        because="No version meets traffic before it has passed its gate.",
        arguments=lambda event: _version(event) | {"effective_at": iso(event.effective_at)},
    ),
    Reaction(
        when=VersionRegistered,
        then="governance.card",
        because="Every version has a model card from its first day.",
        arguments=lambda event: _version(event) | {"effective_at": iso(event.effective_at)},
        urgency=-1,
    ),
    Reaction(
        when=GatePassed,
        then="rollouts.start",
        because="A version that passed earns its traffic step by step.",
        arguments=lambda event: _version(event) | {"effective_at": iso(event.effective_at)},
    ),
    Reaction(
        when=StageMoved,
        then="governance.card",
        because="A version that went live, retired or was rejected gets another edition of its card.",
        arguments=lambda event: _version(event) | {"effective_at": iso(event.effective_at)},
        urgency=-1,
    ),
    Reaction(
        when=WatermarkAdvanced,
        then="monitoring.evaluate",
        because="The labels of another stretch of time are complete.",
        arguments=lambda event: {
            "project": event.project,
            "model": event.model,
            "since": iso_or_none(event.previous),
            "through": iso(event.through),
        },
    ),
    Reaction(
        when=WindowEvaluated,
        then="rollouts.evaluate",
        because="More of what the candidate did can be compared.",
        arguments=lambda event: {"project": event.project, "model": event.model, "through": iso(event.end)},
        urgency=1,
    ),
    Reaction(
        when=RolloutEnded,
        then="monitoring.replaced",
        because="A new champion starts without the alerts of the old one.",
        arguments=lambda event: {
            "project": event.project,
            "model": event.model,
            "version": event.candidate,
            "at": iso(event.effective_at),
        },
        only_if=lambda event: event.state == State.PROMOTED,
        urgency=1,
    ),
    Reaction(
        when=WindowEvaluated,
        then="retraining.review",
        because="With a signal on, retraining may be worth its cost.",
        arguments=lambda event: {"project": event.project, "model": event.model, "through": iso(event.end)},
    ),
    *(
        Reaction(
            when=registered,
            then="registry.pack",
            because="A version that has a successor is kept as what differs.",
            arguments=lambda event: {"project": event.project, "model": event.model, "version": event.version},
            urgency=-2,
        )
        for registered in (VersionRegistered, VersionCatalogued)
    ),
    Reaction(
        when=ModelReady,
        then="tracking.pack",
        because="A checkpoint that has a successor is kept as what differs.",
        arguments=lambda event: {"project": event.project, "model_id": event.model_id},
        urgency=-2,
    ),
)


SCHEDULES: tuple[Schedule, ...] = (
    Schedule(name="retention-daily", kind="retention.daily", cron="50 1 * * *"),
    Schedule(name="storage-collect", kind="storage.collect", cron="20 2 * * *"),
    Schedule(name="tracking-sweep-uploads", kind="tracking.sweep_uploads", cron="*/30 * * * *"),
)
"""What is done without an event, again and again."""

EXPORTS: tuple[Reaction, ...] = tuple(
    Reaction(when=event, then="lineage.emit", because="Others shall see what runs here.", arguments=lambda _event: {})
    for event in EMITTED
)
"""What is told to others, where the setting `openlineage_url` names somebody: from the beginning of the log on."""


def reactions_for(settings: Settings) -> tuple[Reaction, ...]:
    """Give everything that happens by itself under these settings."""
    return (*LOOP, *EXPORTS) if settings.openlineage_url else LOOP


def _version(event: VersionRegistered | StageMoved | GatePassed) -> JSONObject:
    return {"project": event.project, "model": event.model, "version": event.version}


def subscribers(settings: Settings, queue: JobQueue, clock: Clock) -> tuple[Subscription, ...]:
    """Give all who want to know of events: the table above, and webhooks, of which people make as many as they like."""
    return (*subscriptions(reactions_for(settings), queue), subscription_of(queue, clock))


def handlers(platform: Platform) -> Mapping[str, Handler]:
    """Give who does each kind of job."""
    quality = QualityTasks(platform.gates, platform.pipelines)
    rollouts = RolloutTasks(platform.rollouts)
    monitoring = MonitoringTasks(platform.monitoring)
    return {
        "pipelines.run": PipelineTasks(platform.pipelines).run,
        "quality.register": quality.register,
        "quality.gate": quality.judge,
        "rollouts.start": rollouts.start,
        "rollouts.evaluate": rollouts.evaluate,
        "monitoring.evaluate": monitoring.evaluate,
        "monitoring.replaced": monitoring.replaced,
        "retraining.review": RetrainingTasks(platform.retraining).review,
        "registry.pack": RegistryTasks(platform.version_packing).pack,
        "tracking.pack": TrackingTasks(platform.version_packing.of_models()).pack,
        "retention.apply": RetentionTasks(platform.retention).apply,
        "retention.daily": RetentionTasks(platform.retention).daily,
        "storage.collect": StorageTasks(platform.collector).collect,
        "lineage.emit": LineageTasks(platform.emission, _receiver(platform.settings)).emit,
        "tracking.sweep_uploads": UploadTasks(platform.uploads).sweep,
        "webhooks.deliver": WebhookTasks(platform.deliveries).deliver,
        "governance.card": GovernanceTasks(platform.cards).write_card,
    }


def _receiver(settings: Settings) -> Receiver:
    return Receiver(settings.openlineage_url, settings.openlineage_token)

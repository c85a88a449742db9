"""Deployments and labels: use cases, one transaction each."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock, iso, parse_instant
from everlearn.core.errors import InvalidError
from everlearn.core.page import Page, checked_limit, page_of
from everlearn.core.subjects import model_subject
from everlearn.db import Database, Tx
from everlearn.eventlog import Cause, EventLog
from everlearn.serving.events import TrafficChanged, WatermarkAdvanced
from everlearn.serving.model import (
    EARLIEST,
    LATEST,
    Delivery,
    Deployment,
    Label,
    LabelContradictsError,
    NotDeployedError,
    PredictionsPendingError,
    Scored,
    Traffic,
    TrafficChange,
    WatermarkBackwardsError,
    checked_event_time,
)
from everlearn.serving.ports import KnownVersions
from everlearn.serving.store import counters, gateways, labels, predictions, traffic


@dataclass(frozen=True, slots=True)
class Deployments:
    """Where the traffic of each model goes."""

    db: Database
    log: EventLog
    clock: Clock

    def read(self, tx: Tx, project: str, model: str) -> Deployment:
        """Give the present deployment; one without traffic where the model has none."""
        return traffic.deployment_of(tx, project, model)

    def state(self, project: str, model: str) -> Deployment:
        """Give the present deployment.

        Raises
        ------
        NotDeployedError
            When the model has none.
        """
        with self.db.read() as tx:
            return _deployed(tx, project, model)

    def direct(
        self,
        tx: Tx,
        project: str,
        model: str,
        to: Traffic,
        *,
        reason: str,
        actor: Actor,
        cause: Cause | None = None,
        effective_at: datetime | None = None,
    ) -> Deployment:
        """Send the traffic of a model elsewhere; the same traffic again changes nothing.

        Gateways follow within moments; `applied` tells when all have.

        Raises
        ------
        IllegalTrafficError
            When the traffic cannot go there from where it is.
        """
        before = traffic.deployment_of(tx, project, model, is_locked=True)
        if before.traffic == to:
            return before
        now = self.clock.now()
        after = before.directed(to, at=now)
        change = TrafficChange(deployment=after, reason=reason, actor=actor, effective_at=effective_at, recorded_at=now)
        traffic.save_deployment(tx, after)
        traffic.add_change(tx, change)
        self.log.append(tx, _changed(change, to), actor=actor, subject=model_subject(project, model), cause=cause)
        return after

    def redirect(
        self, project: str, model: str, to: Traffic, *, versions: KnownVersions, reason: str, actor: Actor
    ) -> Deployment:
        """Do what an operator says: like `direct`, in a transaction of its own, with versions that exist.

        Raises
        ------
        NotFoundError
            When a version does not exist.
        IllegalTrafficError
            When the traffic cannot go there from where it is.
        """
        for version in to.versions:
            versions.version(project, model, version)
        with self.db.write() as tx:
            return self.direct(tx, project, model, to, reason=reason, actor=actor)

    def applied(self, tx: Tx, project: str, model: str) -> bool:
        """Tell whether every live gateway routes by the present generation; true when no gateway lives."""
        generation = traffic.deployment_of(tx, project, model).generation
        return gateways.have_applied(tx, project, model, generation, now=self.clock.now())

    def history(self, project: str, model: str, *, after: str | None = None, limit: int = 50) -> Page[TrafficChange]:
        """Give the changes of a model's traffic, newest first."""
        with self.db.read() as tx:
            before = None if after is None else _generation(after)
            rows = traffic.changes_of(tx, project, model, before=before, limit=checked_limit(limit) + 1)
        return page_of(rows, limit=limit, key=lambda change: str(change.deployment.generation))


@dataclass(frozen=True, slots=True)
class Labels:
    """What turned out to be true, and how far that is complete."""

    db: Database
    log: EventLog
    clock: Clock
    patience_s: float = 3.0  # how long a watermark waits for gateways to ship what they answered
    pause: Callable[[float], None] = time.sleep

    def deliver(self, project: str, model: str, batch: Sequence[Label]) -> Delivery:
        """Store labels; those delivered before are counted and left alone. A label may come before its prediction.

        Raises
        ------
        NotDeployedError
            When the model was never deployed, so nothing can have been predicted.
        LabelContradictsError
            When a label is stored with another value already; nothing of the batch is stored.
        InvalidError
            When a prediction has two labels in the batch.
        """
        for label in batch:
            checked_event_time(label.observed_at)
        if len({label.prediction_id for label in batch}) != len(batch):
            raise InvalidError("a prediction has two labels in this batch; nothing was stored")
        with self.db.write() as tx:
            _deployed(tx, project, model)
            repeated = labels.add_labels(tx, project, model, batch, at=self.clock.now())
            if repeated:
                _check_same(tx, project, model, [label for label in batch if label.prediction_id in repeated])
        return Delivery(accepted=len(batch) - len(repeated), repeated=len(repeated))

    def state(self, project: str, model: str) -> datetime | None:
        """Tell through when all labels of a deployed model are delivered; None: nothing has been promised yet."""
        with self.db.read() as tx:
            _deployed(tx, project, model)
            return labels.watermark_of(tx, project, model)

    def watermark(self, tx: Tx, project: str, model: str) -> datetime | None:
        """Tell through when all labels are delivered; None: nothing has been promised yet."""
        return labels.watermark_of(tx, project, model)

    def advance(self, project: str, model: str, *, through: datetime, actor: Actor) -> datetime:
        """Promise that the labels of all predictions with an event time before `through` are delivered.

        Waits until everything that live gateways answered before this call is stored, so that nobody evaluates a
        window that predictions are still missing from. The same watermark again changes nothing.

        Raises
        ------
        WatermarkBackwardsError
            When a later watermark stands.
        PredictionsPendingError
            When a live gateway does not finish shipping in time; nothing is changed, try again.
        """
        checked_event_time(through)
        with self.db.write() as tx:
            _deployed(tx, project, model)
            if _stands(labels.watermark_of(tx, project, model), through):
                return through
            barrier = counters.count(tx, counters.BARRIER)
        self._await_gateways(barrier)
        with self.db.write() as tx:
            previous = labels.watermark_of(tx, project, model, is_locked=True)
            if _stands(previous, through):
                return through
            labels.save_watermark(tx, project, model, through, at=self.clock.now())
            event = WatermarkAdvanced(project=project, model=model, previous=previous, through=through)
            self.log.append(tx, event, actor=actor, subject=model_subject(project, model))
        return through

    def _await_gateways(self, barrier: int) -> None:
        step_s = 0.02
        for _ in range(max(1, round(self.patience_s / step_s))):
            with self.db.read() as tx:
                if gateways.have_passed(tx, barrier, now=self.clock.now()):
                    return
            self.pause(step_s)
        raise PredictionsPendingError(
            "a gateway has answered requests that are not stored yet; the watermark stays, try again", retry_after_s=1.0
        )


@dataclass(frozen=True, slots=True)
class PredictionLog:
    """What was predicted, as people page through it; programs read `window`, `scored` and `paired`."""

    db: Database

    def page(
        self, project: str, model: str, *, span: tuple[str | None, str | None], after: str | None, limit: int
    ) -> Page[Scored]:
        """Give the rows that callers were answered with, in the order of event time, from and before two instants."""
        start, end = (None if text is None else parse_instant(text) for text in span)
        with self.db.read() as tx:
            rows = predictions.window(
                tx,
                project,
                model,
                start or EARLIEST,
                end or LATEST,
                after=None if after is None else _row_key(after),
                limit=checked_limit(limit) + 1,
            )
        return page_of(rows, limit=limit, key=lambda row: f"{iso(row.event_time)}~{row.prediction_id}")


def _row_key(text: str) -> tuple[datetime, str]:
    at, _, prediction_id = text.partition("~")
    return parse_instant(at), prediction_id


def _generation(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise InvalidError("not a key of this list; take it from the answer before")
    return int(text)


def _deployed(tx: Tx, project: str, model: str) -> Deployment:
    deployment = traffic.deployment_of(tx, project, model)
    if deployment.traffic is None:
        raise NotDeployedError(f"project {project} has no deployment of a model {model!r}; deploy a version first")
    return deployment


def _changed(change: TrafficChange, to: Traffic) -> TrafficChanged:
    deployment = change.deployment
    return TrafficChanged(
        project=deployment.project,
        model=deployment.model,
        generation=deployment.generation,
        champion=to.champion,
        candidate=to.candidate,
        phase=str(to.phase),
        weight=to.weight,
        reason=change.reason,
        effective_at=change.effective_at,
    )


def _check_same(tx: Tx, project: str, model: str, batch: Sequence[Label]) -> None:
    stored = labels.label_values(tx, project, model, [label.prediction_id for label in batch])
    other = [label.prediction_id for label in batch if stored[label.prediction_id] != label.value]
    if other:
        raise LabelContradictsError(
            f"{len(other)} labels are stored with another value already; labels do not change, nothing was stored",
            prediction_ids=list(other[:10]),
        )


def _stands(previous: datetime | None, through: datetime) -> bool:
    if previous is not None and through < previous:
        raise WatermarkBackwardsError(
            f"the watermark stands at {iso(previous)} and moves forwards only", through=iso(previous)
        )
    return previous == through

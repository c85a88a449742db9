"""Asking whether to retrain, and doing it when the answer is yes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from everlearn.core.actor import system
from everlearn.core.clock import Clock, iso
from everlearn.core.decisions import Decision, Verdict
from everlearn.core.json import JSONObject
from everlearn.core.page import Page, checked_limit, moment_key, page_of, parsed_moment_key
from everlearn.core.subjects import model_subject
from everlearn.datasets import Datasets
from everlearn.db import Database, Tx
from everlearn.decisions import Decisions
from everlearn.eventlog import Cause, EventLog
from everlearn.monitoring import open_alerts
from everlearn.pipelines import Pipelines
from everlearn.policies import Policies
from everlearn.registry import ModelVersion, Registry
from everlearn.retraining import store
from everlearn.retraining.events import RetrainingRequested
from everlearn.retraining.model import RetrainingPolicy, Review, Signal
from everlearn.retraining.rules import WORTHWHILE
from everlearn.rollouts import busy_at
from everlearn.serving import Deployments, Scored, scored

ACTOR = system("retraining")
SIGNAL_OF_ALERT = {"error_level": Signal.ERROR, "input_drift": Signal.DRIFT}


@dataclass(frozen=True, slots=True)
class Retraining:
    """The use cases of keeping a model fresh."""

    db: Database
    log: EventLog
    clock: Clock
    decisions: Decisions
    policies: Policies
    registry: Registry
    datasets: Datasets
    pipelines: Pipelines
    deployments: Deployments

    def review(self, project: str, model: str, *, through: datetime, cause: Cause | None = None) -> Review | None:
        """Ask the question if there is a reason to; None when there is none, or something is under way already."""
        with self.db.read() as tx:
            policy = self.policies.get(tx, project, model, RetrainingPolicy)
            champion = self.deployments.read(tx, project, model).champion
            # in event time, so that it does not matter whether today's step of a rollout is judged before this or after
            is_busy = busy_at(tx, project, model, through)
            past = store.newest_first(tx, project, model, limit=1)
            trainings = store.newest_first(tx, project, model, with_training_only=True, limit=1)
        if not policy.pipeline or champion is None or is_busy:
            return None
        version = self.registry.version(project, model, champion)
        signals = self._signals(version, policy, through)
        if not _is_due(signals, policy, past=past, trainings=trainings, at=through):
            return None
        decision = self._decide(version, policy, signals, through)
        if decision.finding.verdict is not Verdict.PASS:
            return self._record(version, decision, run_id=None, cause=cause)
        return self._retrain(version, policy, decision, signals, cause)

    def reviews(self, project: str, model: str, *, after: str | None = None, limit: int = 200) -> Page[Review]:
        """Give the reviews of a model, newest first."""
        size, key = checked_limit(limit), parsed_moment_key(after)
        with self.db.read() as tx:
            rows = store.newest_first(tx, project, model, before=None if key is None else key[0], limit=size + 1)
        return page_of(rows, limit=size, key=lambda one: moment_key(one.effective_at, ""))

    def _signals(self, version: ModelVersion, policy: RetrainingPolicy, at: datetime) -> list[Signal]:
        with self.db.read() as tx:
            alerts = open_alerts(tx, version.project, version.model)
        signals = {SIGNAL_OF_ALERT[alert.kind] for alert in alerts if alert.kind in SIGNAL_OF_ALERT}
        if at - version.trained_through > timedelta(days=policy.maximum_age_days):
            signals.add(Signal.AGE)
        return sorted(signals)

    def _decide(
        self, version: ModelVersion, policy: RetrainingPolicy, signals: Sequence[Signal], at: datetime
    ) -> Decision:
        split = at - timedelta(days=policy.probe_test_days)
        begin = split - timedelta(days=policy.probe_fit_days)
        with self.db.read() as tx:
            fit = scored(tx, version.project, version.model, version.number, begin, split)
            test = scored(tx, version.project, version.model, version.number, split, at)
        window: JSONObject = {
            "signals": list(signals),
            "fit": _columns(fit),
            "test": _columns(test),
            "predictions_per_day": len(test) / policy.probe_test_days,
            "cpu_s": self.pipelines.usual_cpu_s(version.project, policy.pipeline) or policy.expected_cpu_s,
            "age_days": (at - version.trained_through).total_seconds() / 86_400,
        }
        return self.decisions.prepare(
            project=version.project,
            kind="retraining.review",
            subject=model_subject(version.project, version.model),
            rule=WORTHWHILE,
            parameters={
                "version": version.number,
                "currency": policy.currency,
                "value_per_unit": policy.value_per_unit,
                "traffic_weight": policy.traffic_weight,
                "horizon_days": policy.horizon_days,
                "cpu_hour_price": policy.cpu_hour_price,
                "fixed_cost": policy.fixed_cost,
            },
            window=window,
            effective_at=at,
        )

    def _retrain(
        self,
        version: ModelVersion,
        policy: RetrainingPolicy,
        decision: Decision,
        signals: Sequence[Signal],
        cause: Cause | None,
    ) -> Review:
        parameters: JSONObject = {
            **(policy.pipeline_parameters or {}),
            "as_of": iso(decision.effective_at),
            "datasets": {name: self.datasets.newest(version.project, name).number for name in policy.datasets},
        }
        with self.db.write() as tx:
            run = self.pipelines.submit(
                tx, version.project, policy.pipeline, parameters, key=decision.id, actor=ACTOR, cause=cause
            )
            review, is_new = self._recorded(tx, version, decision, run_id=run.id, cause=cause)
            if not is_new:  # another worker was quicker, and has told
                return review
            event = RetrainingRequested(
                project=version.project,
                model=version.model,
                decision_id=decision.id,
                pipeline=policy.pipeline,
                pipeline_run_id=run.id,
                parameters=parameters,
                signals=list(signals),
                effective_at=decision.effective_at,
            )
            self.log.append(tx, event, actor=ACTOR, subject=decision.subject, cause=cause)
        return review

    def _record(self, version: ModelVersion, decision: Decision, *, run_id: str | None, cause: Cause | None) -> Review:
        with self.db.write() as tx:
            return self._recorded(tx, version, decision, run_id=run_id, cause=cause)[0]

    def _recorded(
        self, tx: Tx, version: ModelVersion, decision: Decision, *, run_id: str | None, cause: Cause | None
    ) -> tuple[Review, bool]:
        recorded = self.decisions.record(tx, decision, actor=ACTOR, cause=cause)
        evidence = recorded.finding.evidence
        review = Review(
            project=version.project,
            model=version.model,
            effective_at=recorded.effective_at,
            version=version.number,
            decision_id=recorded.id,
            verdict=recorded.finding.verdict,
            pipeline_run_id=run_id,
            expected_gain=float(str(evidence["expected_gain"])),
            expected_cost=float(str(evidence["expected_cost"])),
        )
        return review, store.insert(tx, review, at=self.clock.now())


def _is_due(
    signals: Sequence[Signal],
    policy: RetrainingPolicy,
    *,
    past: Sequence[Review],
    trainings: Sequence[Review],
    at: datetime,
) -> bool:
    """Ask when a signal is on, the last question is old enough, and the last training had time to show its worth."""
    if not signals or (past and at <= past[0].effective_at):  # each moment once, however often the policy asks
        return False
    if past and at - past[0].effective_at < timedelta(days=policy.review_every_days):
        return False
    return not trainings or at - trainings[0].effective_at >= timedelta(days=policy.minimum_days_between)


def _columns(rows: Sequence[Scored]) -> JSONObject:
    labelled = [(row.value, row.label) for row in rows if row.value is not None and row.label is not None]
    return {
        "value": [round(value, 4) for value, _ in labelled],
        "label": [round(label, 4) for _, label in labelled],
    }

"""Evaluating windows, opening and closing alerts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile

from everlearn.blobs import BlobStore
from everlearn.core.actor import system
from everlearn.core.clock import Clock
from everlearn.core.decisions import Decision, Verdict
from everlearn.core.ids import derived_id
from everlearn.core.json import JSONObject
from everlearn.core.page import Page, checked_limit, moment_key, page_of, parsed_moment_key
from everlearn.core.subjects import model_subject
from everlearn.db import Database, Tx
from everlearn.decisions import Decisions
from everlearn.eventlog import Cause, EventLog
from everlearn.monitoring import store
from everlearn.monitoring.events import AlertRaised, AlertResolved, WindowEvaluated
from everlearn.monitoring.model import (
    Alert,
    Health,
    Level,
    MonitoringPolicy,
    ProfileMissingError,
    WindowReport,
    health_of,
)
from everlearn.monitoring.profile import Profile
from everlearn.monitoring.rules import ERROR_LEVEL, INPUT_DRIFT
from everlearn.monitoring.windows import drift_window, summed_up, window_starts
from everlearn.policies import Policies
from everlearn.registry import ModelVersion, Registry
from everlearn.serving import Deployments, Scored, scored

ACTOR = system("monitoring")
LONGEST_SERIES = 400


@dataclass(frozen=True, slots=True)
class Monitoring:
    """The use cases of watching a model."""

    db: Database
    log: EventLog
    clock: Clock
    blobs: BlobStore
    decisions: Decisions
    policies: Policies
    registry: Registry
    deployments: Deployments

    def evaluate(
        self, project: str, model: str, *, since: datetime | None, through: datetime, cause: Cause | None = None
    ) -> int:
        """Evaluate every whole window between the last evaluated one (or `since`) and `through`; give their count."""
        with self.db.read() as tx:
            policy = self.policies.get(tx, project, model, MonitoringPolicy)
            champion = self.deployments.read(tx, project, model).champion
            newest = store.newest_window(tx, project, model)
        first = since if newest is None else newest.end
        if champion is None or first is None:
            return 0
        version = self.registry.version(project, model, champion)
        starts = window_starts(first, through, length=timedelta(hours=policy.window_hours))
        for start in starts:
            self._evaluate_one(version, start, policy, cause)
        return len(starts)

    def replaced(self, project: str, model: str, *, by: int, at: datetime, cause: Cause | None = None) -> None:
        """Close the alerts of a model whose champion was replaced: the new version starts with a clean slate."""
        with self.db.write() as tx:
            for alert in store.open_alerts(tx, project, model):
                self._resolve(tx, alert.resolved(at=at, resolution=f"version {by} took over"), cause)

    def health(self, project: str, model: str) -> Health:
        """Sum a model up in one word."""
        with self.db.read() as tx:
            is_deployed = self.deployments.read(tx, project, model).champion is not None
            return health_of(store.open_alerts(tx, project, model), is_deployed=is_deployed)

    def open_alerts(self, project: str, model: str) -> Sequence[Alert]:
        """Give the alerts of a model that are not resolved, oldest first."""
        with self.db.read() as tx:
            return store.open_alerts(tx, project, model)

    def alerts(self, project: str, model: str, *, after: str | None = None, limit: int = 200) -> Page[Alert]:
        """Give the alerts of a model, newest first."""
        size, before = checked_limit(limit), parsed_moment_key(after)
        with self.db.read() as tx:
            rows = store.newest_alerts(tx, project, model, before=before, limit=size + 1)
        return page_of(rows, limit=size, key=lambda one: moment_key(one.opened_at, one.id))

    def windows(self, project: str, model: str, *, after: str | None = None, limit: int = 400) -> Page[WindowReport]:
        """Give the window reports of a model, newest first."""
        size, key = checked_limit(limit), parsed_moment_key(after)
        with self.db.read() as tx:
            rows = store.windows(tx, project, model, before=None if key is None else key[0], limit=size + 1)
        return page_of(rows, limit=size, key=lambda one: moment_key(one.start, ""))

    def _evaluate_one(
        self, version: ModelVersion, start: datetime, policy: MonitoringPolicy, cause: Cause | None
    ) -> None:
        project, model, number = version.project, version.model, version.number
        end = start + timedelta(hours=policy.window_hours)
        with self.db.read() as tx:
            rows = scored(tx, project, model, number, start, end)
            earlier = store.windows(tx, project, model, before=start, limit=LONGEST_SERIES)
            count = store.count_windows(tx, project, model, before=start)
        report = summed_up(rows, project=project, model=model, version=number, start=start, end=end)
        decisions = []
        profile = self._profile(version)
        if report.mae is not None and report.label_count >= policy.minimum_labels:
            series = [*(window.mae for window in reversed(_of_version(earlier, number, policy))), report.mae]
            decisions.append(self._judge_error(version, series, profile, policy, end))
        if (count + 1) % policy.drift_every_windows == 0:
            decisions.append(self._judge_drift(version, profile, policy, end))
        with self.db.write() as tx:
            recorded = [self.decisions.record(tx, decision, actor=ACTOR, cause=cause) for decision in decisions]
            verdict = next((one.id for one in recorded if one.rule == ERROR_LEVEL), None)
            kept = replace(report, decision_id=verdict)
            if store.insert_window(tx, kept, at=self.clock.now()):
                for decision in recorded:
                    self._follow(tx, version, decision, policy, cause)
                self._announce(tx, kept, cause)

    def _judge_error(
        self,
        version: ModelVersion,
        series: Sequence[float | None],
        profile: Profile,
        policy: MonitoringPolicy,
        end: datetime,
    ) -> Decision:
        parameters: JSONObject = {
            "version": version.number,
            "reference_mean": profile.error_mean,
            "reference_sd": profile.error_sd,
            "objective": policy.objective,
            "ewma_weight": policy.ewma_weight,
            "ewma_limit": policy.ewma_limit,
            "page_hinkley_delta": policy.page_hinkley_delta,
            "page_hinkley_threshold": policy.page_hinkley_threshold,
        }
        return self.decisions.prepare(
            project=version.project,
            kind="monitoring.error_level",
            subject=model_subject(version.project, version.model),
            rule=ERROR_LEVEL,
            parameters=parameters,
            window={"mae": list(series)},
            effective_at=end,
        )

    def _judge_drift(
        self, version: ModelVersion, profile: Profile, policy: MonitoringPolicy, end: datetime
    ) -> Decision:
        start = end - timedelta(hours=policy.window_hours * policy.drift_every_windows)
        with self.db.read() as tx:
            rows: list[Scored] = scored(tx, version.project, version.model, version.number, start, end)
        names = [column.name for column in version.signature.inputs]
        return self.decisions.prepare(
            project=version.project,
            kind="monitoring.input_drift",
            subject=model_subject(version.project, version.model),
            rule=INPUT_DRIFT,
            parameters={
                "version": version.number,
                "false_discovery": policy.drift_false_discovery,
                "minimum_psi": policy.drift_minimum_psi,
                "minimum_rows": policy.minimum_labels,
                "since": start.isoformat(),
            },
            window=drift_window(rows, profile, names),
            effective_at=end,
        )

    def _follow(
        self, tx: Tx, version: ModelVersion, decision: Decision, policy: MonitoringPolicy, cause: Cause | None
    ) -> None:
        """Open, worsen or close the alert that a decision speaks about."""
        kind = decision.kind.removeprefix("monitoring.")
        alert = store.open_alert(tx, version.project, version.model, kind)
        match decision.finding.verdict:
            case Verdict.FAIL:
                self._raise(tx, version, decision, alert, cause)
            case Verdict.PASS if alert is not None:
                enough = policy.quiet_windows_to_resolve if kind == "error_level" else 1
                after = alert.quiet(at=decision.effective_at, enough=enough)
                if after.resolved_at is None:
                    store.save_alert(tx, after)
                else:
                    self._resolve(tx, after, cause)
            case _:
                pass

    def _raise(
        self, tx: Tx, version: ModelVersion, decision: Decision, alert: Alert | None, cause: Cause | None
    ) -> None:
        level = _level(decision)
        message, at = decision.finding.reason, decision.effective_at
        if alert is not None:
            after = alert.seen(at=at, level=level, message=message)
            is_news = after.level is not alert.level
        else:
            after = _opened(version, decision, level)
            is_news = True
        store.save_alert(tx, after)
        if is_news:
            event = AlertRaised(
                project=after.project,
                model=after.model,
                alert_id=after.id,
                kind=after.kind,
                level=after.level,
                message=message,
                version=after.version,
                decision_id=decision.id,
                effective_at=at,
            )
            self.log.append(tx, event, actor=ACTOR, subject=decision.subject, cause=cause)

    def _resolve(self, tx: Tx, alert: Alert, cause: Cause | None) -> None:
        store.save_alert(tx, alert)
        event = AlertResolved(
            project=alert.project,
            model=alert.model,
            alert_id=alert.id,
            kind=alert.kind,
            resolution=alert.resolution,
            effective_at=alert.resolved_at or alert.last_seen_at,
        )
        self.log.append(tx, event, actor=ACTOR, subject=model_subject(alert.project, alert.model), cause=cause)

    def _announce(self, tx: Tx, report: WindowReport, cause: Cause | None) -> None:
        event = WindowEvaluated(
            project=report.project,
            model=report.model,
            version=report.version,
            start=report.start,
            end=report.end,
            label_count=report.label_count,
            mae=report.mae,
            decision_id=report.decision_id,
        )
        self.log.append(tx, event, actor=ACTOR, subject=model_subject(report.project, report.model), cause=cause)

    def _profile(self, version: ModelVersion) -> Profile:
        if version.profile_digest is None:
            raise ProfileMissingError(f"version {version.number} of {version.model} has no reference profile")
        return Profile.from_bytes(self.blobs.get(version.profile_digest))


def _of_version(earlier: Sequence[WindowReport], number: int, policy: MonitoringPolicy) -> list[WindowReport]:
    """Keep the windows since this version took over (newest first) that had labels enough to judge."""
    mine = list(takewhile(lambda window: window.version == number, earlier))
    return [window for window in mine if window.label_count >= policy.minimum_labels]


def _level(decision: Decision) -> Level:
    if decision.rule == INPUT_DRIFT:
        return Level.INFO
    return Level.CRITICAL if decision.finding.evidence["breaks_objective"] else Level.WARNING


def _opened(version: ModelVersion, decision: Decision, level: Level) -> Alert:
    kind = decision.kind.removeprefix("monitoring.")
    return Alert(
        id=derived_id("alert", version.project, version.model, kind, decision.id),
        project=version.project,
        model=version.model,
        kind=kind,
        level=level,
        message=decision.finding.reason,
        version=version.number,
        opened_at=decision.effective_at,
        last_seen_at=decision.effective_at,
        decision_id=decision.id,
    )

"""What is known of a model now, and the one word and sentence that sum it up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from everlearn.core.decisions import Decision
from everlearn.core.subjects import model_subject
from everlearn.monitoring import Alert, Monitoring, MonitoringPolicy, WindowReport
from everlearn.monitoring.model import Health, health_of
from everlearn.registry import Model
from everlearn.rollouts import Rollout, running_rollout
from everlearn.rollouts.model import Phase
from everlearn.serving.model import TrafficChange
from everlearn.web.formats import day, number, percent
from everlearn.web.view import Status, Tone

RECENT = 7  # windows that the error of now is taken over
SPARK = 30  # windows in a sparkline
_CHANGES_READ = 200  # of the traffic, to find since when a version answers

TONES: Mapping[Health, Tone] = {
    Health.GOOD: Tone.GOOD,
    Health.WATCH: Tone.WATCH,
    Health.ACT: Tone.ACT,
    Health.STOPPED: Tone.STOPPED,
}
_WORDS: Mapping[Health, str] = {
    Health.GOOD: "good",
    Health.WATCH: "watch",
    Health.ACT: "degraded",
    Health.STOPPED: "not deployed",
}
WORST_FIRST = (Tone.STOPPED, Tone.ACT, Tone.WATCH, Tone.IDLE, Tone.GOOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelState:
    """A model as it stands."""

    model: Model
    champion: int | None
    since: datetime | None  # when the champion took over: event time where it is known
    objective: float
    windows: Sequence[WindowReport]  # newest first
    alerts: Sequence[Alert]  # open ones
    rollout: Rollout | None
    decision: Decision | None  # the newest
    is_deployable: bool  # some version has what serving needs; others are names for a source

    @property
    def health(self) -> Health:
        """Give the one word of monitoring."""
        return health_of(self.alerts, is_deployed=self.champion is not None)

    @property
    def error(self) -> float | None:
        """Give the mean absolute error of the champion over its last windows, each label counted once."""
        labelled = self.recent
        count = sum(window.label_count for window in labelled)
        return sum((window.mae or 0.0) * window.label_count for window in labelled) / count if count else None

    @property
    def recent(self) -> Sequence[WindowReport]:
        """Give the last labelled windows of the champion."""
        mine = [window for window in self.windows if window.version == self.champion and window.mae is not None]
        return mine[:RECENT]

    @property
    def tone(self) -> Tone:
        """Tell how urgent it is."""
        if self.champion is None and not self.is_deployable:
            return Tone.IDLE
        is_unknown = self.health is Health.GOOD and self.error is None
        return Tone.IDLE if is_unknown else TONES[self.health]


def state_of(model: Model, monitoring: Monitoring, *, windows: int = SPARK) -> ModelState:
    """Look at a model."""
    project, name = model.project, model.name
    with monitoring.db.read() as tx:
        policy = monitoring.policies.get(tx, project, name, MonitoringPolicy)
        champion = monitoring.deployments.read(tx, project, name).champion
        rollout = running_rollout(tx, project, name)
    changes = monitoring.deployments.history(project, name, limit=_CHANGES_READ).items
    newest = monitoring.decisions.list(project, subject=model_subject(project, name), limit=1).items
    return ModelState(
        model=model,
        champion=champion,
        since=_since(changes, champion),
        objective=policy.objective,
        windows=monitoring.windows(project, name, limit=windows).items,
        alerts=monitoring.open_alerts(project, name),
        rollout=rollout,
        decision=newest[0] if newest else None,
        is_deployable=bool(monitoring.registry.versions(project, name, limit=1).items),
    )


def status_of(state: ModelState) -> Status:
    """Sum a model up in one word and one sentence."""
    if state.champion is None and not state.is_deployable:
        return Status(word="registered", tone=Tone.IDLE, why=_catalogued(state))
    if state.champion is None:
        return Status(word=_WORDS[Health.STOPPED], tone=Tone.STOPPED, why=_undeployed(state))
    word = "no labels yet" if state.tone is Tone.IDLE else _WORDS[state.health]
    parts = [_error_in_words(state)]
    worst = max(state.alerts, key=lambda alert: alert.level.rank, default=None)
    if worst is not None and worst.kind == "input_drift":
        parts.append(f"{worst.message} (since {day(worst.opened_at)})")
    elif worst is not None:
        parts.append(f"its alarm is open since {day(worst.opened_at)}")
    if state.rollout is not None:
        parts.append(rollout_in_words(state.rollout))
    return Status(word=word, tone=state.tone, why=f"{'; '.join(parts)}.")


def rollout_in_words(rollout: Rollout) -> str:
    """Say where a running rollout stands."""
    return f"version {rollout.candidate} in {step_in_words(rollout)}"


def step_in_words(rollout: Rollout) -> str:
    """Say what the step of a rollout does."""
    if rollout.step.phase is Phase.SHADOW:
        return "shadow"
    return f"canary at {percent(rollout.step.weight, 0)}"


def version_since(state: ModelState) -> str:
    """Say which version answers since when."""
    if state.champion is None:
        return ""
    return f"version {state.champion}" + (f" since {day(state.since)}" if state.since else "")


def _error_in_words(state: ModelState) -> str:
    error = state.error
    if error is None:
        return f"Version {state.champion} answers, but no window of it has labels yet"
    gap = error / state.objective - 1 if state.objective > 0 else 0.0
    where = "above" if gap > 0 else "below"
    windows = "window" if len(state.recent) == 1 else f"{len(state.recent)} windows"
    return (
        f"Error {number(error)} over the last {windows}, "
        f"{percent(abs(gap), 0)} {where} the objective of {number(state.objective)}"
    )


def _catalogued(state: ModelState) -> str:
    newest = state.model.newest
    if not newest:
        return "No version is registered yet."
    versions = "Version 1 is" if newest == 1 else f"Versions up to {newest} are"
    return f"{versions} registered with mlflow's client; what is served needs a checked signature and a safe format."


def _undeployed(state: ModelState) -> str:
    newest = state.model.newest
    if not newest:
        return "No version is registered yet."
    versions = "Version 1 is" if newest == 1 else f"{newest} versions are"
    return f"{versions} registered and none answers: none has passed its gate, or nobody has started its rollout."


def _since(changes: Sequence[TrafficChange], champion: int | None) -> datetime | None:
    """Give the beginning of the newest stretch in which this version answered."""
    began = None
    for change in changes:  # newest first
        if change.deployment.champion != champion:
            break
        began = change.effective_at or change.recorded_at
    return began

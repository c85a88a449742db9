"""A model's life as tables."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

from everlearn.core.decisions import Decision, Verdict
from everlearn.core.page import Page
from everlearn.governance.pages.drawings import LEVEL_TONES, STATE_TONES
from everlearn.governance.pages.life import Life
from everlearn.monitoring import Alert, WindowReport
from everlearn.registry import ModelVersion, Stage
from everlearn.registry.catalogue import VersionRecord
from everlearn.retraining import Review
from everlearn.rollouts import Rollout
from everlearn.rollouts.model import Phase, Step
from everlearn.web.formats import MISSING, day, fixed, instant, minute, number, percent
from everlearn.web.links import path_of
from everlearn.web.plots import sparkline
from everlearn.web.view import Cell, Column, EmptyState, Table, Tone

Href = Callable[[str], str]

STAGE_TONES = {
    Stage.CANDIDATE: Tone.WATCH,
    Stage.LIVE: Tone.GOOD,
    Stage.RETIRED: Tone.IDLE,
    Stage.REJECTED: Tone.STOPPED,
}
VERDICT_TONES = {Verdict.PASS: Tone.GOOD, Verdict.FAIL: Tone.STOPPED, Verdict.NOT_EVALUATED: Tone.IDLE}


def versions_table(
    project: str,
    records: Page[VersionRecord],
    strict: Mapping[int, ModelVersion],
    life: Life,
    decision_href: Href,
    *,
    more_href: str,
) -> Table:
    """List versions, newest first: what they are called, how good they are, what their gate said."""
    gates = {gate.parameters.get("candidate"): gate for gate in reversed(life.gates)}
    metric = _common_metric(strict)
    return Table(
        caption="Versions",
        columns=(
            Column(title="version", is_number=True),
            Column(title="stage"),
            Column(title="aliases"),
            Column(title=metric or "metric", is_number=True),
            Column(title="trained through"),
            Column(title="registered"),
            Column(title="gate"),
            Column(title="why", is_prose=True),
            Column(title="trained by"),
            Column(title="pipeline"),
            Column(title="card"),
        ),
        rows=tuple(
            _version_row(
                project,
                record,
                strict.get(record.version.number),
                gates.get(record.version.number),
                _metric_cell(strict, record.version.number, metric),
                decision_href,
            )
            for record in records.items
        ),
        empty=EmptyState(
            title="No versions",
            text="A version is registered when a training run has packaged a model, or by mlflow's client.",
            command="everlearn pipelines run PIPELINE",
        ),
        next_href=more_href,
    )


def _version_row(
    project: str,
    record: VersionRecord,
    strict: ModelVersion | None,
    gate: Decision | None,
    metric: Cell,
    decision_href: Href,
) -> tuple[Cell, ...]:
    row = record.version
    own = path_of("projects", project, "models", row.model, "versions", str(row.number))
    verdict = None if gate is None else gate.finding.verdict
    stage = Cell(text="" if row.stage == "None" else row.stage)
    pipeline_run = "" if strict is None else strict.lineage.pipeline_run_id
    return (
        Cell(text=str(row.number), href=own),
        stage if strict is None else Cell(text=strict.stage, tone=STAGE_TONES[strict.stage]),
        Cell(text=" ".join(f"@{alias}" for alias in record.aliases)),
        metric,
        Cell(text=MISSING)
        if strict is None
        else Cell(text=day(strict.trained_through), title=instant(strict.trained_through)),
        Cell(text=day(row.created_at), title=instant(row.created_at)),
        Cell(text=MISSING)
        if gate is None or verdict is None
        else Cell(text=verdict.replace("_", " "), tone=VERDICT_TONES[verdict], href=decision_href(gate.id)),
        Cell(text="" if gate is None else gate.finding.reason),
        Cell(text="run", href=path_of("projects", project, "runs", row.run_id), title=row.run_id)
        if row.run_id
        else Cell(text=MISSING),
        Cell(text="steps", href=path_of("projects", project, "pipeline-runs", pipeline_run), title=pipeline_run)
        if pipeline_run
        else Cell(text=MISSING),
        Cell(text=MISSING) if strict is None else Cell(text="card", href=f"{own}#card"),
    )


def _common_metric(strict: Mapping[int, ModelVersion]) -> str:
    """Give the name of a number that most versions carry."""
    counts = Counter(key for one in strict.values() for key, value in one.metrics.items() if isinstance(value, float))
    return min(counts, key=lambda key: (-counts[key], key)) if counts else ""


def _metric_cell(strict: Mapping[int, ModelVersion], version: int, metric: str) -> Cell:
    """Write a version's metric, with the line of all versions up to it."""
    value = strict[version].metrics.get(metric) if version in strict else None
    if not isinstance(value, int | float):
        return Cell(text=MISSING)
    before = [strict[one].metrics.get(metric) for one in sorted(strict) if one <= version]
    line = [float(one) if isinstance(one, int | float) else None for one in before]
    return Cell(text=fixed(float(value)), spark=sparkline(line, name=f"{metric} by version") if len(line) > 1 else None)


def namings_table(life: Life, decision_href: Href) -> Table:
    """List who let which alias name which version, newest first."""
    return Table(
        caption="Aliases over time",
        columns=(
            Column(title="alias"),
            Column(title="version"),
            Column(title="from", unit="UTC"),
            Column(title="to", unit="UTC"),
            Column(title="who"),
            Column(title="why", is_prose=True),
            Column(title="decision"),
        ),
        rows=tuple(
            (
                Cell(text=f"@{one.alias}"),
                Cell(text=f"v{one.version}"),
                Cell(text=minute(one.start), title=instant(one.start)),
                Cell(text="now" if one.end is None else minute(one.end)),
                Cell(text=one.actor),
                Cell(text=one.reason),
                Cell(text="evidence", href=decision_href(one.decision_id)) if one.decision_id else Cell(text=MISSING),
            )
            for one in reversed(life.namings)
        ),
        empty=EmptyState(title="No alias named a version in this time"),
    )


def rollouts_table(rollouts: Sequence[Rollout], life: Life, decision_href: Href, *, more_href: str) -> Table:
    """List rollouts, newest first, each with the decision that ended it or spoke last."""
    last = {step.parameters.get("rollout"): step for step in reversed(life.steps)}
    return Table(
        caption="Rollouts",
        columns=(
            Column(title="candidate"),
            Column(title="state"),
            Column(title="plan"),
            Column(title="from"),
            Column(title="to"),
            Column(title="why", is_prose=True),
            Column(title="last verdict"),
        ),
        rows=tuple(_rollout_row(one, last.get(one.id), decision_href) for one in rollouts),
        empty=EmptyState(
            title="No rollouts in this time",
            text="A version that passes its gate is rolled out by itself; the first of a model answers at once.",
        ),
        next_href=more_href,
    )


def _rollout_row(rollout: Rollout, last: Decision | None, decision_href: Href) -> tuple[Cell, ...]:
    plan = " \u2192 ".join(
        f"[{_step(step)}]" if index == rollout.step_index else _step(step) for index, step in enumerate(rollout.steps)
    )
    return (
        Cell(text=f"v{rollout.candidate} against v{rollout.champion}"),
        Cell(text=rollout.state.replace("_", " "), tone=STATE_TONES[rollout.state]),
        Cell(text=plan, title="The step in brackets is the one that runs, or ran last"),
        Cell(text=day(rollout.started_at), title=instant(rollout.started_at)),
        Cell(text=day(rollout.ended_at), title=instant(rollout.ended_at)),
        Cell(text=rollout.reason),
        Cell(text=MISSING)
        if last is None
        else Cell(
            text=last.finding.verdict.replace("_", " "),
            tone=VERDICT_TONES[last.finding.verdict],
            href=decision_href(last.id),
        ),
    )


def _step(step: Step) -> str:
    return "shadow" if step.phase is Phase.SHADOW else percent(step.weight, 0)


def alerts_table(alerts: Sequence[Alert], decision_href: Href) -> Table:
    """List alerts, open ones first, then newest first."""
    ordered = sorted(alerts, key=lambda alert: alert.resolved_at is not None)
    return Table(
        caption="Alerts",
        columns=(
            Column(title="level"),
            Column(title="alert"),
            Column(title="opened", unit="UTC"),
            Column(title="resolved", unit="UTC"),
            Column(title="version", is_number=True),
            Column(title="what", is_prose=True),
        ),
        rows=tuple(
            (
                Cell(text=alert.level, tone=LEVEL_TONES[alert.level]),
                Cell(text=alert.kind.replace("_", " "), href=decision_href(alert.decision_id)),
                Cell(text=minute(alert.opened_at)),
                Cell(text="open" if alert.resolved_at is None else minute(alert.resolved_at)),
                Cell(text=str(alert.version)),
                Cell(text=alert.message + (f"; resolved: {alert.resolution}" if alert.resolution else "")),
            )
            for alert in ordered
        ),
        empty=EmptyState(title="No alerts in this time", text="Windows are evaluated when their labels are complete."),
    )


def reviews_table(project: str, reviews: Sequence[Review], decision_href: Href, *, more_href: str) -> Table:
    """List when retraining was weighed, newest first."""
    return Table(
        caption="Retraining reviews",
        columns=(
            Column(title="about", unit="UTC"),
            Column(title="verdict"),
            Column(title="version", is_number=True),
            Column(title="expected gain", is_number=True),
            Column(title="cost", is_number=True),
            Column(title="training"),
        ),
        rows=tuple(
            (
                Cell(text=minute(review.effective_at), href=decision_href(review.decision_id)),
                _verdict_of_review(review),
                Cell(text=str(review.version)),
                Cell(text=fixed(review.expected_gain, 0)),
                Cell(text=fixed(review.expected_cost, 0)),
                Cell(text="pipeline run", href=path_of("projects", project, "pipeline-runs", review.pipeline_run_id))
                if review.pipeline_run_id
                else Cell(text=MISSING),
            )
            for review in reviews
        ),
        empty=EmptyState(
            title="Retraining was not weighed in this time",
            text="It is weighed when an alert is open or the training data is old, if the policy names a pipeline.",
            command="everlearn policies show MODEL",
        ),
        next_href=more_href,
    )


def _verdict_of_review(review: Review) -> Cell:
    words = {Verdict.PASS: "worth it", Verdict.FAIL: "not worth it", Verdict.NOT_EVALUATED: "not evaluated"}
    tone = Tone.GOOD if review.verdict is Verdict.PASS else Tone.IDLE
    return Cell(text=words[review.verdict], tone=tone)


def decisions_table(decisions: Sequence[Decision], decision_href: Href, *, more_href: str) -> Table:
    """List gates and steps that turned something, newest first."""
    return Table(
        caption="Gates and rollout steps",
        columns=(
            Column(title="about", unit="UTC"),
            Column(title="verdict"),
            Column(title="decision"),
            Column(title="version", is_number=True),
            Column(title="why", is_prose=True),
        ),
        rows=tuple(
            (
                Cell(text=minute(one.effective_at), href=decision_href(one.id)),
                Cell(text=one.finding.verdict.replace("_", " "), tone=VERDICT_TONES[one.finding.verdict]),
                Cell(text=one.kind.replace("_", " ")),
                Cell(text=str(one.parameters.get("candidate", ""))),
                Cell(text=one.finding.reason),
            )
            for one in decisions
        ),
        empty=EmptyState(title="Nothing was decided in this time"),
        next_href=more_href,
    )


def months_table(here: str, windows: Sequence[WindowReport], objective: float) -> Table:
    """Sum windows up by month of event time, newest first; each row leads to that month."""
    months = [(key, list(group)) for key, group in groupby(windows, key=lambda window: window.start.strftime("%Y-%m"))]
    return Table(
        caption="By month",
        columns=(
            Column(title="month"),
            Column(title="error", is_number=True),
            Column(title="of objective", unit="%", is_number=True),
            Column(title="worst window", is_number=True),
            Column(title="labelled", is_number=True),
            Column(title="answers", is_number=True),
            Column(title="failures", is_number=True),
            Column(title="versions"),
        ),
        rows=tuple(_month_row(here, month, group, objective) for month, group in reversed(months)),
        empty=EmptyState(title="No windows in this time"),
    )


def _month_row(here: str, month: str, windows: Sequence[WindowReport], objective: float) -> tuple[Cell, ...]:
    labels = sum(window.label_count for window in windows if window.mae is not None)
    error = sum((window.mae or 0.0) * window.label_count for window in windows) / labels if labels else None
    worst = max((window.mae for window in windows if window.mae is not None), default=None)
    share = None if error is None or not objective else error / objective * 100
    year, number_ = (int(part) for part in month.split("-"))
    after = f"{year + number_ // 12}-{number_ % 12 + 1:02d}-01"
    versions = dict.fromkeys(f"v{window.version}" for window in windows)
    return (
        Cell(text=month, href=f"{here}?since={month}-01&until={after}"),
        Cell(text=fixed(error)),
        Cell(text=fixed(share, 0)),
        Cell(text=fixed(worst)),
        Cell(text=number(labels)),
        Cell(text=number(sum(window.prediction_count for window in windows))),
        Cell(text=number(sum(window.failure_count for window in windows))),
        Cell(text=", ".join(versions)),
    )

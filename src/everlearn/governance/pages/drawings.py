"""A model's life as drawings: one timeline, and the error of its windows."""

from collections.abc import Callable, Sequence

from everlearn.core.decisions import Decision, Verdict
from everlearn.governance.pages.life import Life, Naming, Reign
from everlearn.monitoring import Alert, Level
from everlearn.retraining import Review
from everlearn.rollouts import Rollout
from everlearn.rollouts.model import State
from everlearn.web.formats import number
from everlearn.web.plots import (
    Lane,
    LanePlot,
    LinePlot,
    Mark,
    Point,
    Series,
    Span,
    Threshold,
    VerticalMark,
    draw_lanes,
    draw_lines,
)
from everlearn.web.plots.lanes import LaneDrawing
from everlearn.web.plots.line import LineDrawing
from everlearn.web.view import Tone

HUES = 6
ALIASES = 8  # lanes
_MARGIN = 132  # on both sides of both plots, so that they share their time axis
LEVEL_TONES = {Level.INFO: Tone.WATCH, Level.WARNING: Tone.ACT, Level.CRITICAL: Tone.STOPPED}
STATE_TONES = {
    State.RUNNING: Tone.WATCH,
    State.PROMOTED: Tone.GOOD,
    State.ROLLED_BACK: Tone.STOPPED,
    State.SUPERSEDED: Tone.IDLE,
}

DecisionLink = Callable[[str], str]


def timeline(model: str, life: Life, *, decision_href: DecisionLink) -> LaneDrawing:
    """Draw what was live, tried, alarmed and decided over one axis."""
    return draw_lanes(
        LanePlot(
            title=f"Life of {model}",
            start=life.start,
            end=life.end,
            right=_MARGIN,
            lanes=(
                Lane(name="Live", spans=tuple(_reign(reign) for reign in life.reigns)),
                *_alias_lanes(life, decision_href),
                Lane(
                    name="Rollouts",
                    spans=tuple(_rollout(one) for one in life.rollouts),
                    marks=tuple(_decided(one, decision_href) for one in life.steps if _is_a_turn(one)),
                ),
                Lane(name="Error alerts", spans=_alerts(life.alerts, decision_href, is_drift=False)),
                Lane(name="Drift alerts", spans=_alerts(life.alerts, decision_href, is_drift=True)),
                Lane(name="Gates", marks=tuple(_decided(one, decision_href) for one in life.gates)),
                Lane(name="Retraining", marks=tuple(_review(one, decision_href) for one in life.reviews)),
            ),
        )
    )


def error_plot(life: Life, *, objective: float, csv_href: str) -> LineDrawing:
    """Draw the error of each window against the objective, with the moments at which versions changed."""
    points = tuple(Point(window.start, window.mae) for window in life.windows)
    return draw_lines(
        LinePlot(
            title="Mean absolute error by window",
            series=(Series(name="error", points=points),) if points else (),
            thresholds=(Threshold(value=objective, label=f"objective {number(objective)}"),) if points else (),
            marks=tuple(VerticalMark(x=reign.start, label=f"v{reign.version}") for reign in life.reigns),
            csv_href=csv_href,
            height=260,
            left=_MARGIN,
            x_range=(life.start, life.end),
        )
    )


def _reign(reign: Reign) -> Span:
    return Span(
        start=reign.start,
        end=reign.end,
        label=f"v{reign.version}",
        hue=(reign.version - 1) % HUES + 1,
        href="#versions",
    )


def _alias_lanes(life: Life, decision_href: DecisionLink) -> list[Lane]:
    aliases = sorted({naming.alias for naming in life.namings})[:ALIASES]
    return [
        Lane(
            name=f"@{alias}",
            spans=tuple(_naming(one, decision_href) for one in life.namings if one.alias == alias),
        )
        for alias in aliases
    ]


def _naming(naming: Naming, decision_href: DecisionLink) -> Span:
    return Span(
        start=naming.start,
        end=naming.end,
        label=f"v{naming.version}",
        hue=(naming.version - 1) % HUES + 1,
        href=decision_href(naming.decision_id) if naming.decision_id else "#aliases",
    )


def _rollout(rollout: Rollout) -> Span:
    return Span(
        start=rollout.started_at,
        end=rollout.ended_at,
        label=f"version {rollout.candidate} {rollout.state.replace('_', ' ')}",
        tone=STATE_TONES[rollout.state],
        href="#rollouts",
    )


def _alerts(alerts: Sequence[Alert], decision_href: DecisionLink, *, is_drift: bool) -> tuple[Span, ...]:
    return tuple(
        Span(
            start=alert.opened_at,
            end=alert.resolved_at,
            label=str(alert.level),
            tone=LEVEL_TONES[alert.level],
            href=decision_href(alert.decision_id),
        )
        for alert in alerts
        if (alert.kind == "input_drift") == is_drift
    )


def _is_a_turn(step: Decision) -> bool:
    return step.finding.verdict is not Verdict.NOT_EVALUATED


def _decided(decision: Decision, decision_href: DecisionLink) -> Mark:
    tones = {Verdict.PASS: Tone.GOOD, Verdict.FAIL: Tone.STOPPED, Verdict.NOT_EVALUATED: Tone.IDLE}
    verdict = decision.finding.verdict
    about = f"version {decision.parameters.get('candidate', '?')}"
    return Mark(
        at=decision.effective_at,
        label=f"{about}: {verdict.replace('_', ' ')}",
        tone=tones[verdict],
        href=decision_href(decision.id),
    )


def _review(review: Review, decision_href: DecisionLink) -> Mark:
    is_yes = review.verdict is Verdict.PASS
    return Mark(
        at=review.effective_at,
        label="retraining requested" if is_yes else "not worth its cost",
        tone=Tone.GOOD if is_yes else Tone.IDLE,
        href=decision_href(review.decision_id),
    )

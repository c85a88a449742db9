"""The plot that convinces, by kind of decision; drawn from what was recorded, not computed again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from everlearn.core.decisions import Decision
from everlearn.core.json import JSONValue
from everlearn.decisions.pages.evidence import amount, amounts, part, text
from everlearn.web.formats import number
from everlearn.web.plots import Bar, BarPlot, LinePlot, Point, Series, Threshold, draw_bars, draw_lines
from everlearn.web.plots.bars import BarDrawing
from everlearn.web.plots.line import LineDrawing
from everlearn.web.view import Tone

_HALF = 560
_COLUMNS_DRAWN = 40

WITH_WINDOW = frozenset({"monitoring.error_level"})
"""Kinds whose plot also shows the data that the rule saw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawings:
    """What is drawn on a card."""

    lines: tuple[LineDrawing, ...] = ()
    bars: tuple[BarDrawing, ...] = ()


def drawings_of(decision: Decision, window: JSONValue) -> Drawings:
    """Draw a decision; nothing where its kind has no plot or its evidence no numbers to draw."""
    draw = _DRAWN.get(decision.kind)
    return Drawings() if draw is None else draw(decision, window)


def _gate(decision: Decision, _window: JSONValue) -> Drawings:
    evidence, minimum = decision.finding.evidence, amount(decision.parameters, "minimum_improvement")
    found = amounts(evidence, "improvement", "lower", "upper")
    errors = amounts(evidence, "candidate_error", "baseline_error")
    if found is None or errors is None:
        return Drawings()
    improvement, lower, upper = found
    confidence = amount(evidence, "confidence") or 0.95
    candidate = f"version {text(decision.parameters, 'candidate')}"
    return Drawings(
        bars=(
            draw_bars(
                BarPlot(
                    title=f"Improvement with its {confidence:.0%} interval",
                    width=_HALF,
                    threshold=minimum,
                    threshold_label="" if minimum is None else f"at least {number(minimum)}",
                    bars=(Bar(label=candidate, value=improvement, low=lower, high=upper, tone=_tone(decision)),),
                )
            ),
            draw_bars(
                BarPlot(
                    title="Mean absolute error on the same rows",
                    width=_HALF,
                    bars=(
                        Bar(label=text(decision.parameters, "baseline", "baseline"), value=errors[1]),
                        Bar(label=candidate, value=errors[0], tone=_tone(decision)),
                    ),
                )
            ),
        )
    )


def _level(decision: Decision, window: JSONValue) -> Drawings:
    evidence: Any = decision.finding.evidence
    seen: Any = window
    path = evidence.get("path")
    levels = amounts(decision.finding.evidence, "limit", "reference", "objective")
    if not isinstance(path, list) or levels is None:
        return Drawings()
    limit, reference, objective = levels
    measured = seen.get("mae", []) if isinstance(seen, dict) else []
    series = [Series(name="smoothed", points=_numbered(path))]
    if measured:
        series.append(Series(name="measured", hue=6, is_dashed=True, points=_numbered(measured)))
    plot = LinePlot(
        title="Mean absolute error by window since this version took over",
        x_title="window",
        series=tuple(series),
        thresholds=(
            Threshold(value=limit, label=f"limit {number(limit)}"),
            Threshold(value=objective, label=f"objective {number(objective)}", tone=Tone.STOPPED),
            Threshold(value=reference, label=f"reference {number(reference)}", tone=Tone.IDLE),
        ),
    )
    return Drawings(lines=(draw_lines(plot),))


def _numbered(values: list[float | None]) -> tuple[Point, ...]:
    return tuple(Point(float(index), value) for index, value in enumerate(values, 1))


def _drift(decision: Decision, _window: JSONValue) -> Drawings:
    evidence: Any = decision.finding.evidence
    columns = part(decision.finding.evidence, "columns")
    drifted = evidence.get("drifted") or []
    minimum = amount(decision.parameters, "minimum_psi")
    bars = [
        Bar(
            label=name,
            value=amount(part(columns, name), "psi"),
            tone=Tone.WATCH if name in drifted else "",
            note=f"adjusted p {number(amount(part(columns, name), 'adjusted_p'))}",
        )
        for name in columns
    ]
    bars.sort(key=lambda bar: -(bar.value or 0.0))
    if not bars:
        return Drawings()
    plot = BarPlot(
        title="Population stability index by column, largest shift first",
        threshold=minimum,
        threshold_label="" if minimum is None else f"matters from {number(minimum)}",
        bars=tuple(bars[:_COLUMNS_DRAWN]),
    )
    return Drawings(bars=(draw_bars(plot),))


_TESTS = (
    ("error", "harm: larger error", Tone.STOPPED),
    ("failures", "harm: more failures", Tone.STOPPED),
    ("latency", "harm: slow answers", Tone.STOPPED),
    ("harmless", "harmless within margin", Tone.GOOD),
)


def _step(decision: Decision, _window: JSONValue) -> Drawings:
    bars = []
    for name, label, tone in _TESTS:
        found = amounts(part(decision.finding.evidence, name), "max_log_e", "needed_log_e")
        if found is not None and found[1] > 0:
            reached = found[0] >= found[1]
            note = f"({number(found[0])} of {number(found[1])})"
            bars.append(Bar(label=label, value=found[0] / found[1], tone=tone if reached else "", note=note))
    if not bars:
        return Drawings()
    plot = BarPlot(
        title="Log e-value of each test, as a share of what proves it",
        threshold=1.0,
        threshold_label="proven",
        bars=tuple(bars),
    )
    return Drawings(bars=(draw_bars(plot),))


def _review(decision: Decision, _window: JSONValue) -> Drawings:
    evidence = decision.finding.evidence
    found = amounts(evidence, "expected_gain", "expected_cost")
    errors = amounts(evidence, "error_now", "error_reachable")
    if found is None or errors is None:
        return Drawings()
    gain, cost = found
    money = text(decision.parameters, "currency")
    horizon = text(decision.parameters, "horizon_days")
    return Drawings(
        bars=(
            draw_bars(
                BarPlot(
                    title=f"Gain over {horizon} days against cost",
                    unit=money,
                    width=_HALF,
                    bars=(
                        Bar(label="expected gain", value=gain, tone=Tone.GOOD if gain > cost else ""),
                        Bar(label="expected cost", value=cost, tone=Tone.ACT if gain <= cost else ""),
                    ),
                )
            ),
            draw_bars(
                BarPlot(
                    title="Mean absolute error",
                    width=_HALF,
                    bars=(
                        Bar(label="now", value=errors[0]),
                        Bar(label="reachable by the probe", value=errors[1]),
                    ),
                )
            ),
        )
    )


def _tone(decision: Decision) -> str:
    return {"pass": Tone.GOOD, "fail": Tone.STOPPED}.get(decision.finding.verdict.value, "")


_DRAWN: Mapping[str, Callable[[Decision, JSONValue], Drawings]] = {
    "quality.gate": _gate,
    "monitoring.error_level": _level,
    "monitoring.input_drift": _drift,
    "rollouts.step": _step,
    "retraining.review": _review,
}

"""The statistics of a comparison as a section of its page."""

from collections.abc import Sequence
from dataclasses import dataclass

from everlearn.tracking.comparison import Comparison, Correction, PairResult, Verdict
from everlearn.tracking.journal import RunRecord
from everlearn.tracking.pages.compared import ComparisonQuery
from everlearn.tracking.pages.words import is_own_tag, metric_text
from everlearn.web.formats import MISSING, number
from everlearn.web.plots import Bar, BarPlot, draw_bars
from everlearn.web.plots.bars import BarDrawing
from everlearn.web.view import Cell, Column, EmptyState, Table, Tone

_SENTENCES = 8
_PLOTS = 3
_TONES = {Verdict.DIFFERENT: Tone.GOOD, Verdict.NOT_SHOWN: Tone.IDLE, Verdict.NOT_EVALUATED: Tone.ACT}
_WORDS = {Verdict.DIFFERENT: "different", Verdict.NOT_SHOWN: "not shown", Verdict.NOT_EVALUATED: "not evaluated"}
_BOUNDS = {
    Correction.HOLM: "Holm: the chance that any difference found is none is at most 5 %",
    Correction.BH: "Benjamini and Hochberg: at most 5 % of the differences found are none, on average",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A choice of the form."""

    value: str
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The section."""

    method: str  # what was done, in a sentence
    sentences: tuple[str, ...]
    groups: Table
    pairs: Table
    plots: tuple[BarDrawing, ...]
    by: tuple[Option, ...]
    metrics: tuple[Option, ...]
    corrections: tuple[Option, ...]
    kept: tuple[tuple[str, str], ...]


def statistics_section(query: ComparisonQuery, comparison: Comparison, records: Sequence[RunRecord]) -> Statistics:
    """Say what the comparison says."""
    reasons = [comparison.reason, *(one.reason for one in comparison.omnibus), *_told(comparison.pairs)]
    return Statistics(
        method=_method(comparison),
        sentences=tuple(reason for reason in reasons if reason)[:_SENTENCES],
        groups=_groups(comparison),
        pairs=_pairs(comparison.pairs),
        plots=tuple(
            _differences(comparison, metric) for metric in comparison.metrics[:_PLOTS] if _tested(comparison, metric)
        ),
        by=_options(sorted(_pairing_names(records)), comparison.by),
        metrics=_options(sorted({one.key for record in records for one in record.newest}), comparison.metrics),
        corrections=_options([*Correction], [comparison.correction]),
        kept=query.given("by", "metric", "correction"),
    )


def _told(results: Sequence[PairResult]) -> list[str]:
    """Say each verdict; of those that could not be reached one stands for all, the table has the rest."""
    judged = [one.reason for one in results if one.verdict is not Verdict.NOT_EVALUATED]
    return judged or [one.reason for one in results[:1]]


def _method(comparison: Comparison) -> str:
    if comparison.reason:
        return "Settings are told apart by comparing runs that differ in the seed alone."
    return (
        f"Runs are grouped by every parameter but {' and '.join(comparison.by)}, and paired by it. Intervals are of 95 "
        f"% each; p-values are corrected for all {len(comparison.pairs)} tests here. {_BOUNDS[comparison.correction]}."
    )


def _groups(comparison: Comparison) -> Table:
    return Table(
        caption="Groups",
        columns=(
            Column(title="group"),
            Column(title="runs", is_number=True),
            *(Column(title=f"mean {metric}", is_number=True) for metric in comparison.metrics),
        ),
        rows=tuple(
            (
                Cell(text=group.label),
                Cell(text=number(len(group.run_ids))),
                *(Cell(text=metric_text(group.means.get(metric))) for metric in comparison.metrics),
            )
            for group in comparison.groups
        ),
        empty=EmptyState(title="No groups"),
    )


def _pairs(results: Sequence[PairResult]) -> Table:
    return Table(
        caption="Every two groups",
        columns=(
            Column(title="metric"),
            Column(title="second against first"),
            Column(title="verdict"),
            Column(title="difference", is_number=True),
            Column(title="95 % interval", is_number=True),
            Column(title="effect d", unit="in spreads", is_number=True),
            Column(title="pairs", is_number=True),
            Column(title="adjusted p", is_number=True),
            Column(title="t test", unit="p", is_number=True),
            Column(title="signed rank", unit="p", is_number=True),
            Column(title="sign flip", unit="p", is_number=True),
            Column(title="Nemenyi", unit="p", is_number=True),
        ),
        rows=tuple(_pair(result) for result in results),
        empty=EmptyState(title="Nothing was tested", text="At least two groups with pairs are needed."),
    )


def _pair(result: PairResult) -> tuple[Cell, ...]:
    interval = (
        f"{metric_text(result.lower, 3)} to {metric_text(result.upper, 3)}" if result.lower is not None else MISSING
    )
    return (
        Cell(text=result.metric + (f" ({result.unit})" if result.unit else "")),
        Cell(text=f"{result.second} against {result.first}"),
        Cell(text=_WORDS[result.verdict], tone=_TONES[result.verdict], title=result.reason),
        Cell(text=metric_text(result.mean_difference, 3)),
        Cell(text=interval),
        Cell(text=metric_text(result.standardised_effect, 3)),
        Cell(text=number(result.pair_count)),
        *(
            Cell(text=_p(value))
            for value in (
                result.adjusted_p_value,
                result.p_value,
                result.signed_rank_p_value,
                result.sign_flip_p_value,
                result.nemenyi_p_value,
            )
        ),
    )


def _p(value: float | None) -> str:
    if value is None:
        return MISSING
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"


def _tested(comparison: Comparison, metric: str) -> bool:
    return any(one.metric == metric and one.mean_difference is not None for one in comparison.pairs)


def _differences(comparison: Comparison, metric: str) -> BarDrawing:
    mine = [one for one in comparison.pairs if one.metric == metric and one.mean_difference is not None]
    return draw_bars(
        BarPlot(
            title=f"Mean difference of {metric}, 95 % interval",
            unit=mine[0].unit,
            bars=tuple(
                Bar(
                    label=f"{one.second} against {one.first}",
                    value=one.mean_difference,
                    low=one.lower,
                    high=one.upper,
                    tone="good" if one.verdict is Verdict.DIFFERENT else "idle",
                    note="" if one.verdict is Verdict.DIFFERENT else "(not shown)",
                )
                for one in mine
            ),
            width=560,
        )
    )


def _pairing_names(records: Sequence[RunRecord]) -> set[str]:
    return {key for record in records for key in record.params} | {
        key for record in records for key in record.tags if not is_own_tag(key)
    }


def _options(values: Sequence[str], chosen: Sequence[str]) -> tuple[Option, ...]:
    return tuple(Option(value=value, text=value, is_chosen=value in chosen) for value in values)

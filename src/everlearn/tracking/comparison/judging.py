"""Testing groups against each other, pair by pair, with all tests corrected together."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from everlearn.stats.friedman import friedman_test, nemenyi_p_value
from everlearn.stats.multiplicity import benjamini_hochberg, holm
from everlearn.stats.paired import paired_mean_test
from everlearn.stats.sign_flip import sign_flip_test
from everlearn.stats.signed_rank import signed_rank_test
from everlearn.tracking.comparison.groups import Group
from everlearn.tracking.comparison.verdicts import Correction, Omnibus, PairResult, Verdict
from everlearn.tracking.metric_schema import UNDECLARED, Direction, MetricSchema

LEVEL, CONFIDENCE = 0.05, 0.95
LEAST_PAIRS = 5  # with fewer, a spread is a guess and no exact test can reach the level
_MOST_FLIPPED = 30  # pairs; counting out more would take longer than a page may


def judge(
    groups: Sequence[Group], metrics: Sequence[str], schemas: Mapping[str, MetricSchema], correction: Correction
) -> tuple[list[PairResult], list[Omnibus]]:
    """Compare every two groups on every metric, and from three groups on all together."""
    results, together = list[PairResult](), list[Omnibus]()
    for metric in metrics:
        schema = schemas.get(metric, UNDECLARED)
        values = {group.label: group.values(metric) for group in groups}
        omnibus = _all_together(metric, values, schema) if len(groups) > 2 else None
        together += [omnibus] if omnibus else []
        for first, second in combinations(values, 2):
            tested = _tested(metric, schema.unit, (first, values[first]), (second, values[second]))
            results.append(_with_nemenyi(tested, omnibus, len(groups)))
    return _corrected(results, schemas, correction), together


def _tested(
    metric: str,
    unit: str,
    first: tuple[str, Mapping[tuple[str, ...], float]],
    second: tuple[str, Mapping[tuple[str, ...], float]],
) -> PairResult:
    shared = [pair for pair in first[1] if pair in second[1]]
    differences = [
        second[1][pair] - first[1][pair]
        for pair in shared
        if math.isfinite(first[1][pair]) and math.isfinite(second[1][pair])
    ]
    result = PairResult(
        metric=metric,
        unit=unit,
        first=first[0],
        second=second[0],
        verdict=Verdict.NOT_EVALUATED,
        reason=_too_few(len(differences), len(shared), first, second),
        better=None,
        pair_count=len(differences),
    )
    return _measured(result, differences) if len(differences) >= LEAST_PAIRS else result


def _measured(result: PairResult, differences: Sequence[float]) -> PairResult:
    t = paired_mean_test(differences, confidence=CONFIDENCE)
    flipped = sign_flip_test(differences).p_value if len(differences) <= _MOST_FLIPPED else None
    p_value = 2.0 * min(t.p_value, 1.0 - t.p_value)
    if t.t_statistic is None:  # every difference is the same: there is no spread to judge by, but signs there are
        p_value = flipped if flipped is not None else signed_rank_test(differences).p_value
    return replace(
        result,
        mean_difference=t.mean_difference,
        lower=t.lower,
        upper=t.upper,
        standardised_effect=t.standardised_effect,
        p_value=p_value,
        signed_rank_p_value=signed_rank_test(differences).p_value,
        sign_flip_p_value=flipped,
    )


def _corrected(
    results: Sequence[PairResult], schemas: Mapping[str, MetricSchema], correction: Correction
) -> list[PairResult]:
    tested = [result for result in results if result.p_value is not None]
    p_values = [result.p_value for result in tested if result.p_value is not None]
    select = holm if correction is Correction.HOLM else benjamini_hochberg
    adjusted = iter(select(p_values, rate=LEVEL).adjusted)
    return [
        result if result.p_value is None else _judged(result, next(adjusted), schemas.get(result.metric, UNDECLARED))
        for result in results
    ]


def _judged(result: PairResult, adjusted: float, schema: MetricSchema) -> PairResult:
    difference = result.mean_difference or 0.0
    is_different = adjusted <= LEVEL
    better = None
    if is_different and schema.direction is not None:
        is_second = (difference > 0) == (schema.direction is Direction.HIGHER)
        better = result.second if is_second else result.first
    verdict = Verdict.DIFFERENT if is_different else Verdict.NOT_SHOWN
    judged = replace(result, adjusted_p_value=adjusted, verdict=verdict, better=better)
    return replace(judged, reason=_in_words(judged))


def _in_words(result: PairResult) -> str:
    unit = f" {result.unit}" if result.unit else ""
    difference = result.mean_difference or 0.0
    interval = f"{_number(result.lower)} to {_number(result.upper)}{unit}"
    numbers = f"95 % interval {interval}, {result.pair_count} pairs, adjusted p {_p_text(result.adjusted_p_value)}"
    if result.verdict is Verdict.DIFFERENT:
        word = "higher" if difference > 0 else "lower"
        size = f"{_number(abs(difference))}{unit}"
        tail = f"; {result.better} is better." if result.better else "."
        return f"{result.metric} is {word} with {result.second} than with {result.first}, by {size} ({numbers}){tail}"
    return (
        f"No difference of {result.metric} is shown between {result.first} and {result.second}: "
        f"{_number(difference)}{unit} ({numbers})."
    )


def _too_few(
    count: int,
    shared: int,
    first: tuple[str, Mapping[tuple[str, ...], float]],
    second: tuple[str, Mapping[tuple[str, ...], float]],
) -> str:
    said = f"{count} pairs of {first[0]} and {second[0]}; {LEAST_PAIRS} are the least"
    if shared > count:
        return f"{said}. {shared - count} pairs were left out, because a value is not a finite number."
    if count < min(len(first[1]), len(second[1])):
        return f"{said}. The groups have {len(first[1])} and {len(second[1])} values, but few in common."
    return f"{said}. Run both with more of the same seeds."


def _all_together(metric: str, values: Mapping[str, Mapping[tuple[str, ...], float]], schema: MetricSchema) -> Omnibus:
    pairs = next(iter(values.values()))
    whole = [pair for pair in pairs if all(math.isfinite(held.get(pair, math.nan)) for held in values.values())]
    if len(whole) < LEAST_PAIRS:
        reason = f"{len(whole)} seeds are common to all {len(values)} groups; {LEAST_PAIRS} are the least."
        return Omnibus(
            metric=metric, verdict=Verdict.NOT_EVALUATED, reason=reason, block_count=len(whole), mean_ranks={}
        )
    sign = -1.0 if schema.direction is Direction.HIGHER else 1.0
    found = friedman_test([[sign * held[pair] for held in values.values()] for pair in whole])
    is_different = found.f_p_value <= LEVEL
    words = "At least one group differs from another" if is_different else "No difference among the groups is shown"
    reason = f"{words} in {metric}: Friedman's test over {len(whole)} seeds, p {_p_text(found.f_p_value)}."
    return Omnibus(
        metric=metric,
        verdict=Verdict.DIFFERENT if is_different else Verdict.NOT_SHOWN,
        reason=reason,
        block_count=len(whole),
        mean_ranks=dict(zip(values, found.mean_ranks, strict=True)),
        chi_square=found.chi_square,
        p_value=found.p_value,
        f_statistic=found.f_statistic,
        f_p_value=found.f_p_value,
    )


def _with_nemenyi(result: PairResult, omnibus: Omnibus | None, group_count: int) -> PairResult:
    if omnibus is None or not omnibus.mean_ranks:
        return result
    difference = omnibus.mean_ranks[result.second] - omnibus.mean_ranks[result.first]
    p_value = nemenyi_p_value(difference, blocks=omnibus.block_count, treatments=group_count)
    return replace(result, nemenyi_p_value=p_value)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _p_text(value: float | None) -> str:
    if value is None:
        return ""
    return "< 0.0001" if value < 1e-4 else f"= {value:.2g}"

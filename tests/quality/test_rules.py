"""The gate's rule: who passes, who fails, and who cannot be judged."""

import json
from typing import Any

import numpy as np
import pytest
import scipy.stats

from everlearn.core.decisions import Verdict
from everlearn.core.errors import InvalidError
from everlearn.core.json import canonical_json
from everlearn.quality.model import GatePolicy
from everlearn.quality.rules import PAIRED_ERROR, RULES, paired_error

ASKED: dict[str, Any] = {
    "minimum_improvement": 0.1,
    "confidence": 0.95,
    "minimum_rows": 100,
    "minimum_blocks": 5,
    "candidate": 2,
    "baseline": "version 1",
}


def window(
    improvement: float, *, days: int = 20, rows: int = 30, day_spread: float = 0.0, spread: float = 0.5, seed: int = 1
) -> dict[str, Any]:
    """Errors of both versions on the same rows; the candidate's are smaller by `improvement` on average."""
    random = np.random.default_rng(seed)
    block = np.repeat(np.arange(days), rows)
    baseline = 10.0 + random.exponential(5.0, days * rows)
    gain = improvement + random.normal(0.0, day_spread, days)[block] + random.normal(0.0, spread, days * rows)
    return {
        "candidate": (baseline - gain).tolist(),
        "baseline": baseline.tolist(),
        "block": [f"2013-03-{day + 1:02}" for day in block],
    }


def test_the_rule_is_known_by_its_name_and_revision() -> None:
    assert set(RULES) == {PAIRED_ERROR} == {"quality.paired_error@1"}


def test_a_better_candidate_passes_and_the_reason_has_the_numbers() -> None:
    finding = paired_error(ASKED, window(1.0))

    assert finding.verdict is Verdict.PASS
    assert f"improvement {finding.evidence['improvement']:+.2f}" in finding.reason
    assert "version 1" in finding.reason


@pytest.mark.parametrize("improvement", [0.0, -1.0])
def test_a_candidate_that_is_no_better_fails(improvement: float) -> None:
    assert paired_error(ASKED, window(improvement)).verdict is Verdict.FAIL


def test_an_improvement_that_is_certain_but_too_small_fails() -> None:
    finding = paired_error(ASKED, window(0.05, spread=0.02))

    assert finding.verdict is Verdict.FAIL
    assert finding.evidence["lower"] > 0  # type: ignore[operator]


def test_an_improvement_that_is_large_but_uncertain_fails() -> None:
    finding = paired_error(ASKED, window(1.0, days=6, day_spread=4.0, seed=4))

    assert finding.verdict is Verdict.FAIL
    assert finding.evidence["improvement"] > 0.1  # type: ignore[operator]


def test_days_are_the_units_not_rows() -> None:
    seen = window(0.4, days=8, rows=200, day_spread=1.0, seed=3)

    by_days = paired_error(ASKED, seen).evidence
    by_rows = paired_error(ASKED, {**seen, "block": [str(row) for row in range(1600)]}).evidence

    assert by_days["standard_error"] > 3 * by_rows["standard_error"]  # type: ignore[operator]


def test_evidence_is_the_paired_t_test_of_scipy_on_days() -> None:
    seen = window(0.3, day_spread=0.5)
    gains = (np.array(seen["baseline"]) - np.array(seen["candidate"])).reshape(20, 30)

    evidence: Any = paired_error(ASKED, seen).evidence

    theirs = scipy.stats.ttest_1samp(gains.mean(axis=1), 0.0, alternative="greater")
    interval = scipy.stats.ttest_1samp(gains.mean(axis=1), 0.0).confidence_interval(0.95)
    assert evidence["improvement"] == pytest.approx(gains.mean())
    assert (evidence["lower"], evidence["upper"]) == pytest.approx((interval.low, interval.high))
    assert evidence["p_value"] == pytest.approx(theirs.pvalue)
    assert evidence["standardised_effect"] == pytest.approx(gains.mean() / gains.std(ddof=1))
    assert evidence["baseline_error"] - evidence["candidate_error"] == pytest.approx(evidence["improvement"])
    assert (evidence["n"], evidence["blocks"]) == (600, 20)


@pytest.mark.parametrize(("days", "rows"), [(20, 4), (4, 100), (1, 500), (0, 0)])
def test_too_little_data_is_not_evaluated_however_good_it_looks(days: int, rows: int) -> None:
    finding = paired_error(ASKED, window(5.0, days=days, rows=rows))

    assert finding.verdict is Verdict.NOT_EVALUATED
    assert "too few" in finding.reason
    assert finding.evidence == {"n": days * rows, "blocks": days}


def test_one_day_is_never_enough_whatever_was_asked() -> None:
    asked = {**ASKED, "minimum_blocks": 1, "minimum_rows": 1}

    assert paired_error(asked, window(5.0, days=1)).verdict is Verdict.NOT_EVALUATED


def test_a_candidate_that_leaves_rows_unanswered_fails() -> None:
    seen = window(1.0)
    seen["candidate"][7] = seen["candidate"][70] = None

    finding = paired_error(ASKED, seen)

    assert finding.verdict is Verdict.FAIL
    assert finding.reason == "2 of 600 answers are no numbers"
    assert finding.evidence["unanswered"] == 2


def test_rows_that_the_baseline_left_unanswered_are_left_out() -> None:
    seen = window(1.0)
    seen["baseline"][:60] = [None] * 60

    finding = paired_error(ASKED, seen)

    assert finding.verdict is Verdict.PASS
    assert (finding.evidence["n"], finding.evidence["blocks"]) == (540, 18)


@pytest.mark.parametrize(
    "seen", [window(1.0), window(-3.0), window(1.0, days=2), {"candidate": [1.0] * 200, "baseline": [1.5] * 200}]
)
def test_evidence_is_json_with_finite_numbers(seen: dict[str, Any]) -> None:
    seen = {"block": [f"2013-03-{row % 10 + 1:02}" for row in range(200)], **seen}  # the last: no spread at all

    evidence = paired_error(ASKED, seen).evidence

    assert json.loads(canonical_json(evidence)) == evidence


def test_a_candidate_that_is_as_good_passes_by_chance_as_seldom_as_the_interval_says() -> None:
    asked = {**ASKED, "minimum_improvement": 0.0}
    passed = [
        paired_error(asked, window(0.0, days=10, rows=12, day_spread=0.5, seed=seed)).verdict is Verdict.PASS
        for seed in range(600)
    ]

    assert np.mean(passed) == pytest.approx(0.025, abs=0.025)


@pytest.mark.parametrize(
    "wrong", [{"confidence": 1.0}, {"confidence": 0.0}, {"minimum_blocks": 1}, {"minimum_rows": 0}]
)
def test_a_policy_that_no_candidate_can_be_judged_by_is_refused(wrong: dict[str, Any]) -> None:
    assert GatePolicy().minimum_blocks >= 2
    with pytest.raises(InvalidError):
        GatePolicy(**wrong)

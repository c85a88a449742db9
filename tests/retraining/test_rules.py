"""Whether retraining is worth its cost: repairable error against noise, money against money."""

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from everlearn.core.decisions import Verdict
from everlearn.core.errors import InvalidError
from everlearn.core.json import canonical_json
from everlearn.retraining.model import RetrainingPolicy
from everlearn.retraining.rules import RULES, WORTHWHILE, corrected, worthwhile

Floats = NDArray[np.float64]
ASKED: dict[str, Any] = {
    "version": 3,
    "currency": "USD",
    "value_per_unit": 0.01,
    "traffic_weight": 2.0,
    "horizon_days": 30.0,
    "cpu_hour_price": 0.5,
    "fixed_cost": 100.0,
}


def stretch(bias: float, count: int, *, noise: float, seed: int) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    value = random.uniform(0.0, 60.0, count)
    label = value + bias + random.laplace(0.0, noise, count) if noise else value + bias
    return {"value": value.tolist(), "label": label.tolist()}


def window(bias: float = 0.0, *, noise: float = 0.0, fit: int = 400, test: int = 200, **changes: Any) -> dict[str, Any]:
    return {
        "fit": stretch(bias, fit, noise=noise, seed=1),
        "test": stretch(bias, test, noise=noise, seed=2),
        "predictions_per_day": 50.0,
        "cpu_s": 7200.0,
        "signals": ["error"],
        **changes,
    }


def test_the_rule_is_known_by_its_name_and_revision() -> None:
    assert set(RULES) == {WORTHWHILE} == {"retraining.worthwhile@1"}


def test_the_money_is_counted_as_one_would_by_hand() -> None:
    finding = worthwhile(ASKED, window(5.0))

    evidence: Any = finding.evidence
    assert finding.verdict is Verdict.PASS
    assert (evidence["error_now"], evidence["error_reachable"]) == pytest.approx((5.0, 0.0), abs=1e-9)
    assert evidence["answers_in_horizon"] == 50.0 * 2.0 * 30.0
    assert evidence["expected_gain"] == pytest.approx(5.0 * 3000.0 * 0.01)  # 150 USD
    assert (evidence["compute_cost"], evidence["expected_cost"]) == (1.0, 101.0)
    assert evidence["net"] == pytest.approx(49.0)
    assert "a gain of 150 USD over 30 days brings more than its cost of 101 USD" in finding.reason


@pytest.mark.parametrize(
    "change", [{"fixed_cost": 200.0}, {"value_per_unit": 0.005}, {"horizon_days": 10.0}, {"cpu_hour_price": 30.0}]
)
def test_a_gain_that_does_not_bring_back_its_cost_fails(change: dict[str, float]) -> None:
    finding = worthwhile(ASKED | change, window(5.0))

    assert finding.verdict is Verdict.FAIL
    assert "does not bring back" in finding.reason


def test_error_that_is_noise_is_not_bought_back() -> None:
    finding = worthwhile({**ASKED, "fixed_cost": 60.0}, window(0.0, noise=15.0))

    evidence: Any = finding.evidence
    assert evidence["error_now"] > 10.0  # as large as a bias worth hundreds
    assert finding.verdict is Verdict.FAIL
    assert evidence["error_reachable"] == pytest.approx(evidence["error_now"], rel=0.05)


def test_a_champion_that_is_wrong_both_ways_is_seen_though_its_mean_error_is_zero() -> None:
    def tilted(count: int, seed: int) -> dict[str, Any]:
        value = np.random.default_rng(seed).uniform(0.0, 60.0, count)
        return {"value": value.tolist(), "label": (30.0 + 0.5 * (value - 30.0)).tolist()}

    finding = worthwhile(ASKED, {**window(), "fit": tilted(800, 3), "test": tilted(300, 4)})

    evidence: Any = finding.evidence
    assert evidence["error_now"] == pytest.approx(7.5, abs=0.5)
    assert evidence["error_reachable"] < 1.0


@pytest.mark.parametrize(("fit", "test"), [(49, 500), (500, 49), (0, 0)])
def test_too_few_labels_are_not_evaluated(fit: int, test: int) -> None:
    finding = worthwhile(ASKED, window(5.0, fit=fit, test=test))

    assert finding.verdict is Verdict.NOT_EVALUATED
    assert f"{fit} and {test} labelled answers are too few" in finding.reason
    assert (finding.evidence["n_fit"], finding.evidence["n_test"]) == (fit, test)
    assert finding.evidence["expected_gain"] == 0.0


def test_fifty_labels_on_each_side_are_enough() -> None:
    assert worthwhile(ASKED, window(5.0, fit=50, test=50)).verdict is Verdict.PASS


@pytest.mark.parametrize(
    "seen", [window(5.0), window(0.0, noise=20.0), window(fit=10), window(predictions_per_day=0.0)]
)
def test_evidence_is_json_with_finite_numbers(seen: dict[str, Any]) -> None:
    evidence = worthwhile(ASKED, seen).evidence

    assert json.loads(canonical_json(evidence)) == evidence


def test_the_question_has_no_luck_in_it() -> None:
    assert worthwhile(ASKED, window(3.0, noise=4.0)) == worthwhile(ASKED, window(3.0, noise=4.0))


def test_a_shift_is_taken_back_everywhere() -> None:
    value = np.linspace(0.0, 10.0, 200)
    target = np.array([-100.0, 0.0, 3.3, 10.0, 500.0])

    assert corrected(value, value + 7.0, target) == pytest.approx(target + 7.0)


def test_between_bands_the_correction_is_linear_and_outside_it_is_flat() -> None:
    value = np.linspace(0.0, 80.0, 801)
    label = value + value / 10.0  # an error that grows with the answer

    moved = corrected(value, label, np.array([40.0, 5.0, 75.0, 1000.0, -1000.0]))

    assert moved - [40.0, 5.0, 75.0, 1000.0, -1000.0] == pytest.approx([4.0, 0.5, 7.5, 7.5, 0.5], abs=0.02)


def test_answers_that_are_all_the_same_are_corrected_by_their_median_error() -> None:
    value = np.full(60, 5.0)
    label = np.concatenate([np.full(31, 9.0), np.full(29, 100.0)])  # a few are far off

    assert corrected(value, label, np.array([5.0, 0.0])) == pytest.approx([9.0, 4.0])


@pytest.mark.parametrize(
    "wrong", [{"horizon_days": 0.0}, {"traffic_weight": -1.0}, {"fixed_cost": -1.0}, {"value_per_unit": float("nan")}]
)
def test_economics_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    assert RetrainingPolicy().horizon_days > 0
    with pytest.raises(InvalidError):
        RetrainingPolicy(**wrong)

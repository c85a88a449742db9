"""The rule of a rollout step: rolled back when harmful, passed when harmless, patient otherwise."""

import json
import math
from typing import Any

import numpy as np
import pytest
from tests.stats.simulated import most_alarms

from everlearn.core.decisions import Finding, Verdict
from everlearn.core.json import canonical_json
from everlearn.rollouts.rules import RULES, SHARES, STEP, step

ASKED: dict[str, Any] = {
    "alpha": 0.05,
    "beta": 0.05,
    "margin": 1.0,
    "largest_difference": 20.0,
    "latency_share": 0.01,
    "minimum_pairs": 100,
}


def seen(differences: Any = (), **changes: Any) -> dict[str, Any]:
    given = [float(value) for value in differences]
    counts = {"scored": max(len(given), 1000), "candidate_failures": 0, "champion_failures": 0, "slow": 0}
    return {"differences": given, **counts, **changes}


def differences(mean: float, count: int, *, seed: int = 1, spread: float = 3.0) -> Any:
    return np.clip(np.random.default_rng(seed).normal(mean, spread, count), -20.0, 20.0)


def test_the_rule_is_known_by_its_name_and_revision() -> None:
    assert set(RULES) == {STEP} == {"rollouts.step@1"}


@pytest.mark.parametrize("mean", [0.0, -2.0])
def test_a_candidate_that_is_no_worse_passes_with_pairs_enough(mean: float) -> None:
    finding = step(ASKED, seen(differences(mean, 800)))

    assert finding.verdict is Verdict.PASS
    assert "worse by less than 1" in finding.reason
    assert finding.evidence["mean_difference"] == pytest.approx(mean, abs=0.3)


def test_a_worse_candidate_is_rolled_back_for_its_error() -> None:
    finding = step(ASKED, seen(differences(2.5, 400)))

    assert finding.verdict is Verdict.FAIL
    assert finding.reason.startswith("harm proven by error")


def test_harm_needs_no_minimum_of_pairs() -> None:
    assert step(ASKED, seen([20.0] * 60)).verdict is Verdict.FAIL


def test_a_candidate_that_fails_more_often_is_rolled_back_without_any_label() -> None:
    finding = step(ASKED, seen(candidate_failures=40, champion_failures=5))

    assert finding.verdict is Verdict.FAIL
    assert finding.reason.startswith("harm proven by failures")


def test_a_slow_candidate_is_rolled_back_without_any_label() -> None:
    finding = step(ASKED, seen(slow=60))

    assert finding.verdict is Verdict.FAIL
    assert finding.reason.startswith("harm proven by latency")


def test_all_harm_is_named() -> None:
    finding = step(ASKED, seen([20.0] * 200, slow=200, candidate_failures=90))

    assert finding.reason.startswith("harm proven by error and failures and latency")


def test_harm_outweighs_a_good_error() -> None:
    pairs = differences(-2.0, 800)

    assert step(ASKED, seen(pairs)).verdict is Verdict.PASS
    assert step(ASKED, seen(pairs, slow=100)).verdict is Verdict.FAIL


@pytest.mark.parametrize("count", [0, 1, 99])
def test_with_too_few_pairs_it_waits(count: int) -> None:
    finding = step(ASKED, seen([-20.0] * count))

    assert finding.verdict is Verdict.NOT_EVALUATED
    assert "100 needed" in finding.reason


def test_where_neither_is_proven_it_waits() -> None:
    finding = step(ASKED, seen(differences(0.6, 150)))

    assert finding.verdict is Verdict.NOT_EVALUATED
    assert "neither harm nor harmlessness" in finding.reason


def test_nothing_seen_is_not_evaluated() -> None:
    finding = step(ASKED, seen(scored=0))

    assert finding.verdict is Verdict.NOT_EVALUATED
    assert finding.evidence["mean_difference"] is None


def test_as_many_failures_as_the_champion_are_no_harm() -> None:
    finding = step(ASKED, seen(differences(0.0, 800), candidate_failures=50, champion_failures=50, slow=10))

    assert finding.verdict is Verdict.PASS


def test_the_three_tests_that_roll_back_share_one_error_budget() -> None:
    evidence: Any = step(ASKED, seen()).evidence

    spent = [math.exp(-evidence[name]["needed_log_e"]) for name in ("error", "failures", "latency")]
    assert sum(spent) == pytest.approx(ASKED["alpha"])
    assert sum(SHARES.values()) == pytest.approx(1.0)
    assert math.exp(-evidence["harmless"]["needed_log_e"]) == pytest.approx(ASKED["beta"])


@pytest.mark.parametrize(
    "window", [seen(), seen(scored=0), seen([20.0] * 3000, slow=1000), seen([-20.0] * 3000), seen(differences(0, 500))]
)
def test_evidence_is_json_with_finite_numbers(window: dict[str, Any]) -> None:
    evidence = step(ASKED, window).evidence

    assert json.loads(canonical_json(evidence)) == evidence


def day_by_day(mean: float, random: np.random.Generator, asked: dict[str, Any]) -> Finding:
    """Look every day, as the platform does, until there is a verdict or three weeks are over."""
    pairs: list[float] = []
    counts = {"scored": 0, "candidate_failures": 0, "champion_failures": 0, "slow": 0}
    for _ in range(21):
        pairs += np.clip(random.normal(mean, 3.0, 60), -20.0, 20.0).tolist()
        counts["scored"] += 60
        counts["candidate_failures"] += int(random.poisson(1.0))
        counts["champion_failures"] += int(random.poisson(1.0))
        counts["slow"] += int(random.binomial(60, 0.01))
        finding = step(asked, seen(pairs, **counts))
        if finding.verdict is not Verdict.NOT_EVALUATED:
            break
    return finding


def test_harmless_candidates_are_seldom_rolled_back_though_looked_at_daily() -> None:
    random = np.random.default_rng(21)

    verdicts = [day_by_day(0.0, random, ASKED).verdict for _ in range(150)]

    assert verdicts.count(Verdict.FAIL) <= most_alarms(150, 0.05)
    assert verdicts.count(Verdict.PASS) >= 140


def test_candidates_as_bad_as_the_margin_seldom_pass_though_looked_at_daily() -> None:
    random = np.random.default_rng(22)

    verdicts = [day_by_day(1.0, random, ASKED).verdict for _ in range(150)]

    assert verdicts.count(Verdict.PASS) <= most_alarms(150, 0.05)


def test_a_smaller_budget_asks_for_more_evidence() -> None:
    pairs = next(
        pairs
        for count in range(20, 400, 5)
        if step(ASKED, seen(pairs := differences(2.0, count))).verdict is Verdict.FAIL
    )

    assert step({**ASKED, "alpha": 1e-6}, seen(pairs)).verdict is not Verdict.FAIL

"""Betting, error allocation and exceedance: fair games by exact enumeration, false alarms by simulation."""

import math
from itertools import product

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stats.simulated import most_alarms

from everlearn.stats import betting, error_allocation, exceedance
from everlearn.stats.betting import mean_interval, mean_test
from everlearn.stats.e_process import log_mean_exp, summarised
from everlearn.stats.error_allocation import EITHER_WAY, Segment, error_allocation_test, failures_to_verdict
from everlearn.stats.exceedance import exceedance_test
from everlearn.stats.samples import InvalidSampleError

# --- what all of them report


def test_the_first_crossing_is_the_first_look_at_one_over_alpha() -> None:
    result = summarised(np.log([2.0, 19.9, 20.1, 5.0, 30.0, 3.0]), alpha=0.05)

    assert (result.first_crossing, result.is_rejected, result.look_count) == (2, True, 6)
    assert math.exp(result.log_e) == pytest.approx(3.0)
    assert result.p_value == pytest.approx(1.0 / 30.0)


def test_no_evidence_is_a_p_value_of_one() -> None:
    for path in ([], [-1.0, -2.0]):
        result = summarised(np.array(path), alpha=0.05)
        assert (result.is_rejected, result.p_value, result.max_log_e) == (False, 1.0, 0.0)


def test_averages_neither_overflow_nor_vanish() -> None:
    assert log_mean_exp(np.array([[2000.0, 2000.0], [-2000.0, -2000.0]])) == pytest.approx([2000.0, -2000.0])


# --- betting on a bounded mean


@pytest.mark.parametrize("mean", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_a_bet_on_a_coin_of_the_border_is_fair(mean: float, alternative: betting.Alternative) -> None:
    expected = 0.0
    for tosses in product([0.0, 1.0], repeat=8):
        chance = math.prod(mean if toss else 1.0 - mean for toss in tosses)
        expected += chance * math.exp(mean_test(tosses, mean=mean, alternative=alternative).log_e)

    assert expected == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize(("chance", "is_lost"), [(0.2, True), (0.4, False)])
def test_a_bet_loses_inside_the_null_hypothesis_and_wins_outside(chance: float, is_lost: bool) -> None:
    expected = sum(
        math.prod(chance if toss else 1.0 - chance for toss in tosses)
        * math.exp(mean_test(tosses, mean=0.3, alternative="greater").log_e)
        for tosses in product([0.0, 1.0], repeat=8)
    )

    assert (expected < 1.0) == is_lost


def draws(kind: str, random: np.random.Generator, size: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    match kind:
        case "coin":
            return random.binomial(1, 0.3, size).astype(np.float64)
        case "skewed":
            return random.beta(0.3, 0.7, size)
        case _:  # days on which everything goes together; the conditional mean is 0.3 all the same
            return np.where(np.arange(size) // 20 % 2 == 0, random.beta(3.0, 7.0, size), random.binomial(1, 0.3, size))


@pytest.mark.parametrize("kind", ["coin", "skewed", "by days"])
@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_looking_after_every_value_alarms_no_more_than_alpha(kind: str, alternative: betting.Alternative) -> None:
    random = np.random.default_rng(2024)

    alarms = [mean_test(draws(kind, random, 400), mean=0.3, alternative=alternative).is_rejected for _ in range(1000)]

    assert sum(alarms) <= most_alarms(1000, 0.05)


def test_an_effect_is_found_and_sooner_when_it_is_larger() -> None:
    random = np.random.default_rng(7)
    results = {
        chance: [
            mean_test(random.binomial(1, chance, 1000), mean=0.3, alternative="greater").first_crossing
            for _ in range(100)
        ]
        for chance in (0.4, 0.6)
    }

    assert sum(found is not None for found in results[0.4]) >= 95
    assert all(found is not None for found in results[0.6])
    assert np.median([found for found in results[0.6] if found is not None]) < 50


def test_the_interval_covers_the_mean_at_all_times_and_closes_in() -> None:
    random = np.random.default_rng(2)
    missed, widths = 0, []
    for _ in range(300):
        interval = mean_interval(random.beta(2.0, 5.0, 400), alpha=0.1)  # the intersection over all times up to 400
        missed += not interval.lower <= 2.0 / 7.0 <= interval.upper
        widths.append(interval.upper - interval.lower)

    assert missed <= most_alarms(300, 0.1)
    # by far narrower than Hoeffding's at one time, which knows nothing of the spread
    assert np.mean(widths) < 2.0 * math.sqrt(math.log(2.0 / 0.1) / 800.0)


def test_the_interval_holds_the_means_that_the_tests_do_not_reject() -> None:
    values = np.random.default_rng(4).beta(5.0, 3.0, 150)

    interval = mean_interval(values, alpha=0.1)

    for gap, is_rejected in ((-1e-4, True), (1e-4, False)):
        low = mean_test(values, mean=interval.lower + gap, alternative="greater", alpha=0.05)
        high = mean_test(values, mean=interval.upper - gap, alternative="less", alpha=0.05)
        assert low.is_rejected == high.is_rejected == is_rejected


@given(values=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_intervals_turn_and_stretch_with_the_values(values: list[float]) -> None:
    plain = mean_interval(values)

    turned = mean_interval([1.0 - value for value in values])
    stretched = mean_interval([value * 50.0 - 10.0 for value in values], low=-10.0, high=40.0)

    assert (turned.lower, turned.upper) == pytest.approx((1.0 - plain.upper, 1.0 - plain.lower), abs=1e-6)
    assert (stretched.lower, stretched.upper) == pytest.approx(
        (plain.lower * 50.0 - 10.0, plain.upper * 50.0 - 10.0), abs=1e-5
    )
    assert plain.lower >= 0.0
    assert plain.upper <= 1.0


def test_a_mean_that_moved_leaves_no_single_mean() -> None:
    interval = mean_interval([0.0] * 300 + [1.0] * 300)

    assert interval.lower > interval.upper


@pytest.mark.parametrize("values", [[0.0] * 50, [1.0] * 50, [0.5]])
def test_extreme_values_have_an_interval_too(values: list[float]) -> None:
    interval = mean_interval(values)

    assert 0.0 <= interval.lower <= interval.mean <= interval.upper <= 1.0


def test_the_wealth_of_long_streams_is_that_of_one_piece() -> None:
    values = np.random.default_rng(6).random(20_000)

    path = betting.log_wealth(values, mean=0.5, alternative="greater")

    stakes = np.geomspace(0.01, 0.98, 12)
    final = np.log1p((values[:, None] / 0.5 - 1.0) * stakes).sum(axis=0)
    assert path[-1] == pytest.approx(np.log(np.exp(final - final.max()).mean()) + final.max(), abs=1e-6)
    assert len(path) == 20_000


def test_bets_that_cannot_be_are_refused() -> None:
    assert mean_test([], mean=0.5, alternative="less").look_count == 0
    for values, mean in (([1.5], 0.5), ([-0.1], 0.5), ([0.5], 0.0), ([0.5], 1.0), ([float("nan")], 0.5)):
        with pytest.raises(InvalidSampleError):
            mean_test(values, mean=mean, alternative="greater")
    with pytest.raises(InvalidSampleError):
        mean_interval([])
    with pytest.raises(InvalidSampleError):
        mean_interval([1.0], low=1.0, high=1.0)


# --- rare failures by where they land


@pytest.mark.parametrize("ratios", [error_allocation.WORSE, EITHER_WAY])
@pytest.mark.parametrize("share", [0.05, 0.5])
def test_failures_that_land_by_share_are_a_fair_game(share: float, ratios: tuple[float, ...]) -> None:
    expected = 0.0
    for first, second in product(range(6), range(4)):  # five failures, then three at another share
        chance = scipy.stats.binom.pmf(first, 5, share) * scipy.stats.binom.pmf(second, 3, 0.8)
        segments = [
            Segment(candidate_failures=first, all_failures=5, share=share),
            Segment(candidate_failures=second, all_failures=3, share=0.8),
        ]
        expected += chance * math.exp(error_allocation_test(segments, ratios=ratios).log_e)

    assert expected == pytest.approx(1.0, rel=1e-9)


def canary(random: np.random.Generator, ratio: float, looks: int = 150) -> list[Segment]:
    """Traffic in four steps of a rollout and a failure rate that has its own day."""
    segments = []
    for look in range(looks):
        share, rate = (0.01, 0.05, 0.2, 0.5)[look * 4 // looks], 0.002 * (1.0 + math.sin(look / 9.0) ** 2)
        candidate = random.poisson(5000 * share * rate * ratio)
        champion = random.poisson(5000 * (1.0 - share) * rate)
        segments.append(Segment(candidate_failures=candidate, all_failures=candidate + champion, share=share))
    return segments


@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_a_candidate_that_is_not_worse_is_seldom_blamed(ratio: float) -> None:
    random = np.random.default_rng(1000)

    alarms = [error_allocation_test(canary(random, ratio)).is_rejected for _ in range(600)]

    assert sum(alarms) <= most_alarms(600, 0.05)


def test_a_worse_candidate_is_found() -> None:
    random = np.random.default_rng(12)

    found = [error_allocation_test(canary(random, 2.0)).first_crossing for _ in range(60)]

    assert all(look is not None for look in found)
    assert error_allocation_test(canary(random, 0.3), ratios=EITHER_WAY).is_rejected


def test_the_forecast_of_failures_needed_is_on_the_safe_side() -> None:
    random = np.random.default_rng(44)
    theta = 0.5 * 2.0 / 1.5
    needed = []
    for _ in range(200):
        landed = random.random(2000) < theta
        looks = [Segment(candidate_failures=int(hit), all_failures=1, share=0.5) for hit in landed]
        needed.append(error_allocation_test(looks).first_crossing or 2000)

    gain = theta * math.log(theta / 0.5) + (1.0 - theta) * math.log((1.0 - theta) / 0.5)
    assert math.log(20.0) / gain < np.mean(needed) < failures_to_verdict(ratio=2.0, share=0.5)
    assert failures_to_verdict(ratio=2.0, share=0.01) > failures_to_verdict(ratio=2.0, share=0.5)
    assert failures_to_verdict(ratio=1.5, share=0.5) > failures_to_verdict(ratio=2.0, share=0.5)


def test_how_failures_are_cut_into_looks_changes_nothing_at_the_end() -> None:
    together = error_allocation_test([Segment(candidate_failures=9, all_failures=12, share=0.3)])
    apart = error_allocation_test([Segment(candidate_failures=3, all_failures=4, share=0.3)] * 3)

    assert apart.log_e == pytest.approx(together.log_e)
    assert error_allocation_test([]).log_e == 0.0


def test_counts_that_cannot_be_are_refused() -> None:
    for wrong in ((3, 2, 0.5), (-1, 2, 0.5), (1, 2, 0.0), (1, 2, 1.0)):
        with pytest.raises(InvalidSampleError):
            Segment(candidate_failures=wrong[0], all_failures=wrong[1], share=wrong[2])
    for ratios in ((), (0.0,), (-1.0,)):
        with pytest.raises(InvalidSampleError):
            error_allocation_test([], ratios=ratios)
    with pytest.raises(InvalidSampleError):
        failures_to_verdict(ratio=1.0, share=0.5)


# --- too many over a limit


@pytest.mark.parametrize("allowed", [0.01, 0.3, 0.5, 0.9])
def test_a_kept_objective_is_a_fair_game_at_its_border(allowed: float) -> None:
    expected = 0.0
    for first, second in product(range(8), range(5)):
        chance = scipy.stats.binom.pmf(first, 7, allowed) * scipy.stats.binom.pmf(second, 4, allowed)
        expected += chance * math.exp(exceedance_test([first, second], [7, 4], allowed=allowed).log_e)

    assert expected == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize(("chance", "allowed"), [(0.01, 0.01), (0.005, 0.01), (0.5, 0.5)])
def test_a_kept_objective_is_seldom_called_broken(chance: float, allowed: float) -> None:
    random = np.random.default_rng(31)

    alarms = [
        exceedance_test(random.binomial(100, chance, 200), np.full(200, 100), allowed=allowed).is_rejected
        for _ in range(800)
    ]

    assert sum(alarms) <= most_alarms(800, 0.05)


def test_a_broken_objective_is_found() -> None:
    random = np.random.default_rng(32)

    found = [
        exceedance_test(random.binomial(100, 0.02, 200), np.full(200, 100), allowed=0.01).first_crossing
        for _ in range(100)
    ]

    assert all(look is not None for look in found)
    assert np.median([look for look in found if look is not None]) < 60


def test_alternatives_stay_below_one() -> None:
    result = exceedance_test([10], [10], allowed=0.9)

    assert result.log_e == pytest.approx(10.0 * math.log(0.95 / 0.9))  # half-way from 0.9 to 1


def test_looks_that_cannot_be_are_refused() -> None:
    assert exceedance_test([], [], allowed=0.1).look_count == 0
    for over, total in (([2], [1]), ([1], [1, 1]), ([-1], [1]), ([0.5], [1]), ([], [1])):
        with pytest.raises(InvalidSampleError):
            exceedance_test(over, total, allowed=0.1)
    for wrong in ({"allowed": 0.0}, {"allowed": 1.0}, {"ratios": ()}, {"ratios": (1.0,)}):
        with pytest.raises(InvalidSampleError):
            exceedance.exceedance_test([1], [2], **{"allowed": 0.1, **wrong})  # type: ignore[arg-type]

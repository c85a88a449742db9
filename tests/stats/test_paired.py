"""The paired test against scipy and statsmodels, and its coverage where days differ."""

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.power import TTestPower
from tests.stats.simulated import most_alarms

from everlearn.stats.paired import paired_mean_test, required_count
from everlearn.stats.samples import InvalidSampleError

# Student (1908): hours of sleep gained with two drugs, ten patients
DEXTRO = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
LAEVO = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def test_students_own_example() -> None:
    result = paired_mean_test(np.array(LAEVO) - np.array(DEXTRO))

    assert result.mean_difference == pytest.approx(1.58)
    assert result.t_statistic == pytest.approx(4.0621, abs=1e-4)
    assert result.p_value == pytest.approx(0.002833 / 2.0, abs=1e-6)
    assert (result.lower, result.upper) == pytest.approx((0.7001, 2.4599), abs=1e-4)
    assert (result.degrees_of_freedom, result.count, result.block_count) == (9, 10, 10)


@pytest.mark.parametrize("minimum", [0.0, 0.3, -0.5])
def test_with_a_case_a_block_it_is_the_t_test_of_scipy(minimum: float) -> None:
    values = np.random.default_rng(8).normal(0.4, 2.0, size=37)

    ours = paired_mean_test(values, minimum_effect=minimum, confidence=0.9)

    theirs = scipy.stats.ttest_1samp(values, minimum, alternative="greater")
    interval = scipy.stats.ttest_1samp(values, 0.0).confidence_interval(0.9)
    assert (ours.t_statistic, ours.p_value) == pytest.approx((theirs.statistic, theirs.pvalue))
    assert (ours.lower, ours.upper) == pytest.approx((interval.low, interval.high))
    assert ours.standardised_effect == pytest.approx(values.mean() / values.std(ddof=1))


def test_equal_blocks_are_the_t_test_on_their_means() -> None:
    random = np.random.default_rng(9)
    table = random.normal(0.2, 1.0, size=(12, 7)) + random.normal(0.0, 1.0, size=(12, 1))
    blocks = [f"2013-02-{day:02}" for day in range(1, 13) for _ in range(7)]

    ours = paired_mean_test(table.ravel(), blocks=blocks)

    theirs = scipy.stats.ttest_1samp(table.mean(axis=1), 0.0, alternative="greater")
    assert (ours.t_statistic, ours.p_value) == pytest.approx((theirs.statistic, theirs.pvalue))


def test_unequal_blocks_have_the_clustered_error_of_statsmodels() -> None:
    random = np.random.default_rng(10)
    blocks = random.integers(0, 9, size=200)
    values = random.normal(0.3, 1.0, size=200) + random.normal(0.0, 1.0, size=9)[blocks]

    ours = paired_mean_test(values, blocks=blocks)

    fit = sm.OLS(values, np.ones(200)).fit(cov_type="cluster", cov_kwds={"groups": blocks}, use_t=True)
    assert ours.mean_difference == pytest.approx(fit.params[0])
    assert ours.standard_error == pytest.approx(fit.bse[0])
    assert (ours.lower, ours.upper) == pytest.approx(tuple(fit.conf_int()[0]))


@pytest.mark.parametrize("days", [8, 30])
def test_the_interval_covers_where_cases_of_a_day_err_together(days: int) -> None:
    random = np.random.default_rng(days)
    missed = missed_by_t = 0
    for _ in range(1500):
        sizes = random.integers(8, 13, size=days)
        block = np.repeat(np.arange(days), sizes)
        values = random.normal(0.0, 1.0, size=days)[block] + random.normal(0.0, 1.0, size=len(block))
        result = paired_mean_test(values, blocks=block)
        missed += not result.lower <= 0.0 <= result.upper
        naive = paired_mean_test(values)
        missed_by_t += not naive.lower <= 0.0 <= naive.upper

    assert 0.03 * 1500 <= missed <= most_alarms(1500, 0.06)
    assert missed_by_t > 0.3 * 1500  # what the blocks are for


def test_power_is_as_promised() -> None:
    random = np.random.default_rng(80)
    count = required_count(0.5)

    found = [paired_mean_test(random.normal(0.5, 1.0, size=count)).p_value <= 0.05 for _ in range(2000)]

    assert np.mean(found) == pytest.approx(0.8, abs=0.035)


@pytest.mark.parametrize(
    ("effect", "alpha", "power"), [(0.2, 0.05, 0.8), (0.5, 0.05, 0.8), (0.8, 0.01, 0.95), (3.0, 0.05, 0.8)]
)
def test_required_counts_are_those_of_statsmodels(effect: float, alpha: float, power: float) -> None:
    ours = required_count(effect, alpha=alpha, power=power)

    known = TTestPower()
    assert known.power(effect, ours, alpha, alternative="larger") >= power
    assert ours == 2 or known.power(effect, ours - 1, alpha, alternative="larger") < power


@given(value=st.floats(-1e6, 1e6), count=st.integers(2, 30))
@settings(max_examples=60, deadline=None)
def test_differences_that_are_all_alike_have_no_spread_at_all(value: float, count: int) -> None:
    result = paired_mean_test([value] * count)

    assert (result.mean_difference, result.lower, result.upper) == (value, value, value)
    assert (result.standard_error, result.t_statistic, result.standardised_effect) == (0.0, None, None)
    assert result.p_value == float(value <= 0.0)


@given(values=st.lists(st.floats(-100.0, 100.0), min_size=4, max_size=30), seed=st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_order_of_cases_and_names_of_blocks_change_nothing(values: list[float], seed: int) -> None:
    blocks = [index % 3 for index in range(len(values))]
    order = np.random.default_rng(seed).permutation(len(values))

    plain = paired_mean_test(values, blocks=blocks)
    other = paired_mean_test([values[i] for i in order], blocks=["xyz"[blocks[i]] for i in order])

    assert other.mean_difference == pytest.approx(plain.mean_difference, abs=1e-9)
    assert other.standard_error == pytest.approx(plain.standard_error, abs=1e-9)


def test_what_cannot_be_tested_is_refused() -> None:
    for arguments in ({"blocks": ["a", "a"]}, {"blocks": ["a"]}, {"confidence": 1.0}):
        with pytest.raises(InvalidSampleError):
            paired_mean_test([1.0, 2.0], **arguments)
    with pytest.raises(InvalidSampleError):
        paired_mean_test([1.0])
    for wrong in ({"effect": 0.0}, {"effect": 1e-9}, {"effect": 0.5, "power": 0.01}):
        with pytest.raises(InvalidSampleError):
            required_count(**wrong)

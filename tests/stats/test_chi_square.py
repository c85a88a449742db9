"""The chi-square homogeneity test against scipy, and against the test that one should not use."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats.contingency import association

from everlearn.stats.chi_square import aligned, homogeneity_test
from everlearn.stats.samples import InvalidSampleError

counts = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=12).filter(
    lambda pairs: sum(a for a, _ in pairs) > 0 and sum(b for _, b in pairs) > 0
)


def test_without_rare_categories_it_is_the_contingency_test_of_scipy() -> None:
    first, second = [120, 80, 40, 33], [90, 95, 60, 21]

    ours = homogeneity_test(first, second)

    theirs = scipy.stats.chi2_contingency([first, second], correction=False)
    assert ours.statistic == pytest.approx(theirs.statistic)
    assert ours.degrees_of_freedom == theirs.dof
    assert ours.p_value == pytest.approx(theirs.pvalue)
    assert ours.cramers_v == pytest.approx(association([first, second], method="cramer"))
    assert ours.pooled_count == 0


@pytest.mark.parametrize(
    ("k", "n", "m"),
    [(2, 200, 50), (3, 1000, 1000), (10, 1000, 1000), (10, 500, 5000), (30, 1000, 500), (100, 2000, 1000)],
)
def test_unchanged_shares_alarm_at_the_nominal_rate(k: int, n: int, m: int) -> None:
    random = np.random.default_rng(k)
    shares = random.dirichlet(np.full(k, 3.0))
    first, second = random.multinomial(n, shares, size=2000), random.multinomial(m, shares, size=2000)

    alarms = [homogeneity_test(a, b).p_value <= 0.05 for a, b in zip(first, second, strict=True)]

    assert 0.03 <= np.mean(alarms) <= 0.06


@pytest.mark.parametrize(
    ("k", "n", "m", "expected"), [(10, 1000, 1000, 0.49), (10, 500, 5000, 0.997), (3, 1000, 1000, 0.22)]
)
def test_taking_the_reference_as_the_truth_would_alarm_far_more_often(k: int, n: int, m: int, expected: float) -> None:
    random = np.random.default_rng(k)
    shares = np.full(k, 1.0 / k)
    first, second = random.multinomial(n, shares, size=1000), random.multinomial(m, shares, size=1000)

    goodness_of_fit = scipy.stats.chisquare(second, first / n * m, axis=1).pvalue <= 0.05
    ours = [homogeneity_test(a, b).p_value <= 0.05 for a, b in zip(first, second, strict=True)]

    assert np.mean(goodness_of_fit) == pytest.approx(expected, abs=0.04)
    assert 0.03 <= np.mean(ours) <= 0.075


def test_rare_categories_are_pooled_when_together_enough_is_expected() -> None:
    result = homogeneity_test([50, 45, 2, 1, 2], [55, 40, 1, 2, 2])

    pooled = scipy.stats.chi2_contingency([[50, 45, 5], [55, 40, 5]], correction=False)
    assert result.pooled_count == 3  # they expect 5 together
    assert result.statistic == pytest.approx(pooled.statistic)


def test_rare_categories_that_expect_too_little_together_take_the_next_rarest_with_them() -> None:
    result = homogeneity_test([50, 46, 2, 1, 1], [55, 42, 1, 1, 1])

    pooled = scipy.stats.chi2_contingency([[50, 50], [55, 45]], correction=False)
    assert result.pooled_count == 4
    assert result.statistic == pytest.approx(pooled.statistic)


def test_a_single_category_says_nothing() -> None:
    result = homogeneity_test([10, 0], [20, 0])

    assert (result.degrees_of_freedom, result.p_value, result.statistic) == (0, 1.0, 0.0)


def test_samples_without_a_common_category_have_the_largest_effect() -> None:
    result = homogeneity_test([40, 0, 60, 0], [0, 500, 0, 500])

    assert result.cramers_v == pytest.approx(1.0)
    assert result.balanced_v == pytest.approx(1.0)


def test_balanced_effect_does_not_depend_on_how_sizes_compare() -> None:
    even = homogeneity_test([5000, 5000], [6000, 4000])
    uneven = homogeneity_test([500_000, 500_000], [600, 400])

    assert even.balanced_v == pytest.approx(even.cramers_v)
    assert uneven.balanced_v == pytest.approx(even.balanced_v)
    assert uneven.cramers_v < even.cramers_v / 5.0


@given(pairs=counts, seed=st.integers(0, 99))
@settings(max_examples=80, deadline=None)
def test_order_of_categories_and_of_samples_changes_nothing(pairs: list[tuple[int, int]], seed: int) -> None:
    table = np.array(pairs)
    mixed = np.random.default_rng(seed).permutation(table)

    plain = homogeneity_test(table[:, 0], table[:, 1])
    other = homogeneity_test(mixed[:, 0], mixed[:, 1])

    assert other.statistic == pytest.approx(plain.statistic, abs=1e-9)
    assert other.pooled_count == plain.pooled_count
    assert 0.0 <= plain.cramers_v <= 1.0 + 1e-12
    assert 0.0 <= plain.p_value <= 1.0


def test_tables_by_name_are_brought_into_one_order() -> None:
    names, first, second = aligned({"b": 2, "a": 1}, {"c": 4})

    assert (names, first, second) == (["a", "b", "c"], [1, 2, 0], [0, 0, 4])


@pytest.mark.parametrize(
    ("first", "second"), [([1, 2], [1, 2, 3]), ([0, 0], [1, 2]), ([-1, 3], [1, 2]), ([0.5, 3], [1, 2]), ([], [])]
)
def test_what_are_no_counts_is_refused(first: list[float], second: list[float]) -> None:
    with pytest.raises(InvalidSampleError):
        homogeneity_test(first, second)

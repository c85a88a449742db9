"""The two-sample Kolmogorov-Smirnov test against scipy, enumeration and theory."""

from itertools import combinations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from everlearn.stats.ks import two_sample_ks
from everlearn.stats.samples import InvalidSampleError

numbers = st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=30)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (5, 7), (40, 40), (50, 80), (300, 1000)])
def test_small_samples_have_the_exact_law_of_scipy(n: int, m: int) -> None:
    random = np.random.default_rng(n)
    x, y = random.normal(size=n), random.normal(0.3, 1.0, size=m)

    ours = two_sample_ks(x, y)

    theirs = scipy.stats.ks_2samp(x, y, method="exact")
    assert ours.statistic == pytest.approx(theirs.statistic, abs=1e-12)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    assert ours.location == theirs.statistic_location
    assert ours.sign == theirs.statistic_sign


@pytest.mark.parametrize(("n", "m"), [(2000, 3000), (20, 100_000), (10_000, 10_000)])
def test_large_samples_have_the_asymptotic_law_of_scipy(n: int, m: int) -> None:
    random = np.random.default_rng(n)
    x, y = random.normal(size=n), random.normal(0.03, 1.0, size=m)

    ours = two_sample_ks(x, y)

    theirs = scipy.stats.ks_2samp(x, y, method="asymp")
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-9)


def test_p_value_under_ties_counts_the_splits_of_the_pooled_sample() -> None:
    x, y = [1.0, 1.0, 2.0, 2.0, 2.0], [1.0, 2.0, 3.0, 3.0, 3.0, 3.0]
    pooled = np.array(x + y)

    ours = two_sample_ks(x, y)

    gaps = []
    for chosen in combinations(range(11), 5):
        inside = np.zeros(11, dtype=bool)
        inside[list(chosen)] = True
        gaps.append(max(abs((pooled[inside] <= at).mean() - (pooled[~inside] <= at).mean()) for at in (1.0, 2.0, 3.0)))
    assert ours.p_value == pytest.approx(np.mean(np.array(gaps) >= ours.statistic - 1e-12), rel=1e-12)


def test_normals_one_deviation_apart_have_the_gap_of_theory() -> None:
    ranks = (np.arange(20_000) + 0.5) / 20_000
    x = scipy.stats.norm.ppf(ranks)

    result = two_sample_ks(x, x + 1.0)

    assert result.statistic == pytest.approx(2.0 * scipy.stats.norm.cdf(0.5) - 1.0, abs=1e-4)
    assert result.location == pytest.approx(0.5, abs=0.02)  # the smallest of a plateau of 1 / 20,000
    assert result.sign == 1


def test_critical_value_at_five_per_cent_is_the_textbooks() -> None:
    n = 1_000_000
    x = np.arange(n, dtype=np.float64)
    shift = round(1.358 * np.sqrt(2.0 / n) * n)

    result = two_sample_ks(x, x + shift + 0.5)

    assert result.p_value == pytest.approx(0.05, abs=0.001)


@pytest.mark.parametrize("kind", ["normal", "heavy tails", "ties"])
@pytest.mark.parametrize(("n", "m"), [(50, 60), (400, 300)])
def test_unchanged_samples_alarm_at_the_nominal_rate(kind: str, n: int, m: int) -> None:
    random = np.random.default_rng(2013)

    def sample(size: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        match kind:
            case "normal":
                return random.normal(size=size)
            case "heavy tails":
                return random.standard_cauchy(size=size)
            case _:
                return np.round(random.normal(size=size) * 2.0)

    alarms = [two_sample_ks(sample(n), sample(m)).p_value <= 0.05 for _ in range(250)]

    assert 0.01 <= np.mean(alarms) <= 0.1


@given(x=numbers, y=numbers, seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_order_and_increasing_maps_change_nothing(x: list[float], y: list[float], seed: int) -> None:
    plain = two_sample_ks(x, y)

    shuffled = np.random.default_rng(seed).permutation(x)
    mapped = two_sample_ks(np.arctan(shuffled), np.arctan(y))

    assert mapped.statistic == plain.statistic
    assert mapped.p_value == pytest.approx(plain.p_value, rel=1e-12)


@given(x=numbers, y=numbers)
@settings(max_examples=60, deadline=None)
def test_swapping_the_samples_only_turns_the_sign(x: list[float], y: list[float]) -> None:
    one, other = two_sample_ks(x, y), two_sample_ks(y, x)

    assert (one.statistic, one.location, one.sign) == (other.statistic, other.location, -other.sign)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-9)


@given(x=numbers)
@settings(max_examples=20, deadline=None)
def test_a_sample_does_not_differ_from_itself(x: list[float]) -> None:
    result = two_sample_ks(x, x)

    assert (result.statistic, result.p_value, result.sign) == (0.0, 1.0, 0)


@pytest.mark.parametrize("bad", [[], [float("nan")], [float("inf"), 1.0], [[1.0], [2.0]]])
def test_what_is_no_sample_is_refused(bad: list[float]) -> None:
    with pytest.raises(InvalidSampleError):
        two_sample_ks([1.0, 2.0], bad)

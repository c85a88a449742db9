"""The asymptotic confidence sequence: its formula, its coverage at all times, its width."""

import math

import numpy as np
import pytest
import scipy.stats
from tests.stats.simulated import most_alarms

from everlearn.stats.mean_sequence import Side, mean_bounds, standard_half_width
from everlearn.stats.samples import InvalidSampleError


def test_the_boundary_is_that_of_robbins_mixture() -> None:
    """The normal mixture exp(r^2 S^2 / (2 (n r^2 + 1))) / sqrt(n r^2 + 1) is exactly 1 / alpha at S = n u_n."""
    alpha, at = 0.05, 500
    rho = (-2.0 * math.log(alpha) + math.log(1.0 - 2.0 * math.log(alpha))) / at
    for n in (1, 30, 500, 10_000):
        total = n * float(standard_half_width([n], alpha=alpha, tightest_at=at)[0])
        mixture = math.exp(rho * total**2 / (2.0 * (n * rho + 1.0))) / math.sqrt(n * rho + 1.0)
        assert mixture == pytest.approx(1.0 / alpha, rel=1e-9)


@pytest.mark.parametrize("side", ["both", "lower"])
@pytest.mark.parametrize("at", [100, 5000])
def test_it_is_tightest_where_it_was_tuned(side: Side, at: int) -> None:
    tuned, early, late = (
        float(standard_half_width([at], side=side, tightest_at=tightest)[0]) for tightest in (at, at // 4, at * 4)
    )

    assert tuned < early
    assert tuned < late


@pytest.mark.parametrize("kind", ["normal", "exponential"])
@pytest.mark.parametrize("side", ["both", "lower", "upper"])
def test_the_mean_stays_inside_at_all_times(kind: str, side: Side) -> None:
    random = np.random.default_rng(2103)
    counts = np.arange(1, 2001)
    width = standard_half_width(counts, side=side, tightest_at=300)
    missed = 0
    for _ in range(500):
        x = random.normal(5.0, 2.0, 2000) if kind == "normal" else random.exponential(5.0, 2000)
        means = np.cumsum(x) / counts
        sds = np.sqrt(np.maximum(np.cumsum(x * x) / counts - means**2, 0.0) * counts / np.maximum(counts - 1, 1))
        gap = (means - 5.0)[100:] / sds[100:]  # from a hundred values on, as the docstring asks for some dozens
        outside = {"both": np.abs(gap), "lower": gap, "upper": -gap}[side] > width[100:]
        missed += bool(outside.any())

    assert missed <= most_alarms(500, 0.06)  # asymptotic: a little is left for a skewed population


def test_bounds_are_the_mean_and_the_width_times_the_deviation() -> None:
    values = np.random.default_rng(1).normal(3.0, 2.0, 400)

    both, lower = mean_bounds(values), mean_bounds(values, side="lower")

    assert both.upper is not None
    assert both.lower is not None
    assert lower.lower is not None
    half = values.std(ddof=1) * standard_half_width([400])[0]
    assert (both.mean, both.upper - both.mean) == pytest.approx((values.mean(), half))
    assert both.lower < lower.lower < both.mean  # one side is tighter
    assert lower.upper is None
    assert mean_bounds(values, side="upper").lower is None


def test_looking_at_all_times_costs_less_than_twice_the_width_of_looking_once() -> None:
    once = scipy.stats.norm.isf(0.025) / math.sqrt(1000)

    assert once < standard_half_width([1000])[0] < 2.0 * once


def test_what_has_no_bounds_is_refused() -> None:
    for arguments in ({"alpha": 0.0}, {"alpha": 0.5, "side": "lower"}, {"tightest_at": 0}):
        with pytest.raises(InvalidSampleError):
            mean_bounds([1.0, 2.0], **arguments)
    with pytest.raises(InvalidSampleError):
        mean_bounds([1.0])
    with pytest.raises(InvalidSampleError):
        standard_half_width([0])

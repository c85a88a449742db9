"""Testing and estimating a bounded mean by betting, valid at any stopping time."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from everlearn.stats.e_process import EProcessResult, log_mean_exp, summarised
from everlearn.stats.samples import Floats, InvalidSampleError, checked_probability, checked_sample

Alternative = Literal["greater", "less"]

_STAKES = np.geomspace(0.01, 0.98, 12)  # shares of the wealth that can be lost on one observation
_CHUNK = 8_192
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanInterval:
    """Where a mean lies, valid at all times at once: an intersection of the intervals after each observation."""

    mean: float  # the sample mean, for display
    lower: float
    upper: float  # below `lower` only where the mean has moved: no single mean explains the data
    count: int
    alpha: float  # chance that the mean is ever left out


def mean_test(
    values: ArrayLike,
    *,
    mean: float,
    alternative: Alternative,
    low: float = 0.0,
    high: float = 1.0,
    alpha: float = 0.05,
) -> EProcessResult:
    """Test a bounded mean against one side, at any time.

    With values scaled to X in [0, 1] and m likewise, the wealth K_t = average over c of prod_i (1 + c (X_i / m - 1))
    is a non-negative supermartingale when E[X_i | past] <= m, for every stake c in (0, 1). Twelve stakes from 0.01
    to 0.98 stand in a geometric row; the average over them is as good as the best of them up to a factor of twelve.
    No independence is needed, only that the conditional mean stays on the side of the null hypothesis; where values of
    one day move together, average them to one value a day first. The wealth after the last value does not depend on
    their order.

    Parameters
    ----------
    values
        Shape (n,), in the order of arrival, each in [low, high]. Clip at limits that were fixed beforehand; the test
        is then about the mean of the clipped values. n may be 0.
    mean
        Border m of the null hypothesis, strictly between low and high.
    alternative
        "greater": the null hypothesis is mean <= m, evidence grows when the mean is greater. "less": mirrored.
    low, high
        Bounds of the values, the same unit.
    alpha
        Level, in (0, 1).

    Returns
    -------
    EProcessResult
        One look after each value.

    Raises
    ------
    InvalidSampleError
        When a value or the mean lies outside the bounds.

    Examples
    --------
    >>> result = mean_test([0.9, 0.8, 1.0, 0.7] * 5, mean=0.5, alternative="greater")
    >>> result.first_crossing, round(result.log_e, 4)
    (9, 7.8515)

    Notes
    -----
    Complexity: O(12 n) time, O(n) memory.

    Source: I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by betting", JRSS-B 86 (2024),
    section 4 (capital process) and appendix B (mixtures over a grid). Theirs is two-sided; ours bets on one side.
    """
    return summarised(log_wealth(values, mean=mean, alternative=alternative, low=low, high=high), alpha=alpha)


def log_wealth(
    values: ArrayLike, *, mean: float, alternative: Alternative, low: float = 0.0, high: float = 1.0
) -> Floats:
    """Give the logarithm of the wealth of `mean_test` after each value, for a plot: shape (n,)."""
    if not low < mean < high:
        raise InvalidSampleError(f"the mean to test must lie strictly between {low} and {high}, not at {mean}")
    scaled = _scaled(values, low=low, high=high)
    border = (mean - low) / (high - low)
    return _path(scaled, border) if alternative == "greater" else _path(1.0 - scaled, 1.0 - border)


def mean_interval(values: ArrayLike, *, low: float = 0.0, high: float = 1.0, alpha: float = 0.05) -> MeanInterval:
    """Enclose a bounded mean, valid at all times at once.

    All means that the two one-sided tests at level alpha / 2 have not rejected so far; presumes that E[X_i | past] is
    the same for all i. The wealth falls as m rises, so each bound is the root of one monotone function.

    Parameters
    ----------
    values
        Shape (n,), in the order of arrival, each in [low, high]; n at least 1.
    low, high
        Bounds of the values.
    alpha
        Chance that the interval ever misses the mean, in (0, 1).

    Returns
    -------
    MeanInterval
        In the unit of the values.

    Raises
    ------
    InvalidSampleError
        When a value lies outside the bounds or there is none.

    Examples
    --------
    >>> interval = mean_interval([0.4, 0.6] * 500)
    >>> round(interval.lower, 4), round(interval.upper, 4)
    (0.4896, 0.5103)

    Notes
    -----
    Complexity: O(12 n) time for each of about 15 steps of root finding at either end, O(n) memory.

    Source: as `mean_test`, theorem 3 (hedged capital confidence sequence).
    """
    scaled = _scaled(values, low=low, high=high)
    if len(scaled) == 0:
        raise InvalidSampleError("an interval needs at least one value")
    log_limit = math.log(2.0 / checked_probability(alpha, name="alpha"))
    width = high - low
    return MeanInterval(
        mean=low + width * float(scaled.mean()),
        lower=low + width * _lower_bound(scaled, log_limit),
        upper=high - width * _lower_bound(1.0 - scaled, log_limit),
        count=len(scaled),
        alpha=alpha,
    )


def _scaled(values: ArrayLike, *, low: float, high: float) -> Floats:
    if not low < high:
        raise InvalidSampleError(f"the lower bound {low} must be less than the upper bound {high}")
    sample = checked_sample(values, name="values", at_least=0)
    if len(sample) and not (low <= sample.min() and sample.max() <= high):
        raise InvalidSampleError(
            f"values from {sample.min()} to {sample.max()} leave the bounds [{low}, {high}]; clip them beforehand"
        )
    return (sample - low) / (high - low)


def _path(scaled: Floats, border: float) -> Floats:
    path = np.empty(len(scaled))
    wealth = np.zeros(len(_STAKES))
    for start in range(0, len(scaled), _CHUNK):
        returns = scaled[start : start + _CHUNK, None] / border - 1.0
        logs = wealth + np.cumsum(np.log1p(returns * _STAKES), axis=0)
        path[start : start + _CHUNK] = log_mean_exp(logs)
        wealth = logs[-1]
    return path


def _lower_bound(scaled: Floats, log_limit: float) -> float:
    """Find the smallest mean that betting upwards has never rejected."""
    running_mean = np.cumsum(scaled) / np.arange(1, len(scaled) + 1)
    safe = min(float(running_mean.max()), 1.0)  # against a mean never exceeded the wealth never grows

    def excess(border: float) -> float:
        return float(_path(scaled, border).max()) - log_limit

    if safe <= _TOLERANCE or excess(_TOLERANCE) <= 0.0:
        return 0.0
    root: float = optimize.brentq(excess, _TOLERANCE, safe, xtol=_TOLERANCE)
    return root

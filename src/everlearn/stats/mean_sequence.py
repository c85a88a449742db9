"""An asymptotic confidence sequence for a mean: no bounds needed, good from a few dozen values on."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from everlearn.stats.samples import Floats, InvalidSampleError, checked_positive, checked_probability, checked_sample

Side = Literal["both", "lower", "upper"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanBounds:
    """Where a mean lies, by an interval that may be looked at after every value."""

    mean: float
    sd: float  # sample standard deviation, divisor n - 1
    lower: float | None  # None: the side was not asked for
    upper: float | None
    count: int
    alpha: float  # chance, asymptotically, that the mean is ever left out


def mean_bounds(values: ArrayLike, *, alpha: float = 0.05, side: Side = "both", tightest_at: int = 1000) -> MeanBounds:
    """Enclose a mean so that the bound holds at all times at once, for large samples.

    The sample mean plus or minus s u_n, see `standard_half_width`. Coverage is asymptotic: it rests on the sample
    standard deviation and on normality of sums, so start to look when there are a few dozen values, and winsorise
    heavy tails at limits fixed beforehand. Correlated values must be summed to blocks first.

    Parameters
    ----------
    values
        Shape (n,), any unit, n at least 2.
    alpha
        Chance that the mean is ever outside, in (0, 1).
    side
        "both"; or "lower" / "upper" for one bound, which is then tighter.
    tightest_at
        Sample size at which the interval is to be narrowest, against its competitors of the same alpha.

    Returns
    -------
    MeanBounds
        After the last value.

    Raises
    ------
    InvalidSampleError
        When there are fewer than two values or a parameter is out of range.

    Examples
    --------
    >>> bounds = mean_bounds([1.0, 3.0] * 200, tightest_at=400)
    >>> bounds.mean, round(bounds.lower, 4), round(bounds.upper, 4)
    (2.0, 1.848, 2.152)

    Notes
    -----
    Complexity: O(n) time, O(1) memory beside the values.

    Source: I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy and A. Ramdas, "Time-uniform central limit theory and
    asymptotic confidence sequences", Annals of Statistics 52 (2024), arXiv 2103.06476: theorem 2.2 (two-sided),
    appendix B.1 (one-sided), appendix B.2 (tuning).
    """
    sample = checked_sample(values, name="values", at_least=2)
    mean = float(sample.mean())
    sd = float(sample.std(ddof=1))
    half = sd * float(standard_half_width([len(sample)], alpha=alpha, side=side, tightest_at=tightest_at)[0])
    return MeanBounds(
        mean=mean,
        sd=sd,
        lower=mean - half if side != "upper" else None,
        upper=mean + half if side != "lower" else None,
        count=len(sample),
        alpha=alpha,
    )


def standard_half_width(
    counts: ArrayLike, *, alpha: float = 0.05, side: Side = "both", tightest_at: int = 1000
) -> Floats:
    """Give the half-width of the sequence for standard deviation 1, at each sample size.

    u_n = sqrt(2 (n r^2 + 1) / (n^2 r^2) L) with L = log(sqrt(n r^2 + 1) / alpha) for two sides and
    L = log(1 + sqrt(n r^2 + 1) / (2 alpha)) for one; r = sqrt((-2 log a + log(1 - 2 log a)) / tightest_at) with
    a = alpha for two sides, 2 alpha for one. For the difference of two means take n = n_a + n_b and the standard
    deviation sqrt(n (s_a^2 / n_a + s_b^2 / n_b)).

    Parameters
    ----------
    counts
        Shape (k,), sample sizes, positive.

    Examples
    --------
    >>> standard_half_width([100, 1000, 10000]).round(4)
    array([0.3855, 0.096 , 0.0324])
    """
    n = checked_sample(counts, name="counts", at_least=0)
    if len(n) and n.min() <= 0.0:
        raise InvalidSampleError("sample sizes must be positive")
    checked_probability(alpha, name="alpha")
    checked_positive(tightest_at, name="tightest_at")
    level = alpha if side == "both" else checked_probability(2.0 * alpha, name="2 alpha")
    variance = (-2.0 * math.log(level) + math.log(1.0 - 2.0 * math.log(level))) / tightest_at
    spread = n * variance + 1.0
    root = np.sqrt(spread)
    logs = np.log(root / alpha) if side == "both" else np.log1p(root / (2.0 * alpha))
    return np.sqrt(2.0 * spread / (n * n * variance) * logs)

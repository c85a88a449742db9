"""The two-sample Kolmogorov-Smirnov test."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from everlearn.stats.samples import Floats, InvalidSampleError, checked_sample

_EXACT_UP_TO_PRODUCT = 1_000_000
_EXACT_UP_TO_TOTAL = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KsResult:
    """How far two empirical distribution functions lie apart, and how surprising that is."""

    statistic: float  # D, the largest gap, in [0, 1]
    p_value: float
    location: float  # the smallest value at which the gap is largest, in the unit of the samples
    sign: int  # +1: the first sample has more mass at or below `location`; -1: less; 0: no gap at all
    first_count: int
    second_count: int


def two_sample_ks(x: ArrayLike, y: ArrayLike) -> KsResult:
    """Test whether two samples come from one distribution.

    The statistic is D = sup_t |F_n(t) - G_m(t)|. For small samples its null law is computed exactly, given which
    values are tied (all splits of the pooled sample are equally likely); for larger ones D is referred to the law of
    the one-sample statistic with n m / (n + m) observations, which is conservative in the presence of ties.

    Parameters
    ----------
    x, y
        Shape (n,) and (m,), any unit, n and m at least 1, finite.

    Returns
    -------
    KsResult
        Statistic, two-sided p-value, and where the gap is largest.

    Raises
    ------
    InvalidSampleError
        When a sample is empty or not finite.

    Examples
    --------
    >>> result = two_sample_ks([1.0, 2.0, 3.0, 4.0], [3.5, 4.5, 5.5, 6.5])
    >>> result.statistic, round(result.p_value, 6), result.location
    (0.75, 0.228571, 3.0)

    Notes
    -----
    Complexity: O((n + m) log(n + m)) time; O((n + m) min(n, m)) where exact (n m at most 10^6, n + m at most 5000).

    Source: J. L. Hodges, "The significance probability of the Smirnov two-sample test", Arkiv for Matematik 3
    (1958), section 4, for the lattice walk; G. Schroeer and D. Trenkler, "Exact and randomization distributions of
    Kolmogorov-Smirnov tests two or three samples", CSDA 20 (1995), for ties. Without ties it equals scipy's `exact`
    (small) and `asymp` (large) methods.
    """
    first = np.sort(checked_sample(x, name="x"))
    second = np.sort(checked_sample(y, name="y"))
    at = np.unique(np.concatenate([first, second]))
    below_first = np.searchsorted(first, at, side="right")
    below_second = np.searchsorted(second, at, side="right")
    untied = np.zeros(len(first) + len(second) + 1, dtype=np.bool_)
    untied[below_first + below_second] = True
    return ks_of_cumulated(below_first, below_second, at=at, checkpoints=untied)


def ks_of_cumulated(
    first: NDArray[np.integer],
    second: NDArray[np.integer],
    *,
    at: Floats,
    checkpoints: NDArray[np.bool_] | None = None,
) -> KsResult:
    """Run the test on counts cumulated at given points.

    A supremum over some points is at most the supremum over all, so the p-value stays valid for any choice of `at`;
    the last point must have all observations at or below it.

    Parameters
    ----------
    first, second
        Shape (k,), not decreasing: observations at or below each point; the last entry is the size
        of the sample.
    at
        Shape (k,), the points.
    checkpoints
        Shape (n + m + 1,): after how many pooled observations the gap can be looked at; None: after each.
    """
    n, m = int(first[-1]), int(second[-1])
    if n < 1 or m < 1:
        raise InvalidSampleError("both samples need at least one observation")
    gaps = first.astype(np.int64) * m - second.astype(np.int64) * n
    largest = int(np.argmax(np.abs(gaps)))
    return KsResult(
        statistic=abs(int(gaps[largest])) / (n * m),
        p_value=_p_value(abs(int(gaps[largest])), n, m, checkpoints=checkpoints),
        location=float(at[largest]),
        sign=int(np.sign(gaps[largest])),
        first_count=n,
        second_count=m,
    )


def _p_value(gap: int, n: int, m: int, *, checkpoints: NDArray[np.bool_] | None) -> float:
    if gap == 0:
        return 1.0
    if n * m <= _EXACT_UP_TO_PRODUCT and n + m <= _EXACT_UP_TO_TOTAL:
        return _exact_p_value(gap, min(n, m), max(n, m), checkpoints=checkpoints)
    from scipy.stats import kstwo  # noqa: PLC0415  # takes a second to load, and only large samples need it

    effective = round(n * m / (n + m))
    return float(np.clip(kstwo.sf(gap / (n * m), effective), 0.0, 1.0))


def _exact_p_value(gap: int, n: int, m: int, *, checkpoints: NDArray[np.bool_] | None) -> float:
    """Walk through all splits of the pooled sample at once; sum the mass that ever reaches the gap."""
    taken = np.arange(n + 1, dtype=np.int64)  # observations of the smaller sample met so far
    inside = np.zeros(n + 1)
    inside[0] = 1.0
    reached: list[float] = []
    for step in range(1, n + m + 1):
        left = n + m - step + 1
        of_first = inside * np.maximum(n - taken, 0) / left
        inside *= np.maximum(m - (step - 1 - taken), 0) / left
        inside[1:] += of_first[:-1]
        if checkpoints is None or checkpoints[step]:
            outside = np.abs(taken * m - (step - taken) * n) >= gap
            reached.append(float(inside[outside].sum()))
            inside[outside] = 0.0
    return min(1.0, math.fsum(reached))

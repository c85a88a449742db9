"""Do paired differences lie about zero? Wilcoxon's signed-rank test, exact also with ties."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from everlearn.stats.ranks import midranks
from everlearn.stats.samples import Floats, checked_sample

MOST_EXACT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRankResult:
    """How unusual the signs of the ranked differences are."""

    positive_rank_sum: float
    negative_rank_sum: float
    p_value: float  # two-sided
    is_exact: bool
    count: int  # differences that are not zero
    zero_count: int  # left out


def signed_rank_test(differences: ArrayLike) -> SignedRankResult:
    """Test whether paired differences are symmetric about zero, by the signs of their ranks.

    The sizes of the n differences that are not zero are ranked, ties sharing their mean rank. If the differences are
    symmetric about zero, each rank is positive or negative with chance 1/2. Up to 200 differences the distribution
    of the positive rank sum is counted out for the very ranks at hand, so ties do not make it approximate; beyond, it
    is taken as normal with its true variance, sum of squared ranks / 4, without correction for continuity.

    Parameters
    ----------
    differences
        Shape (n,), any unit. Zeros say nothing about a direction and are left out, as Wilcoxon did.

    Returns
    -------
    SignedRankResult
        Rank sums and the two-sided p-value; 1 when every difference is zero.

    Raises
    ------
    InvalidSampleError
        When there is no difference, or one is not finite.

    Examples
    --------
    >>> result = signed_rank_test([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    >>> result.positive_rank_sum, result.p_value
    (21.0, 0.03125)

    Notes
    -----
    Complexity: O(n^3) additions up to 200 differences, vectorised; O(n log n) beyond.

    Source: F. Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1 (1945).
    """
    sample = checked_sample(differences, name="differences")
    moved = sample[sample != 0.0]
    ranks = midranks(np.abs(moved))
    positive = float(ranks[moved > 0.0].sum())
    total = float(ranks.sum())
    is_exact = len(moved) <= MOST_EXACT
    smaller = min(positive, total - positive)
    return SignedRankResult(
        positive_rank_sum=positive,
        negative_rank_sum=total - positive,
        p_value=_counted_out(ranks, smaller) if is_exact else _normal(ranks, smaller),
        is_exact=is_exact,
        count=len(moved),
        zero_count=len(sample) - len(moved),
    )


def _counted_out(ranks: Floats, smaller: float) -> float:
    """Give the chance of a rank sum as far from the middle; twice the ranks are whole numbers."""
    doubled = np.rint(ranks * 2.0).astype(np.int64)
    ways = np.zeros(int(doubled.sum()) + 1)
    ways[0] = 1.0
    for rank in doubled:  # halved each time, the chances sum to 1 and cannot overflow
        shifted = np.zeros_like(ways)
        shifted[rank:] = ways[: len(ways) - rank]
        ways = (ways + shifted) / 2.0
    return min(1.0, 2.0 * float(ways[: round(2.0 * smaller) + 1].sum()))


def _normal(ranks: Floats, smaller: float) -> float:
    spread = math.sqrt(float((ranks**2).sum()) / 4.0)
    return float(2.0 * special.ndtr((smaller - float(ranks.sum()) / 2.0) / spread))

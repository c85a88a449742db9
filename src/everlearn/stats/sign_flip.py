"""Do paired differences have a mean other than zero? An exact permutation test that flips their signs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from everlearn.stats.samples import Floats, InvalidSampleError, checked_sample

MOST_FLIPPED = 40
_ROUNDING = 1e-12  # of the largest sum: sums that differ by less are equal


@dataclass(frozen=True, slots=True, kw_only=True)
class SignFlipResult:
    """How many of all ways to choose the signs give a mean as far from zero."""

    mean_difference: float
    p_value: float  # two-sided, exact; no smaller than 2 / 2^count
    count: int


def sign_flip_test(differences: ArrayLike) -> SignFlipResult:
    """Test whether paired differences are symmetric about zero, by their mean.

    If they are, each could as well have had the other sign, and all 2^n choices of signs are equally likely. The
    p-value is the share of choices whose sum is as far from zero as the one that was seen. No distribution is
    assumed. All choices are looked at: the sums of two halves are sorted and matched, so 40 differences take 2^20
    sums and not 2^40.

    Parameters
    ----------
    differences
        Shape (n,), n at most 40, any unit. Zeros stay in: they change no sum.

    Returns
    -------
    SignFlipResult
        Mean and two-sided p-value.

    Raises
    ------
    InvalidSampleError
        When there is no difference, one is not finite, or there are more than 40.

    Examples
    --------
    >>> sign_flip_test([1.0, 2.0, 3.0, 4.0, 5.0]).p_value
    0.0625

    Notes
    -----
    Complexity: O(n 2^(n/2)) time, O(2^(n/2)) memory.

    Source: R. A. Fisher, "The design of experiments" (1935), section 21; the halves: E. Horowitz and S. Sahni,
    "Computing partitions with applications to the knapsack problem", JACM 21 (1974).
    """
    sample = checked_sample(differences, name="differences")
    if len(sample) > MOST_FLIPPED:
        raise InvalidSampleError(f"{len(sample)} differences have too many choices of signs; at most {MOST_FLIPPED}")
    seen, slack = abs(float(sample.sum())), float(np.abs(sample).sum()) * _ROUNDING
    middle = len(sample) // 2
    left, right = _sums(sample[:middle]), np.sort(_sums(sample[middle:]))
    as_large = int((len(right) - np.searchsorted(right, seen - slack - left, side="left")).sum())
    return SignFlipResult(
        mean_difference=float(sample.mean()),
        p_value=1.0 if seen <= slack else 2.0 * as_large / 2.0 ** len(sample),  # as many lie at the other end
        count=len(sample),
    )


def _sums(values: Floats) -> Floats:
    sums: Floats = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums

"""Is one model better than another on the same cases? A test of the mean difference at a fixed sample."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from everlearn.stats.samples import Floats, InvalidSampleError, checked_positive, checked_probability, checked_sample

_MOST_CASES = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedResult:
    """The mean of paired differences, how sure it is, and how large it is against their spread."""

    mean_difference: float
    standard_error: float  # of the mean, between blocks
    lower: float  # of the two-sided interval at `confidence`
    upper: float
    confidence: float
    minimum_effect: float
    t_statistic: float | None  # of mean_difference - minimum_effect; None where the blocks do not differ at all
    p_value: float  # one-sided, of the null hypothesis: the true mean difference is at most minimum_effect
    degrees_of_freedom: int  # blocks - 1
    standardised_effect: float | None  # mean difference over the standard deviation of single differences
    count: int
    block_count: int


def paired_mean_test(
    differences: ArrayLike,
    *,
    blocks: ArrayLike | None = None,
    minimum_effect: float = 0.0,
    confidence: float = 0.95,
) -> PairedResult:
    """Test whether the mean of paired differences is greater than a minimum effect.

    Errors of one day are alike (one weather, one crew), so single cases are not independent and an ordinary t test
    would be far too sure. Cases are therefore grouped in blocks, usually days; blocks are taken as independent, cases
    within a block may depend on each other in any way. The mean is that of all cases; its variance is
    G / (G - 1) sum_b (sum of (d - mean) in block b)^2 / n^2, referred to Student's t with G - 1 degrees of freedom.
    With blocks of equal size that is exactly the t test on block means; with one case a block, the paired t test.

    Parameters
    ----------
    differences
        Shape (n,), e.g. absolute error of the champion minus that of the candidate on the same case, any unit.
    blocks
        Shape (n,), integers or strings that name each case's block; None: each case is its own. At least two
        different ones; below eight or so the interval is honest but wide.
    minimum_effect
        What the mean difference must exceed to matter, the same unit; a negative one asks for "not worse by more".
    confidence
        Of the two-sided interval, in (0, 1).

    Returns
    -------
    PairedResult
        Interval, one-sided p-value, and effect size.

    Raises
    ------
    InvalidSampleError
        When there are fewer than two blocks, or the shapes differ.

    Examples
    --------
    >>> result = paired_mean_test([1.0, 2.0, 1.5, 0.5, 3.0, 1.0], blocks=[1, 1, 2, 2, 3, 3])
    >>> result.mean_difference, round(result.lower, 4), round(result.upper, 4), round(result.p_value, 4)
    (1.5, 0.2579, 2.7421, 0.0175)

    Notes
    -----
    Complexity: O(n log n) time, O(n) memory.

    Source: Student, "The probable error of a mean", Biometrika 6 (1908); W. G. Cochran, "Sampling Techniques", 3rd ed.
    (1977), equation (2.44), ratio estimator over clusters.
    """
    sample = checked_sample(differences, name="differences", at_least=2)
    checked_probability(confidence, name="confidence")
    # rounding must not give a spread to differences that are all alike
    mean = float(sample[0] if sample.min() == sample.max() else sample.mean())
    sums = _block_sums(sample - mean, blocks)
    block_count = len(sums)
    if block_count < 2:
        raise InvalidSampleError(
            "all cases are in one block; two independent blocks are the least to judge a spread by"
        )
    error = math.sqrt(block_count / (block_count - 1) * float((sums**2).sum())) / len(sample)
    freedom = block_count - 1
    margin = error * float(special.stdtrit(freedom, 0.5 + confidence / 2.0))
    t = (mean - minimum_effect) / error if error > 0.0 else None
    sd = math.sqrt(float(((sample - mean) ** 2).sum()) / (len(sample) - 1))
    return PairedResult(
        mean_difference=mean,
        standard_error=error,
        lower=mean - margin,
        upper=mean + margin,
        confidence=confidence,
        minimum_effect=minimum_effect,
        t_statistic=t,
        p_value=float(special.stdtr(freedom, -t)) if t is not None else float(mean <= minimum_effect),
        degrees_of_freedom=freedom,
        standardised_effect=mean / sd if sd > 0.0 else None,
        count=len(sample),
        block_count=block_count,
    )


def required_count(effect: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Tell how many independent blocks the test needs to find an effect.

    Parameters
    ----------
    effect
        True mean difference beyond the minimum effect, over the standard deviation of the block means; positive.
    alpha
        Level of the one-sided test, in (0, 1).
    power
        Chance to find it, in (alpha, 1).

    Returns
    -------
    int
        The smallest number of blocks, at least 2.

    Raises
    ------
    InvalidSampleError
        When a parameter is out of range.

    Examples
    --------
    >>> required_count(0.5)
    27

    Notes
    -----
    Complexity: O(log n) evaluations of the noncentral t distribution.

    Source: J. Cohen, "Statistical Power Analysis for the Behavioral Sciences", 2nd ed. (1988), section 2.3; the power
    itself is exact, not Cohen's approximation.
    """
    checked_positive(effect, name="effect")
    checked_probability(alpha, name="alpha")
    if not alpha < power < 1.0:
        raise InvalidSampleError(f"power must lie between alpha ({alpha}) and 1, not at {power}")
    low, high = 1, 2
    while _power(high, effect, alpha) < power:
        low, high = high, high * 2
        if high > _MOST_CASES:
            raise InvalidSampleError(f"an effect of {effect} standard deviations is too small to be found")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _power(middle, effect, alpha) >= power else (middle, high)
    return high


def _block_sums(centred: Floats, blocks: ArrayLike | None) -> Floats:
    if blocks is None:
        return centred
    names = np.asarray(blocks)
    if names.shape != centred.shape:
        raise InvalidSampleError(f"{len(centred)} differences need as many block names, not {names.shape}")
    index = np.unique(names, return_inverse=True)[1]
    sums: Floats = np.bincount(index, weights=centred).astype(np.float64)
    return sums


def _power(count: int, effect: float, alpha: float) -> float:
    freedom = count - 1
    critical = float(special.stdtrit(freedom, 1.0 - alpha))
    return 1.0 - float(special.nctdtr(freedom, effect * math.sqrt(count), critical))

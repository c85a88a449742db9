"""Do several treatments differ over the same blocks? Friedman's test, and which pairs differ by Nemenyi's."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from everlearn.stats.ranks import midranks, tie_sizes
from everlearn.stats.samples import Floats, InvalidSampleError, checked_probability, checked_sample

_NODES = 401  # of the integral over the normal density from -8.5 to 8.5
_REACH = 8.5


@dataclass(frozen=True, slots=True, kw_only=True)
class FriedmanResult:
    """How far the mean ranks of the treatments are from each other."""

    mean_ranks: tuple[float, ...]  # 1: always the smallest value
    chi_square: float  # corrected for ties
    chi_square_uncorrected: float  # as printed where ties are not corrected for
    p_value: float  # of the corrected one, chi-square with treatments - 1 degrees of freedom
    f_statistic: float | None  # Iman and Davenport's, less conservative; None: the ranks are the same in every block
    f_p_value: float
    block_count: int
    treatment_count: int


def friedman_test(table: Sequence[ArrayLike]) -> FriedmanResult:
    """Test whether treatments measured on the same blocks come from the same distribution.

    Within each of N blocks the k values are ranked, ties sharing their mean rank. With mean ranks R_j,
    chi^2 = 12 N / (k (k + 1)) (sum R_j^2 - k (k + 1)^2 / 4), divided by 1 - sum(t^3 - t) / (N k (k^2 - 1)) over ties
    of t values; and F = (N - 1) chi^2 / (N (k - 1) - chi^2) with k - 1 and (k - 1)(N - 1) degrees of freedom.

    Parameters
    ----------
    table
        N rows, one a block (a seed, a data set), of k values, one a treatment, any unit; N >= 2, k >= 3.

    Returns
    -------
    FriedmanResult
        Mean ranks, both statistics and their p-values.

    Raises
    ------
    InvalidSampleError
        When there are fewer than two blocks or three treatments, or a value is not finite.

    Examples
    --------
    >>> result = friedman_test([[1.0, 2.0, 3.0], [1.5, 2.5, 2.0], [0.5, 2.0, 4.0]])
    >>> result.mean_ranks, round(result.chi_square, 4), round(result.p_value, 4)
    ((1.0, 2.3333333333333335, 2.6666666666666665), 4.6667, 0.097)

    Notes
    -----
    Complexity: O(N k log k) time, O(N k) memory.

    Source: M. Friedman, "The use of ranks to avoid the assumption of normality", JASA 32 (1937); R. L. Iman and
    J. M. Davenport, "Approximations of the critical region of the Friedman statistic", Comm. Stat. A9 (1980), as in
    J. Demsar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7 (2006), section 3.2.2.
    """
    rows = [checked_sample(row, name="a block", at_least=3) for row in table]
    if len(rows) < 2 or len({len(row) for row in rows}) != 1:
        raise InvalidSampleError("Friedman's test needs at least two blocks, each with a value of every treatment")
    blocks, k = len(rows), len(rows[0])
    mean_ranks = np.mean([midranks(row) for row in rows], axis=0)
    uncorrected = 12.0 * blocks / (k * (k + 1)) * (float((mean_ranks**2).sum()) - k * (k + 1) ** 2 / 4.0)
    uncorrected = max(uncorrected, 0.0)  # rounding
    tied = sum(int((sizes**3 - sizes).sum()) for sizes in map(tie_sizes, rows))
    correction = 1.0 - tied / (blocks * k * (k**2 - 1))
    chi_square = uncorrected / correction if correction > 0.0 else 0.0
    f = iman_davenport(chi_square, blocks=blocks, treatments=k)
    return FriedmanResult(
        mean_ranks=tuple(float(rank) for rank in mean_ranks),
        chi_square=chi_square,
        chi_square_uncorrected=uncorrected,
        p_value=float(special.chdtrc(k - 1, chi_square)),
        f_statistic=f,
        f_p_value=0.0 if f is None else float(special.fdtrc(k - 1, (k - 1) * (blocks - 1), f)),
        block_count=blocks,
        treatment_count=k,
    )


def iman_davenport(chi_square: float, *, blocks: int, treatments: int) -> float | None:
    """Give F of Friedman's chi-square; None where every block ranks the treatments alike, and F has no bound."""
    left = blocks * (treatments - 1) - chi_square
    return None if left <= 1e-9 * blocks else (blocks - 1) * chi_square / left


def nemenyi_p_value(difference: float, *, blocks: int, treatments: int) -> float:
    """Give the p-value of a difference of two mean ranks, adjusted for all pairs of the treatments.

    The difference over sqrt(k (k + 1) / (6 N)), times sqrt 2, is referred to the range of k standard normal variables:
    P(range < q) = k integral of phi(z) (Phi(z) - Phi(z - q))^(k-1) dz, summed by Simpson's rule.

    Parameters
    ----------
    difference
        Of two mean ranks.
    blocks, treatments
        N >= 2 and k >= 2.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    InvalidSampleError
        When there are too few blocks or treatments.

    Examples
    --------
    >>> round(nemenyi_p_value(1.179, blocks=14, treatments=4), 3)
    0.074

    Notes
    -----
    Complexity: O(1).

    Source: P. B. Nemenyi, "Distribution-free multiple comparisons", thesis, Princeton (1963); Demsar (2006), section
    3.2.2.
    """
    _check_shape(blocks, treatments)
    q = abs(difference) / _rank_error(blocks, treatments) * math.sqrt(2.0)
    return min(1.0, max(0.0, 1.0 - _range_below(q, treatments)))


def nemenyi_critical_difference(*, blocks: int, treatments: int, level: float = 0.05) -> float:
    """Give the least difference of two mean ranks that is significant at `level` among all pairs.

    Examples
    --------
    >>> round(nemenyi_critical_difference(blocks=14, treatments=4), 2)
    1.25

    Notes
    -----
    Complexity: O(1), by bisection. Source: Demsar (2006), equation after (3), table 5(a).
    """
    _check_shape(blocks, treatments)
    checked_probability(level, name="level")
    low, high = 0.0, 40.0
    while high - low > 1e-10:
        middle = (low + high) / 2.0
        low, high = (middle, high) if 1.0 - _range_below(middle, treatments) > level else (low, middle)
    return high / math.sqrt(2.0) * _rank_error(blocks, treatments)


def _check_shape(blocks: int, treatments: int) -> None:
    if blocks < 2 or treatments < 2:
        raise InvalidSampleError(f"two blocks and two treatments are the least, not {blocks} and {treatments}")


def _rank_error(blocks: int, treatments: int) -> float:
    return math.sqrt(treatments * (treatments + 1) / (6.0 * blocks))


def _range_below(q: float, k: int) -> float:
    z: Floats = np.linspace(-_REACH, _REACH + min(q, 2 * _REACH), _NODES)
    weights = np.full(_NODES, 2.0)
    weights[1::2] = 4.0
    weights[0] = weights[-1] = 1.0
    density = np.exp(-z * z / 2.0) / math.sqrt(2.0 * math.pi)
    inside = (special.ndtr(z) - special.ndtr(z - q)) ** (k - 1)
    return float(k * (weights * density * inside).sum() * (z[1] - z[0]) / 3.0)

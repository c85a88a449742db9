"""Are too many requests slower than the limit? Valid at any time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from everlearn.stats.e_process import EProcessResult, log_mean_exp, summarised
from everlearn.stats.samples import Floats, InvalidSampleError, checked_counts, checked_probability

RATIOS = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0)


def exceedance_test(
    exceeded: ArrayLike,
    totals: ArrayLike,
    *,
    allowed: float,
    ratios: Sequence[float] = RATIOS,
    alpha: float = 0.05,
) -> EProcessResult:
    """Test whether more than an allowed share of cases exceeds a limit.

    With k of n cases over the limit and allowed share eps, E = average over p_j > eps of
    (p_j / eps)^k ((1 - p_j) / (1 - eps))^(n - k) is a supermartingale whenever the conditional chance of exceeding is
    at most eps, so the null hypothesis is "the objective is kept". With `allowed` 0.5 it is the sequential sign test:
    the candidate loses more than half of the cases on which two versions disagree.

    Parameters
    ----------
    exceeded, totals
        Shape (looks,), cases over the limit and all cases in each look, not cumulated.
    allowed
        Share eps that the objective allows, in (0, 1).
    ratios
        Alternatives as multiples of eps, above 1; those that would reach 1 are replaced by half-way to 1.
    alpha
        Level over all looks together, in (0, 1).

    Returns
    -------
    EProcessResult
        One for each look.

    Raises
    ------
    InvalidSampleError
        When shapes differ, more cases exceed than there are, or a ratio is not above 1.

    Examples
    --------
    >>> result = exceedance_test([2, 12, 15], [300, 300, 300], allowed=0.01)
    >>> result.first_crossing, round(result.p_value, 6)
    (2, 4e-06)

    Notes
    -----
    Complexity: O(looks x ratios) time and memory.

    Source: mixture of Bernoulli likelihood ratios, A. Wald, "Sequential tests of statistical hypotheses", Annals of
    Mathematical Statistics 16 (1945), section 5; Ville's inequality for the bound at any time.
    """
    return summarised(log_evidence(exceeded, totals, allowed=allowed, ratios=ratios), alpha=alpha)


def log_evidence(exceeded: ArrayLike, totals: ArrayLike, *, allowed: float, ratios: Sequence[float] = RATIOS) -> Floats:
    """Give the logarithm of the e-process of `exceedance_test` after each look: shape (looks,)."""
    checked_probability(allowed, name="allowed")
    over, total = _checked_looks(exceeded, totals)
    shares = _alternatives(allowed, ratios)
    steps = over * np.log(shares / allowed) + (total - over) * (np.log1p(-shares) - np.log1p(-allowed))
    return log_mean_exp(np.cumsum(steps, axis=0))


def _checked_looks(exceeded: ArrayLike, totals: ArrayLike) -> tuple[Floats, Floats]:
    if np.size(totals) == 0 and np.size(exceeded) == 0:
        return np.zeros((0, 1)), np.zeros((0, 1))
    over = checked_counts(exceeded, name="exceeded")
    total = checked_counts(totals, name="totals")
    if over.shape != total.shape:
        raise InvalidSampleError(f"{len(over)} looks of exceeding cases against {len(total)} of all cases")
    if (over > total).any():
        raise InvalidSampleError("more cases exceed the limit than there are")
    return over[:, None].astype(np.float64), total[:, None].astype(np.float64)


def _alternatives(allowed: float, ratios: Sequence[float]) -> Floats:
    if not ratios or min(ratios) <= 1.0:
        raise InvalidSampleError("ratios must be above 1, and at least one")
    shares = allowed * np.asarray(ratios, dtype=np.float64)
    return np.unique(np.where(shares < 1.0, shares, (1.0 + allowed) / 2.0))

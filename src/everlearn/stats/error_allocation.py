"""Does the candidate fail more often? Rare failures compared by where they land, valid at any time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from everlearn.stats.e_process import EProcessResult, log_mean_exp, summarised
from everlearn.stats.samples import Floats, InvalidSampleError, checked_probability

WORSE = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
EITHER_WAY = (0.1, 0.2, 1 / 3, 0.5, 1 / 1.5, 0.8, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The failures of one stretch of time with one traffic split."""

    candidate_failures: int
    all_failures: int  # of both versions together
    share: float  # of the requests that went to the candidate, strictly between 0 and 1

    def __post_init__(self) -> None:
        """Refuse counts that cannot be."""
        if not 0 <= self.candidate_failures <= self.all_failures:
            raise InvalidSampleError(
                f"the candidate's failures ({self.candidate_failures}) must lie between 0 and all ({self.all_failures})"
            )
        checked_probability(self.share, name="share")


def error_allocation_test(
    segments: Sequence[Segment], *, ratios: Sequence[float] = WORSE, alpha: float = 0.05
) -> EProcessResult:
    """Test whether the candidate fails more often than its share of the traffic explains.

    While both versions have the same failure rate, whatever its course over the day, a failure lands in the candidate
    with probability rho, the candidate's share. If the candidate fails r times as often, that becomes
    theta(r) = rho r / (1 - rho + rho r). For each r the likelihood ratio over all segments,
    prod_s (theta_s / rho_s)^k_s ((1 - theta_s) / (1 - rho_s))^(m_s - k_s), is a martingale under the null hypothesis
    also when the share changes from segment to segment, and so is the average over the ratios. It is also a
    supermartingale when the candidate fails less often, so the null hypothesis is "not worse".

    Exact when failures are Poisson, and close to exact for small rates; for rates above about 10 % compare bounded
    means by betting instead. With EITHER_WAY as ratios it is two-sided; applied to all requests instead of failures
    it is the check that traffic was split as planned.

    Parameters
    ----------
    segments
        One for each look, in the order of time, counts of that stretch alone (not cumulated).
    ratios
        Alternatives for the ratio of failure rates, positive; each gets the same weight.
    alpha
        Level over all looks together, in (0, 1).

    Returns
    -------
    EProcessResult
        One look after each segment.

    Raises
    ------
    InvalidSampleError
        When there is no ratio, or one is not positive.

    Examples
    --------
    >>> quiet = Segment(candidate_failures=1, all_failures=20, share=0.05)
    >>> bad = Segment(candidate_failures=9, all_failures=40, share=0.1)
    >>> result = error_allocation_test([quiet, bad])
    >>> result.first_crossing, round(result.log_e, 4)
    (None, 1.3247)

    Notes
    -----
    Complexity: O(looks x ratios) time and memory.

    Source: M. Lindon and A. Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022, section 3;
    there with a Dirichlet mixture, here one-sided over a grid.
    """
    return summarised(log_evidence(segments, ratios=ratios), alpha=alpha)


def log_evidence(segments: Sequence[Segment], *, ratios: Sequence[float] = WORSE) -> Floats:
    """Give the logarithm of the e-process of `error_allocation_test` after each segment: shape (segments,)."""
    candidates = np.asarray(ratios, dtype=np.float64)
    if len(candidates) == 0 or not (candidates > 0.0).all():
        raise InvalidSampleError("ratios must be positive, and at least one")
    failed = np.array([segment.candidate_failures for segment in segments], dtype=np.float64)[:, None]
    total = np.array([segment.all_failures for segment in segments], dtype=np.float64)[:, None]
    share = np.array([segment.share for segment in segments], dtype=np.float64)[:, None]
    # theta / rho = r / d and (1 - theta) / (1 - rho) = 1 / d with d = 1 - rho + rho r
    steps = failed * np.log(candidates) - total * np.log1p(share * (candidates - 1.0))
    return log_mean_exp(np.cumsum(steps, axis=0))


def failures_to_verdict(*, ratio: float, share: float, alpha: float = 0.05) -> float:
    """Estimate, on the safe side, after how many failures (of both versions) a candidate `ratio` times as bad is found.

    Wald's approximation log(1 / alpha) / KL(theta(r), rho), plus the logarithm of the number of alternatives, which is
    the most that the mixture pays; alternatives near to the true ratio help, so it is usually less.
    Divide by the failures a minute to tell the minutes to a verdict.

    Examples
    --------
    >>> round(failures_to_verdict(ratio=2.0, share=0.05))
    278
    """
    checked_probability(share, name="share")
    if ratio <= 1.0:
        raise InvalidSampleError(f"a worse candidate has a ratio above 1, not {ratio}")
    theta = share * ratio / (1.0 - share + share * ratio)
    gain = theta * math.log(theta / share) + (1.0 - theta) * math.log((1.0 - theta) / (1.0 - share))
    return (math.log(len(WORSE)) - math.log(checked_probability(alpha, name="alpha"))) / gain

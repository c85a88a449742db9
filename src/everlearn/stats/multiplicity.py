"""Testing many things at once with a bound on the share of false discoveries, or on the chance of any."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from everlearn.stats.samples import Floats, InvalidSampleError, checked_probability, checked_sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which of several hypotheses are rejected together."""

    adjusted: tuple[float, ...]  # for each hypothesis the smallest rate at which it would be rejected, at most 1
    rejected: tuple[bool, ...]
    rate: float  # bound on the expected share of false ones among the rejected; Holm's: on the chance of any

    @property
    def rejected_count(self) -> int:
        """Count the discoveries."""
        return sum(self.rejected)


def benjamini_hochberg(p_values: ArrayLike, *, rate: float = 0.05) -> Selection:
    """Reject hypotheses so that at most a share `rate` of the rejected ones is false on average.

    With K hypotheses and sorted p-values p_(1) <= ... <= p_(K), rejects the k smallest for the largest k with
    p_(k) <= k rate / K. The bound holds for independent and for positively dependent (PRDS) p-values.

    Parameters
    ----------
    p_values
        Shape (K,), each in [0, 1]; K may be 0.
    rate
        False discovery rate, in (0, 1).

    Returns
    -------
    Selection
        Adjusted p-values and rejections, in the order given.

    Raises
    ------
    InvalidSampleError
        When a p-value is not in [0, 1].

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.5]).adjusted
    (0.04, 0.05333333333333334, 0.05333333333333334, 0.5)

    Notes
    -----
    Complexity: O(K log K) time, O(K) memory.

    Source: Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", JRSS-B 57 (1995), procedure (1).
    """
    p = _checked_p_values(p_values)
    order = np.argsort(p, kind="stable")
    ranks = np.arange(1, len(p) + 1)
    return _stepped_up(p[order] * len(p) / ranks, order, rate=rate)


def holm(p_values: ArrayLike, *, rate: float = 0.05) -> Selection:
    """Reject hypotheses so that the chance of rejecting any true one is at most `rate`.

    With K hypotheses and sorted p-values, goes up from the smallest and stops at the first p_(k) > rate / (K - k + 1).
    Holds under any dependence.

    Parameters
    ----------
    p_values
        Shape (K,), each in [0, 1]; K may be 0.
    rate
        Family-wise error rate, in (0, 1).

    Returns
    -------
    Selection
        Adjusted p-values and rejections, in the order given.

    Raises
    ------
    InvalidSampleError
        When a p-value is not in [0, 1].

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03, 0.5]).adjusted
    (0.04, 0.09, 0.09, 0.5)

    Notes
    -----
    Complexity: O(K log K) time, O(K) memory.

    Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6 (1979).
    """
    p = _checked_p_values(p_values)
    checked_probability(rate, name="rate")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    return _selected(adjusted, rate)


def e_benjamini_hochberg(log_e_values: ArrayLike, *, rate: float = 0.05) -> Selection:
    """Reject hypotheses by their e-values so that at most a share `rate` of the rejected ones is false on average.

    With e_(1) >= ... >= e_(K), rejects the k largest for the largest k with e_(k) >= K / (k rate). The bound holds
    under any dependence. E-processes may be put in at any stopping time, but with their present value: the running
    maximum of an e-process is no e-value.

    Parameters
    ----------
    log_e_values
        Shape (K,), natural logarithms of e-values, finite; K may be 0.
    rate
        False discovery rate, in (0, 1).

    Returns
    -------
    Selection
        Smallest rates and rejections, in the order given.

    Raises
    ------
    InvalidSampleError
        When a logarithm is not finite.

    Examples
    --------
    >>> import math
    >>> e_benjamini_hochberg([math.log(100.0), math.log(30.0), 0.0]).rejected
    (True, True, False)

    Notes
    -----
    Complexity: O(K log K) time, O(K) memory.

    Source: R. Wang and A. Ramdas, "False discovery rate control with e-values", JRSS-B 84 (2022), section 4.
    """
    log_e = checked_sample(log_e_values, name="log_e_values", at_least=0)
    order = np.argsort(-log_e, kind="stable")
    ranks = np.arange(1, len(log_e) + 1)
    log_rates = np.log(len(log_e) / ranks) - log_e[order]
    return _stepped_up(np.exp(np.minimum(log_rates, 0.0)), order, rate=rate)


def _stepped_up(raw: Floats, order: np.ndarray[tuple[int, ...], np.dtype[np.intp]], *, rate: float) -> Selection:
    checked_probability(rate, name="rate")
    adjusted = np.empty(len(raw))
    adjusted[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1.0)
    return _selected(adjusted, rate)


def _checked_p_values(p_values: ArrayLike) -> Floats:
    p = checked_sample(p_values, name="p_values", at_least=0)
    if ((p < 0.0) | (p > 1.0)).any():
        raise InvalidSampleError("p_values must lie between 0 and 1")
    return p


def _selected(adjusted: Floats, rate: float) -> Selection:
    return Selection(
        adjusted=tuple(float(value) for value in adjusted),
        rejected=tuple(bool(value <= rate) for value in adjusted),
        rate=rate,
    )

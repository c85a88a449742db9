"""What all tests by e-process report: the evidence at the end, its maximum, and when it was enough."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from everlearn.stats.samples import Floats, checked_probability


@dataclass(frozen=True, slots=True, kw_only=True)
class EProcessResult:
    """The course of an e-process.

    Under the null hypothesis the process ever reaches 1 / alpha with probability at most alpha (Ville 1939), however
    often it is looked at, so the test may stop at `first_crossing` or go on as long as one likes.
    """

    log_e: float  # natural logarithm of the e-process after the last look
    max_log_e: float  # its largest value over all looks, at least 0 (the start counts)
    first_crossing: int | None  # index of the first look at which it was at least 1 / alpha; None: never
    look_count: int
    alpha: float

    @property
    def is_rejected(self) -> bool:
        """Tell whether the null hypothesis is rejected at level alpha."""
        return self.first_crossing is not None

    @property
    def p_value(self) -> float:
        """Give the anytime-valid p-value: 1 over the largest value, at most 1."""
        return math.exp(-self.max_log_e)


def summarised(log_path: Floats, *, alpha: float) -> EProcessResult:
    """Sum up the path of an e-process.

    Parameters
    ----------
    log_path
        Shape (looks,), natural logarithms of the e-process after each look; no look at all is fine.
    alpha
        Level of the test, in (0, 1).

    Examples
    --------
    >>> summarised(np.log([1.0, 25.0, 4.0]), alpha=0.05).first_crossing
    1
    """
    threshold = -math.log(checked_probability(alpha, name="alpha"))
    crossed = np.flatnonzero(log_path >= threshold)
    return EProcessResult(
        log_e=float(log_path[-1]) if len(log_path) else 0.0,
        max_log_e=max(0.0, float(log_path.max())) if len(log_path) else 0.0,
        first_crossing=int(crossed[0]) if len(crossed) else None,
        look_count=len(log_path),
        alpha=alpha,
    )


def log_mean_exp(logs: NDArray[np.float64]) -> Floats:
    """Average e-values given by their logarithms along the last axis, without overflow.

    Examples
    --------
    >>> log_mean_exp(np.log([[1.0, 3.0]])).round(6)
    array([0.693147])
    """
    peak = logs.max(axis=-1)
    mean: Floats = peak + np.log(np.exp(logs - peak[..., None]).mean(axis=-1))
    return mean

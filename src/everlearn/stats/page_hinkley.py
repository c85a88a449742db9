"""The Page-Hinkley test for a mean that moved away from what it was."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from everlearn.stats.samples import InvalidSampleError, checked_positive, checked_sample

Direction = Literal["up", "down"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageHinkleyResult:
    """Where the test alarmed, and how near to alarm it stands."""

    alarms: tuple[int, ...]  # indices; the test begins anew after each
    statistic: float  # after the last value, since the last alarm; above the threshold where that value alarmed
    threshold: float
    count: int


def page_hinkley(
    values: ArrayLike,
    *,
    tolerance: float,
    threshold: float,
    minimum_count: int = 30,
    direction: Direction = "up",
) -> PageHinkleyResult:
    """Watch a stream whose mean in control is not known beforehand.

    With the running mean xbar_t since the last alarm, U_t = sum of (x_i - xbar_i - delta) up to t and
    PH_t = U_t - min over s <= t of U_s; alarm when PH_t > threshold. This is a one-sided CUSUM chart around the
    running mean: PH_t = max(0, PH_(t-1) + x_t - xbar_t - delta).

    Parameters
    ----------
    values
        Shape (n,), any unit, in the order of arrival; n may be 0.
    tolerance
        delta, change of the mean that does not matter, the unit of the values, from 0.
    threshold
        lambda, the unit of the values, positive. Larger: fewer false alarms, longer delays.
    minimum_count
        No alarm before that many values since the last one.
    direction
        "up" sees a rising mean, "down" a falling one.

    Returns
    -------
    PageHinkleyResult
        All alarms.

    Raises
    ------
    InvalidSampleError
        When a parameter is out of range or a value is not finite.

    Examples
    --------
    >>> page_hinkley([0.0, 1.0] * 50 + [2.0, 3.0] * 20, tolerance=0.1, threshold=5.0).alarms
    (102,)

    Notes
    -----
    Complexity: O(n) time, O(1) memory.

    Source: E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954); D. V. Hinkley, "Inference about the
    change-point from cumulative sum tests", Biometrika 58 (1971), section 2.
    """
    sample = checked_sample(values, name="values", at_least=0)
    checked_positive(threshold, name="threshold")
    if tolerance < 0.0 or minimum_count < 1:
        raise InvalidSampleError("tolerance must be at least 0 and minimum_count at least 1")
    signed = sample if direction == "up" else -sample
    alarms: list[int] = []
    count, mean, statistic, latest = 0, 0.0, 0.0, 0.0
    for i, value in enumerate(signed.tolist()):
        count += 1
        mean += (value - mean) / count
        latest = statistic = max(0.0, statistic + value - mean - tolerance)
        if statistic > threshold and count >= minimum_count:
            alarms.append(i)
            count, mean, statistic = 0, 0.0, 0.0
    return PageHinkleyResult(alarms=tuple(alarms), statistic=latest, threshold=threshold, count=int(np.size(sample)))

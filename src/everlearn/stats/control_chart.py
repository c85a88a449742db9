"""Control charts: Shewhart, EWMA and CUSUM, run over a series of means.

All three work in standard errors: z_i = (x_i - centre) / (sd / sqrt(size_i)), so that windows of different size fit on
one chart. How long a chart runs until it alarms is in `run_length`; limits for a wanted run length in `chart_design`.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from everlearn.stats.samples import Floats, InvalidSampleError, checked_positive, checked_sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The course of a charted statistic between its limits, in standard errors."""

    statistic: tuple[float, ...]
    limit: tuple[float, ...]  # alarm above +limit or below -limit, at each point
    alarms: tuple[int, ...]  # indices of all points outside

    @property
    def first_alarm(self) -> int | None:
        """Give the index of the first point outside, or None."""
        return self.alarms[0] if self.alarms else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CusumChart:
    """The two cumulated sums of a CUSUM chart, in standard errors."""

    upper: tuple[float, ...]  # C+, from 0 up; grows when the mean is above the centre
    lower: tuple[float, ...]  # C-, from 0 up; grows when the mean is below
    limit: float  # alarm when one of them exceeds it
    alarms: tuple[int, ...]
    shift_starts: tuple[int, ...]  # for each alarm the first point since its sum was last 0: when the shift began

    @property
    def first_alarm(self) -> int | None:
        """Give the index of the first point outside, or None."""
        return self.alarms[0] if self.alarms else None


def shewhart_chart(
    values: ArrayLike, *, centre: float, sd: float, sizes: ArrayLike | None = None, width: float = 3.0
) -> Chart:
    """Compare each value alone with fixed limits: sees large shifts at once, small ones late.

    Parameters
    ----------
    values
        Shape (k,), single observations or means of windows, in the order of time.
    centre, sd
        Mean and standard deviation of a single observation in control, the unit of the values.
    sizes
        Shape (k,), observations behind each mean; None: one each.
    width
        Limit in standard errors; 3 gives a false alarm every 370 points.

    Examples
    --------
    >>> shewhart_chart([10.0, 11.0, 14.5], centre=10.0, sd=1.5).alarms
    ()
    >>> shewhart_chart([10.0, 11.0, 14.5], centre=10.0, sd=1.5, sizes=[1, 1, 4]).alarms
    (2,)

    Notes
    -----
    Complexity: O(k) time and memory.

    Source: W. A. Shewhart, "Economic Control of Quality of Manufactured Product" (1931), chapter 19.
    """
    z = standardised(values, centre=centre, sd=sd, sizes=sizes)
    return _chart(z, np.full(len(z), checked_positive(width, name="width")))


def ewma_chart(
    values: ArrayLike,
    *,
    centre: float,
    sd: float,
    sizes: ArrayLike | None = None,
    smoothing: float = 0.2,
    width: float = 2.962,
    has_exact_limits: bool = False,
) -> Chart:
    """Compare an exponentially weighted mean with its limits: sees small lasting shifts soon.

    e_i = lambda z_i + (1 - lambda) e_(i-1) with e_0 = 0; limit L sqrt(lambda / (2 - lambda)), or with exact limits
    L sqrt(lambda / (2 - lambda) (1 - (1 - lambda)^(2 i))), narrower at the start.

    Parameters
    ----------
    values, centre, sd, sizes
        As for `shewhart_chart`.
    smoothing
        lambda, weight of the newest point, in (0, 1]; 1 is the Shewhart chart.
    width
        L, in standard deviations of e; the defaults give a false alarm every 500 points (with steady limits).
    has_exact_limits
        Use the limits that grow with i. They alarm sooner, in control too: the run lengths of `run_length` are those
        of steady limits.

    Examples
    --------
    >>> chart = ewma_chart([10.0, 12.0, 12.0, 12.0, 12.0, 12.0], centre=10.0, sd=1.0)
    >>> chart.first_alarm, round(chart.statistic[4], 4), round(chart.limit[4], 4)
    (4, 1.1808, 0.9873)

    Notes
    -----
    Complexity: O(k) time and memory.

    Source: S. W. Roberts, "Control chart tests based on geometric moving averages", Technometrics 1 (1959);
    J. M. Lucas and M. S. Saccucci, "Exponentially weighted moving average control schemes", Technometrics 32 (1990).
    """
    if not 0.0 < smoothing <= 1.0:
        raise InvalidSampleError(f"smoothing must lie in (0, 1], not at {smoothing}")
    checked_positive(width, name="width")
    z = standardised(values, centre=centre, sd=sd, sizes=sizes)
    smoothed = np.empty(len(z))
    state = 0.0
    for i, value in enumerate(z):
        state = smoothing * float(value) + (1.0 - smoothing) * state
        smoothed[i] = state
    steady = width * math.sqrt(smoothing / (2.0 - smoothing))
    grown = np.sqrt(1.0 - (1.0 - smoothing) ** (2.0 * np.arange(1, len(z) + 1))) if has_exact_limits else 1.0
    return _chart(smoothed, np.full(len(z), steady) * grown)


def cusum_chart(
    values: ArrayLike,
    *,
    centre: float,
    sd: float,
    sizes: ArrayLike | None = None,
    allowance: float = 0.5,
    limit: float = 5.0,
) -> CusumChart:
    """Cumulate deviations beyond an allowance: the fastest to see a lasting shift of known size.

    C+_i = max(0, C+_(i-1) + z_i - k), C-_i = max(0, C-_(i-1) - z_i - k), both from 0; alarm when one exceeds h. The
    sums run on after an alarm.

    Parameters
    ----------
    values, centre, sd, sizes
        As for `shewhart_chart`.
    allowance
        k, in standard errors, from 0; half the shift to be seen.
    limit
        h, in standard errors; k 0.5 and h 5 give a false alarm every 465 points.

    Examples
    --------
    >>> chart = cusum_chart([10.0, 9.5, 12.0, 12.0, 12.0, 12.0, 12.0], centre=10.0, sd=1.0)
    >>> chart.first_alarm, chart.upper[-1], chart.shift_starts
    (5, 7.5, (2, 2))

    Notes
    -----
    Complexity: O(k) time and memory.

    Source: E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954); tabular form as in D. C. Montgomery,
    "Introduction to Statistical Quality Control", 7th ed. (2013), equations (9.2) and (9.3).
    """
    if not 0.0 <= allowance < math.inf:
        raise InvalidSampleError(f"allowance must be finite and at least 0, not {allowance}")
    checked_positive(limit, name="limit")
    z = standardised(values, centre=centre, sd=sd, sizes=sizes)
    upper, upper_starts = cumulated(z - allowance)
    lower, lower_starts = cumulated(-z - allowance)
    alarms = [i for i in range(len(z)) if max(upper[i], lower[i]) > limit]
    starts = [upper_starts[i] if upper[i] >= lower[i] else lower_starts[i] for i in alarms]
    return CusumChart(
        upper=tuple(upper), lower=tuple(lower), limit=limit, alarms=tuple(alarms), shift_starts=tuple(starts)
    )


def cumulated(steps: Floats) -> tuple[list[float], list[int]]:
    """Sum steps, beginning again at 0 whenever the sum would fall below it.

    Returns
    -------
    tuple
        The sum after each step, and the index of the first step that it consists of.
    """
    sums: list[float] = []
    starts: list[int] = []
    total, start = 0.0, 0
    for i, step in enumerate(steps):
        if total == 0.0:
            start = i
        total = max(0.0, total + float(step))
        sums.append(total)
        starts.append(start)
    return sums, starts


def standardised(values: ArrayLike, *, centre: float, sd: float, sizes: ArrayLike | None = None) -> Floats:
    """Turn means of windows into standard errors from the centre: shape (k,)."""
    sample = checked_sample(values, name="values", at_least=0)
    checked_positive(sd, name="sd")
    if sizes is None:
        return (sample - centre) / sd
    counts = checked_sample(sizes, name="sizes", at_least=0)
    if counts.shape != sample.shape or (counts <= 0.0).any():
        raise InvalidSampleError(f"{len(sample)} values need as many sizes, all positive")
    return (sample - centre) / sd * np.sqrt(counts)


def _chart(statistic: Floats, limit: Floats) -> Chart:
    return Chart(
        statistic=tuple(float(value) for value in statistic),
        limit=tuple(float(value) for value in limit),
        alarms=tuple(int(i) for i in np.flatnonzero(np.abs(statistic) > limit)),
    )

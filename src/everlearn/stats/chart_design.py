"""Choosing the limits of a control chart: say how rare false alarms shall be and which shift matters."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy import optimize, special

from everlearn.stats.run_length import cusum_run_length, ewma_run_length, shewhart_run_length
from everlearn.stats.samples import InvalidSampleError, checked_positive

_SMOOTHINGS = (0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShewhartDesign:
    """Limits of a Shewhart chart and what they promise."""

    width: float
    points_between_false_alarms: float
    points_to_alarm: float  # on average, after the shift


@dataclass(frozen=True, slots=True, kw_only=True)
class CusumDesign:
    """Parameters of a CUSUM chart and what they promise."""

    allowance: float
    limit: float
    points_between_false_alarms: float
    points_to_alarm: float  # on average, after the shift


@dataclass(frozen=True, slots=True, kw_only=True)
class EwmaDesign:
    """Parameters of an EWMA chart and what they promise."""

    smoothing: float
    width: float
    points_between_false_alarms: float
    points_to_alarm: float  # on average, after the shift


def design_shewhart(points_between_false_alarms: float, *, shift: float) -> ShewhartDesign:
    """Choose the limit of a Shewhart chart.

    Parameters
    ----------
    points_between_false_alarms
        Wanted average run length in control, from 2 to 1e7.
    shift
        The shift to be seen, in standard errors, positive; for the promise only.

    Raises
    ------
    InvalidSampleError
        When a parameter is out of range.

    Examples
    --------
    >>> design = design_shewhart(370.4, shift=1.0)
    >>> round(design.width, 3), round(design.points_to_alarm, 1)
    (3.0, 43.9)
    """
    wanted = _checked(points_between_false_alarms, shift)
    width = float(-special.ndtri(0.5 / wanted))
    return ShewhartDesign(
        width=width,
        points_between_false_alarms=shewhart_run_length(width),
        points_to_alarm=shewhart_run_length(width, shift=shift),
    )


def design_cusum(points_between_false_alarms: float, *, shift: float) -> CusumDesign:
    """Choose allowance and limit of a CUSUM chart: half the shift, and the limit that gives the run length.

    Parameters
    ----------
    points_between_false_alarms
        Wanted average run length in control, from 2 to 1e7.
    shift
        The shift to be seen soonest, in standard errors, from 0.05 to 5.

    Raises
    ------
    InvalidSampleError
        When a parameter is out of range, or no limit gives so short a run length.

    Examples
    --------
    >>> design = design_cusum(370.4, shift=1.0)
    >>> design.allowance, round(design.limit, 3), round(design.points_to_alarm, 2)
    (0.5, 4.775, 9.93)

    Notes
    -----
    Source: G. V. Moustakides, "Optimal stopping times for detecting changes in distributions", Annals of Statistics 14
    (1986): k = shift / 2 minimises the worst delay.
    """
    wanted = _checked(points_between_false_alarms, shift)
    allowance = shift / 2.0
    limit = _solved(lambda h: cusum_run_length(allowance, h), wanted)
    return CusumDesign(
        allowance=allowance,
        limit=limit,
        points_between_false_alarms=cusum_run_length(allowance, limit),
        points_to_alarm=cusum_run_length(allowance, limit, shift=shift),
    )


def design_ewma(points_between_false_alarms: float, *, shift: float, smoothing: float | None = None) -> EwmaDesign:
    """Choose smoothing and limit of an EWMA chart: of fourteen smoothings the one that sees the shift soonest.

    Parameters
    ----------
    points_between_false_alarms
        Wanted average run length in control, from 2 to 1e7.
    shift
        The shift to be seen soonest, in standard errors, from 0.05 to 5.
    smoothing
        lambda, to keep it fixed and choose the limit alone.

    Raises
    ------
    InvalidSampleError
        When a parameter is out of range.

    Examples
    --------
    >>> design = design_ewma(500.0, shift=1.0)
    >>> design.smoothing, round(design.width, 3), round(design.points_to_alarm, 2)
    (0.15, 2.907, 10.23)

    Notes
    -----
    Source: Lucas and Saccucci (1990), section 5.
    """
    wanted = _checked(points_between_false_alarms, shift)
    choices = _SMOOTHINGS if smoothing is None else (smoothing,)
    return min((_ewma(wanted, shift, choice) for choice in choices), key=lambda design: design.points_to_alarm)


def _ewma(wanted: float, shift: float, smoothing: float) -> EwmaDesign:
    width = _solved(lambda size: ewma_run_length(smoothing, size), wanted)
    return EwmaDesign(
        smoothing=smoothing,
        width=width,
        points_between_false_alarms=ewma_run_length(smoothing, width),
        points_to_alarm=ewma_run_length(smoothing, width, shift=shift),
    )


def _solved(run_length: Callable[[float], float], wanted: float) -> float:
    """Find the limit at which an increasing run length has the wanted value."""
    low, high = 1e-6, 1.0
    if run_length(low) > wanted:
        raise InvalidSampleError(
            f"even with limits of 0 the chart runs {run_length(low):.4g} points between false alarms, longer "
            f"than the {wanted} asked for: ask for rarer false alarms or a smaller shift, or use a Shewhart chart"
        )
    while run_length(high) < wanted:
        high *= 1.5
    root: float = optimize.brentq(lambda limit: math.log(run_length(limit) / wanted), low, high, xtol=1e-9)
    return root


def _checked(points_between_false_alarms: float, shift: float) -> float:
    if not 2.0 <= points_between_false_alarms <= 1e7:
        raise InvalidSampleError(
            f"points between false alarms must lie between 2 and 1e7, not at {points_between_false_alarms}"
        )
    if not 0.05 <= checked_positive(shift, name="shift") <= 5.0:
        raise InvalidSampleError(f"the shift must lie between 0.05 and 5 standard errors, not at {shift}")
    return points_between_false_alarms

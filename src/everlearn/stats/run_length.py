"""How many points a control chart runs on average until it alarms (ARL), for independent normal points.

`shift` is the distance of the mean from the centre in standard errors: 0 gives the points between false alarms,
another value the delay until a shift of that size is seen (the chart starting at its centre, zero state).
"""

import math

import numpy as np
from scipy import special

from everlearn.stats.samples import Floats, InvalidSampleError, checked_positive

_SQRT_2PI = math.sqrt(2.0 * math.pi)
_LONGEST = 1e14  # beyond, rounding decides


def shewhart_run_length(width: float, *, shift: float = 0.0) -> float:
    """Give the ARL of a Shewhart chart: one over the chance of a point outside.

    Examples
    --------
    >>> round(shewhart_run_length(3.0), 1), round(shewhart_run_length(3.0, shift=1.0), 1)
    (370.4, 43.9)

    Notes
    -----
    Source: D. C. Montgomery, "Introduction to Statistical Quality Control", 7th ed. (2013), section 6.2.6.
    """
    checked_positive(width, name="width")
    outside = float(special.ndtr(shift - width) + special.ndtr(-shift - width))
    return 1.0 / outside if outside > 1.0 / _LONGEST else _LONGEST


def cusum_run_length(allowance: float, limit: float, *, shift: float = 0.0) -> float:
    """Give the ARL of a two-sided CUSUM chart.

    One side obeys L(z) = 1 + L(0) F(k - z) + integral over x in (0, h) of L(x) f(x + k - z) dx, with F and f the
    normal distribution around the shift; solved on Gauss-Legendre nodes. Two sides: 1 / L = 1 / L+ + 1 / L-.

    Parameters
    ----------
    allowance, limit
        k and h in standard errors, k from 0, h positive.
    shift
        Distance of the mean from the centre, in standard errors.

    Returns
    -------
    float
        Points until an alarm on average, at most 1e14.

    Examples
    --------
    >>> round(cusum_run_length(0.5, 5.0), 1), round(cusum_run_length(0.5, 5.0, shift=1.0), 2)
    (465.4, 10.38)

    Notes
    -----
    Complexity: O(nodes^3), about a millisecond.

    Source: E. S. Page (1954), section 3; C. S. van Dobben de Bruyn, "Cumulative Sum Tests" (1968), for two sides.
    """
    if allowance < 0.0 or not math.isfinite(allowance):
        raise InvalidSampleError(f"allowance must be finite and at least 0, not {allowance}")
    checked_positive(limit, name="limit")
    rates = 1.0 / _one_sided_cusum(allowance, limit, shift) + 1.0 / _one_sided_cusum(allowance, limit, -shift)
    return min(1.0 / rates, _LONGEST)


def ewma_run_length(smoothing: float, width: float, *, shift: float = 0.0) -> float:
    """Give the ARL of an EWMA chart with steady limits.

    L(u) = 1 + (1 / lambda) integral over x in (-H, H) of L(x) f((x - (1 - lambda) u) / lambda) dx with
    H = width sqrt(lambda / (2 - lambda)); solved on Gauss-Legendre nodes, given at u = 0.

    Parameters
    ----------
    smoothing
        lambda, in (0, 1].
    width
        L, in standard deviations of the weighted mean, positive.
    shift
        Distance of the mean from the centre, in standard errors.

    Returns
    -------
    float
        Points until an alarm on average, at most 1e14.

    Examples
    --------
    >>> round(ewma_run_length(0.2, 2.962)), round(ewma_run_length(0.2, 2.962, shift=1.0), 1)
    (500, 10.5)

    Notes
    -----
    Complexity: O(nodes^3); the nodes grow as 1 / sqrt(lambda).

    Source: S. V. Crowder, "A simple method for studying run-length distributions of exponentially weighted moving
    average charts", Technometrics 29 (1987), equation (2).
    """
    if not 0.0 < smoothing <= 1.0:
        raise InvalidSampleError(f"smoothing must lie in (0, 1], not at {smoothing}")
    edge = checked_positive(width, name="width") * math.sqrt(smoothing / (2.0 - smoothing))
    nodes, weights = _nodes(-edge, edge, kernel_width=smoothing)

    def kernel(start: Floats) -> Floats:
        return _density((nodes - (1.0 - smoothing) * start[:, None]) / smoothing - shift) / smoothing * weights

    lengths = np.linalg.solve(np.eye(len(nodes)) - kernel(nodes), np.ones(len(nodes)))
    return _bounded(1.0 + float(kernel(np.zeros(1))[0] @ lengths))


def _one_sided_cusum(allowance: float, limit: float, shift: float) -> float:
    nodes, weights = _nodes(0.0, limit, kernel_width=1.0)
    starts = np.concatenate([[0.0], nodes])
    to_zero = special.ndtr(allowance - starts - shift)
    to_nodes = _density(nodes + allowance - starts[:, None] - shift) * weights
    moves = np.column_stack([to_zero, to_nodes])
    return _bounded(float(np.linalg.solve(np.eye(len(starts)) - moves, np.ones(len(starts)))[0]))


def _nodes(low: float, high: float, *, kernel_width: float) -> tuple[Floats, Floats]:
    count = 32 + math.ceil(4.0 * (high - low) / kernel_width)
    points, weights = np.polynomial.legendre.leggauss(count)
    half = (high - low) / 2.0
    return low + half * (points + 1.0), half * weights


def _density(z: Floats) -> Floats:
    density: Floats = np.exp(-0.5 * z * z) / _SQRT_2PI
    return density


def _bounded(length: float) -> float:
    """Cut off lengths so great that the equation is singular to working precision."""
    return length if 1.0 <= length < _LONGEST else _LONGEST

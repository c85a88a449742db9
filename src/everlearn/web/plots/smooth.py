"""Smoothing a line, to be drawn beside it and never instead of it."""

from collections.abc import Sequence


def smoothed(values: Sequence[float], *, weight: float) -> list[float]:
    """Give the exponentially weighted mean of all values up to each.

    The value k places back weighs `weight`^k, and the weights are divided by their sum, so the beginning is not drawn
    towards zero. `weight` is in [0, 1); 0 changes nothing.
    """
    total, sum_of_weights, found = 0.0, 0.0, []
    for value in values:
        total = weight * total + value
        sum_of_weights = weight * sum_of_weights + 1.0
        found.append(total / sum_of_weights)
    return found

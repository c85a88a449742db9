"""Sums and extremes over many ranges of one array, each from the values inside its range alone.

Differences of running sums would be simpler, but they carry what lies before a range into its sum: one infinity spoils
everything after it, and 1e16 + 1 - 1e16 is 0. Here a range is put together from blocks of 1, 2, 4, ... values, so its
result depends on no value outside, is the same bit by bit wherever in the array it stands, and its rounding error
grows with the logarithm of its length (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 4.2:
pairwise summation, at most about log2(n) eps times the sum of magnitudes).
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = NDArray[Any]
Indices: TypeAlias = NDArray[np.int64]
Combine: TypeAlias = Callable[[Values, Values], Values]


def range_sums(values: Values, starts: Indices, lengths: Indices) -> Values:
    """Sum `values[start : start + length]` for each range; an empty range gives zero."""
    return _folded(values, starts, lengths, np.add, values.dtype.type(0))


def range_minima(values: Values, starts: Indices, lengths: Indices) -> Values:
    """Give the least value of each range, not-a-number only where there is nothing else."""
    return _folded(values, starts, lengths, np.fmin, _absent(values, np.iinfo(np.int64).max))


def range_maxima(values: Values, starts: Indices, lengths: Indices) -> Values:
    """Give the greatest value of each range, not-a-number only where there is nothing else."""
    return _folded(values, starts, lengths, np.fmax, _absent(values, np.iinfo(np.int64).min))


def _folded(values: Values, starts: Indices, lengths: Indices, combine: Combine, empty: Any) -> Values:
    """Combine each range in O((n + m) log longest) for n values and m ranges, in O(n + m) memory."""
    results = np.full(len(starts), empty, dtype=values.dtype)
    positions, blocks, size = starts.copy(), values, 1
    longest = int(lengths.max(initial=0))
    with np.errstate(all="ignore"):  # blocks that no range uses may hold inf - inf
        while size <= longest:
            chosen = np.flatnonzero(lengths & size)
            results[chosen] = combine(results[chosen], blocks[positions[chosen]])
            positions[chosen] += size
            blocks = combine(blocks[:-size], blocks[size:])  # blocks[i] covers 2 * size values from i on
            size *= 2
    return results


def _absent(values: Values, integer: int) -> Any:
    return np.nan if values.dtype.kind == "f" else integer

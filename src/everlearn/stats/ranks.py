"""Ranks of a sample, ties sharing theirs."""

import numpy as np

from everlearn.stats.samples import Floats, Integers


def midranks(values: Floats) -> Floats:
    """Rank values from 1 up; equal ones get the mean of the ranks they take.

    Examples
    --------
    >>> midranks(np.array([2.0, 1.0, 2.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, places, sizes = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    means: Floats = (last - sizes + 1 + last) / 2.0
    return means[places]


def tie_sizes(values: Floats) -> Integers:
    """Count how often each different value stands there.

    Examples
    --------
    >>> tie_sizes(np.array([2.0, 1.0, 2.0])).tolist()
    [1, 2]
    """
    sizes: Integers = np.unique(values, return_counts=True)[1].astype(np.int64)
    return sizes

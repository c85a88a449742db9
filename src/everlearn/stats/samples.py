"""The door of every algorithm here: what comes in is checked once and becomes a float64 or int64 array."""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from everlearn.core.errors import InvalidError

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]


class InvalidSampleError(InvalidError):
    """The numbers given are none that the algorithm is defined for; the message says which and why."""

    code = "stats.invalid_sample"


def checked_sample(values: ArrayLike, *, name: str, at_least: int = 1) -> Floats:
    """Give the values as a one-dimensional float64 array.

    Raises
    ------
    InvalidSampleError
        When they are not one-dimensional, fewer than `at_least`, or not all finite.
    """
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1:
        raise InvalidSampleError(f"{name} must be one-dimensional, not of shape {sample.shape}")
    if len(sample) < at_least:
        raise InvalidSampleError(f"{name} has {len(sample)} values; at least {at_least} are needed")
    if not np.isfinite(sample).all():
        bad = int(np.count_nonzero(~np.isfinite(sample)))
        raise InvalidSampleError(f"{name} has {bad} values that are not finite; drop or count them before")
    return sample


def checked_counts(values: ArrayLike, *, name: str) -> Integers:
    """Give the values as a one-dimensional int64 array of counts.

    Raises
    ------
    InvalidSampleError
        When one of them is negative or no whole number, or there are none.
    """
    sample = checked_sample(values, name=name)
    counts = sample.astype(np.int64)
    if (counts != sample).any() or (counts < 0).any():
        raise InvalidSampleError(f"{name} must be whole numbers from 0 up")
    return counts


def checked_probability(value: float, *, name: str) -> float:
    """Give the value back if it lies strictly between 0 and 1.

    Raises
    ------
    InvalidSampleError
        When it does not.
    """
    if not 0.0 < value < 1.0:
        raise InvalidSampleError(f"{name} must lie strictly between 0 and 1, not {value}")
    return float(value)


def checked_positive(value: float, *, name: str) -> float:
    """Give the value back if it is finite and greater than 0.

    Raises
    ------
    InvalidSampleError
        When it is not.
    """
    if not 0.0 < value < float("inf"):
        raise InvalidSampleError(f"{name} must be finite and greater than 0, not {value}")
    return float(value)

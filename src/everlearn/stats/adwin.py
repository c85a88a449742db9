"""ADWIN: a window that grows while the mean is steady and drops its old part when it has changed."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from numpy.typing import ArrayLike

from everlearn.stats.moments import NOTHING, Moments
from everlearn.stats.samples import InvalidSampleError, checked_probability, checked_sample


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanChange:
    """One change of the mean that was found."""

    found_at: int  # index of the value at which it was found
    began_at: int  # index of the first value that was kept: about where the change happened
    mean_before: float  # of what was dropped
    mean_after: float  # of what was kept


@dataclass(frozen=True, slots=True, kw_only=True)
class AdwinResult:
    """All changes of a stream, and the window as it stands."""

    changes: tuple[MeanChange, ...]
    mean: float  # of the window, 0 where nothing was seen
    width: int  # values in the window


@dataclass(slots=True, kw_only=True)
class Adwin:
    """The window of one stream of numbers in [0, 1].

    Any split of the window W into an old part W0 and a new part W1 is compared: when their means differ by more than
    eps = sqrt(2 / m s^2 ln(2 / d')) + 2 / (3 m) ln(2 / d'), with 1 / m = 1 / n0 + 1 / n1, s^2 the variance of the
    window and d' = delta / ln(n), the oldest values are dropped, until no split differs. Splits are those of an
    exponential histogram: at most `per_size` buckets of each size 1, 2, 4, ..., the older the larger.

    With d' = delta / n the chance of a false cut at one look is proved to be at most delta (theorem 3.1); the
    logarithm is what the authors use in practice, and in our tests keeps far below delta too.

    Notes
    -----
    Complexity: O(1) a value on average, O(per_size log n) a look; memory O(per_size log n).

    Source: A. Bifet and R. Gavalda, "Learning from time-changing data with adaptive windowing", SDM 2007, sections 3
    and 4 (ADWIN2). After a change the new part of the window is kept, as there.
    """

    delta: float = 0.002
    look_every: int = 32  # values between looks
    per_size: int = 5
    least_part: int = 5  # fewest values in either part of a split
    _buckets: list[list[Moments]] = field(default_factory=lambda: [[]])  # by size 2^i, each list oldest first
    _window: Moments = NOTHING
    _seen: int = 0

    def __post_init__(self) -> None:
        """Refuse parameters out of range."""
        checked_probability(self.delta, name="delta")
        if min(self.look_every, self.per_size, self.least_part) < 1:
            raise InvalidSampleError("look_every, per_size and least_part must be at least 1")

    @property
    def mean(self) -> float:
        """Mean of the window."""
        return self._window.mean

    @property
    def width(self) -> int:
        """How many values the window holds."""
        return self._window.count

    def update(self, value: float) -> Moments | None:
        """Take the next value; give the moments of what was dropped when the mean has changed, else None.

        Raises
        ------
        InvalidSampleError
            When the value does not lie in [0, 1].
        """
        if not 0.0 <= value <= 1.0:
            raise InvalidSampleError(f"ADWIN watches values from 0 to 1, not {value}; scale and clip them beforehand")
        single = Moments(count=1, mean=value, squares=0.0)
        self._buckets[0].append(single)
        self._window = self._window.merged(single)
        self._seen += 1
        self._compress()
        return self._look() if self._seen % self.look_every == 0 else None

    def _compress(self) -> None:
        for i, row in enumerate(self._buckets):
            if len(row) <= self.per_size:
                return
            if i + 1 == len(self._buckets):
                self._buckets.append([])
            self._buckets[i + 1].append(row[0].merged(row[1]))
            del row[:2]

    def _look(self) -> Moments | None:
        dropped = NOTHING
        while self._must_cut():
            row = next(row for row in reversed(self._buckets) if row)
            dropped = dropped.merged(row.pop(0))
            self._window = NOTHING
            for bucket in self._oldest_first():
                self._window = self._window.merged(bucket)
        return dropped if dropped.count else None

    def _oldest_first(self) -> Iterator[Moments]:
        for row in reversed(self._buckets):
            yield from row

    def _must_cut(self) -> bool:
        window = self._window
        if window.count < 2 * self.least_part:
            return False
        confidence = math.log(2.0 * max(1.0, math.log(window.count)) / self.delta)
        variance = window.squares / window.count
        total = window.mean * window.count
        old_count, old_total = 0, 0.0
        for bucket in self._oldest_first():
            old_count += bucket.count
            old_total += bucket.mean * bucket.count
            new_count = window.count - old_count
            if new_count < self.least_part:
                return False
            gap = abs(old_total / old_count - (total - old_total) / new_count)
            if old_count >= self.least_part and gap > _bound(old_count, new_count, variance, confidence):
                return True
        return False


def _bound(old_count: int, new_count: int, variance: float, confidence: float) -> float:
    reciprocal = 1.0 / old_count + 1.0 / new_count
    return math.sqrt(2.0 * reciprocal * variance * confidence) + 2.0 / 3.0 * reciprocal * confidence


def mean_changes(
    values: ArrayLike, *, low: float = 0.0, high: float = 1.0, delta: float = 0.002, look_every: int = 32
) -> AdwinResult:
    """Find where the mean of a stream changed.

    Parameters
    ----------
    values
        Shape (n,), in the order of arrival, each in [low, high]; clip at limits fixed beforehand. n may be 0.
    low, high
        Bounds of the values. The bound on the gap of the means is exact for them: generous bounds cost delay.
    delta
        Chance of a false change, in (0, 1); see `Adwin`.
    look_every
        Values between looks; a change is found at the next look.

    Returns
    -------
    AdwinResult
        All changes, in the unit of the values. One change may be reported twice: when it is found, and again when more
        of the new part tells its place more exactly.

    Raises
    ------
    InvalidSampleError
        When a value leaves the bounds.

    Examples
    --------
    >>> result = mean_changes([0.2, 0.4] * 200 + [0.7, 0.9] * 100)
    >>> [(change.found_at, change.began_at) for change in result.changes], result.width
    ([(447, 368), (479, 384)], 216)

    Notes
    -----
    Complexity: O(n) time on average with a factor of log(n) / look_every; memory O(log n).

    Source: as `Adwin`.
    """
    if not low < high:
        raise InvalidSampleError(f"the lower bound {low} must be less than the upper bound {high}")
    scale = high - low
    window = Adwin(delta=delta, look_every=look_every)
    changes: list[MeanChange] = []
    for i, value in enumerate(((checked_sample(values, name="values", at_least=0) - low) / scale).tolist()):
        dropped = window.update(value)
        if dropped is not None:
            changes.append(
                MeanChange(
                    found_at=i,
                    began_at=i + 1 - window.width,
                    mean_before=low + scale * dropped.mean,
                    mean_after=low + scale * window.mean,
                )
            )
    return AdwinResult(changes=tuple(changes), mean=low + scale * window.mean, width=window.width)

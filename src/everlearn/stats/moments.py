"""Count, mean and spread of numbers, kept so that parts can be merged."""

import math
from dataclasses import dataclass

from numpy.typing import ArrayLike

from everlearn.stats.samples import checked_sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """The first two moments of the numbers seen so far.

    Merging in any grouping gives the same numbers up to rounding, and loses no digits where the mean is large against
    the spread (the sum of squares is kept about the mean).

    Examples
    --------
    >>> Moments.of([1.0, 2.0]).merged(Moments.of([3.0, 6.0]))
    Moments(count=4, mean=3.0, squares=14.0)

    Notes
    -----
    Source: T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating formulae and a pairwise algorithm for computing sample
    variances", Stanford STAN-CS-79-773 (1979), equation (2.1).
    """

    count: int = 0
    mean: float = 0.0  # 0 where nothing was seen
    squares: float = 0.0  # sum of squared deviations from the mean

    @classmethod
    def of(cls, values: ArrayLike) -> "Moments":
        """Summarise some finite numbers; none at all is fine."""
        sample = checked_sample(values, name="values", at_least=0)
        if len(sample) == 0:
            return NOTHING
        mean = float(sample.mean())
        return cls(count=len(sample), mean=mean, squares=float(((sample - mean) ** 2).sum()))

    def merged(self, other: "Moments") -> "Moments":
        """Give the moments of both sets of numbers together."""
        if self.count == 0 or other.count == 0:
            return other if self.count == 0 else self
        count = self.count + other.count
        gap = other.mean - self.mean
        return Moments(
            count=count,
            mean=self.mean + gap * other.count / count,
            squares=self.squares + other.squares + gap**2 * self.count * other.count / count,
        )

    @property
    def sd(self) -> float | None:
        """Give the sample standard deviation (divisor count - 1), or None of fewer than two numbers."""
        return math.sqrt(self.squares / (self.count - 1)) if self.count > 1 else None


NOTHING = Moments()

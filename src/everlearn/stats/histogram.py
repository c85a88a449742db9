"""A histogram on frozen quantile edges of a reference: small, exact, and merged by addition."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from everlearn.core.errors import InvalidError
from everlearn.core.json import JSONObject, JSONValue
from everlearn.stats.ks import KsResult, ks_of_cumulated
from everlearn.stats.moments import NOTHING, Moments
from everlearn.stats.samples import Floats, InvalidSampleError

DEFAULT_BINS = 256


class HistogramMismatchError(InvalidError):
    """Two histograms can be merged or compared only where they share their edges."""

    code = "stats.histogram_mismatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchoredHistogram:
    """Exact counts of numbers between frozen edges, with their moments.

    Bin i counts the numbers in (edges[i-1], edges[i]]; the first and last are open to infinity. So the cumulated
    counts are the empirical distribution function at the edges, without error, and the Kolmogorov-Smirnov statistic
    taken there is at most the full one: its p-value is valid. NaN and infinite values are counted as missing.

    Notes
    -----
    Complexity: adding n values O(n log B) time; merging O(B); memory 8 B bytes a histogram.
    """

    edges: tuple[float, ...]  # strictly increasing, B - 1 of them, in the unit of the column
    counts: tuple[int, ...]  # B of them
    missing_count: int = 0
    moments: Moments = NOTHING

    def __post_init__(self) -> None:
        """Refuse what is no histogram."""
        if not self.edges or len(self.counts) != len(self.edges) + 1:
            raise InvalidSampleError(
                f"a histogram has edges, and one count more than edges; not {len(self.edges)} and {len(self.counts)}"
            )
        if not all(low < high for low, high in pairwise(self.edges)) or not np.isfinite(self.edges).all():
            raise InvalidSampleError("edges must be finite and strictly increasing")
        if min(*self.counts, self.missing_count, self.moments.count) < 0 or sum(self.counts) != self.moments.count:
            raise InvalidSampleError("counts must not be negative and must sum to the count of the moments")

    @classmethod
    def anchored(cls, reference: ArrayLike, *, bins: int = DEFAULT_BINS) -> "AnchoredHistogram":
        """Freeze the quantiles of a reference as edges and count the reference itself.

        Edges are values of the reference at equal steps of rank, its largest value, and the next float below its
        smallest, so that the two outer bins hold what is out of the reference's range. Equal ones are kept once: a
        column of few distinct values gets one bin for each of them.

        Parameters
        ----------
        reference
            Shape (n,), any unit; at least one finite value.
        bins
            The largest number of bins inside the reference's range, at least 2.

        Raises
        ------
        InvalidSampleError
            When the reference has no finite value.

        Examples
        --------
        >>> histogram = AnchoredHistogram.anchored([1.0, 2.0, 3.0, 4.0, float("nan")], bins=2)
        >>> histogram.edges[1:], histogram.counts, histogram.missing_count
        ((2.0, 4.0), (0, 2, 2, 0), 1)
        """
        if bins < 2:
            raise InvalidSampleError(f"a histogram needs at least 2 bins, not {bins}")
        sample = np.sort(_finite(reference)[0])
        if len(sample) == 0:
            raise InvalidSampleError("the reference has no finite value to anchor on")
        ranks = np.ceil(np.arange(1, bins + 1) * len(sample) / bins).astype(np.int64) - 1
        edges = np.unique([np.nextafter(sample[0], -np.inf), *sample[np.maximum(ranks, 0)]])
        empty = cls(edges=tuple(float(edge) for edge in edges), counts=(0,) * (len(edges) + 1))
        return empty.with_values(reference)

    @property
    def count(self) -> int:
        """Count the numbers seen, without the missing ones."""
        return self.moments.count

    def emptied(self) -> "AnchoredHistogram":
        """Give a histogram on the same edges that has seen nothing."""
        return AnchoredHistogram(edges=self.edges, counts=(0,) * len(self.counts))

    def with_values(self, values: ArrayLike) -> "AnchoredHistogram":
        """Count some more values."""
        sample, missing_count = _finite(values)
        bins = np.searchsorted(np.asarray(self.edges, dtype=np.float64), sample, side="left")
        added = np.bincount(bins, minlength=len(self.counts))
        return replace(
            self,
            counts=tuple(a + int(b) for a, b in zip(self.counts, added, strict=True)),
            missing_count=self.missing_count + missing_count,
            moments=self.moments.merged(Moments.of(sample)),
        )

    def merged(self, other: "AnchoredHistogram") -> "AnchoredHistogram":
        """Add up two histograms on the same edges.

        Raises
        ------
        HistogramMismatchError
            When the edges differ.
        """
        self.check_edges(other)
        return AnchoredHistogram(
            edges=self.edges,
            counts=tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)),
            missing_count=self.missing_count + other.missing_count,
            moments=self.moments.merged(other.moments),
        )

    def ks(self, other: "AnchoredHistogram") -> KsResult:
        """Run the two-sample Kolmogorov-Smirnov test at the edges.

        Valid, and a little conservative: the supremum is taken over the edges alone.

        Raises
        ------
        HistogramMismatchError
            When the edges differ.
        InvalidSampleError
            When one of them is empty.
        """
        self.check_edges(other)
        at = np.array([*self.edges, self.edges[-1]])  # no gap is left after the last bin
        return ks_of_cumulated(np.cumsum(self.counts), np.cumsum(other.counts), at=at)

    def coarsened(self, bins: int) -> "AnchoredHistogram":
        """Merge neighbouring bins to about `bins` of equal count; a bin that is heavy enough alone stays alone."""
        counts = np.asarray(self.counts, dtype=np.int64)
        cumulated = np.cumsum(counts)[:-1]
        targets = np.arange(1, bins) * self.count / bins
        chosen = np.minimum(np.searchsorted(cumulated, targets), len(cumulated) - 1)
        heavy = np.flatnonzero(counts * bins >= max(self.count, 1))
        around = np.concatenate([heavy - 1, heavy])
        kept = np.unique([*chosen, *around[(around >= 0) & (around < len(self.edges))]]).astype(np.int64)
        return self.regrouped(tuple(self.edges[i] for i in kept))

    def regrouped(self, edges: tuple[float, ...]) -> "AnchoredHistogram":
        """Count on some of the edges only.

        Raises
        ------
        HistogramMismatchError
            When one of them is no edge of this histogram.
        """
        if not set(edges) <= set(self.edges):
            raise HistogramMismatchError("only edges that the histogram has can be kept")
        group = np.searchsorted(np.asarray(edges), [*self.edges, np.inf], side="left")
        counts = np.bincount(group, weights=self.counts, minlength=len(edges) + 1)
        return replace(self, edges=edges, counts=tuple(int(count) for count in counts))

    def check_edges(self, other: "AnchoredHistogram") -> None:
        """Refuse a histogram that counts on other edges.

        Raises
        ------
        HistogramMismatchError
            When the edges differ, be it in one of them.
        """
        if self.edges != other.edges:
            raise HistogramMismatchError(
                "these histograms have different edges; count again on the edges of one reference"
            )

    def to_json(self) -> JSONObject:
        """Write it down; `from_json` gives the same histogram back, to the last bit."""
        return {
            "edges": list(self.edges),
            "counts": list(self.counts),
            "missing_count": self.missing_count,
            "mean": self.moments.mean,
            "squares": self.moments.squares,
        }

    @classmethod
    def from_json(cls, written: Mapping[str, JSONValue]) -> "AnchoredHistogram":
        """Read what `to_json` wrote.

        Raises
        ------
        InvalidSampleError
            When it is none.
        """
        edges = [_number(value) for value in _listed(written, "edges")]
        counts = [_whole(value) for value in _listed(written, "counts")]
        moments = Moments(count=sum(counts), mean=_number(written.get("mean")), squares=_number(written.get("squares")))
        missing_count = _whole(written.get("missing_count"))
        return cls(edges=tuple(edges), counts=tuple(counts), missing_count=missing_count, moments=moments)


def _finite(values: ArrayLike) -> tuple[Floats, int]:
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1:
        raise InvalidSampleError(f"values must be one-dimensional, not of shape {sample.shape}")
    finite = sample[np.isfinite(sample)]
    return finite, len(sample) - len(finite)


def _listed(written: Mapping[str, JSONValue], key: str) -> list[JSONValue]:
    value = written.get(key)
    if not isinstance(value, list):
        raise InvalidSampleError(f"a written histogram has a list {key!r}")
    return value


def _number(value: JSONValue) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidSampleError(f"a written histogram holds numbers, not {str(value)[:40]!r}")
    return float(value)


def _whole(value: JSONValue) -> int:
    number = _number(value)
    if not number.is_integer():
        raise InvalidSampleError(f"a written histogram counts in whole numbers, not {number}")
    return int(number)

"""Anchored histograms: exact counts that merge, and a test on them that is valid."""

import json
from itertools import pairwise

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stats.simulated import most_alarms

from everlearn.core.json import canonical_json
from everlearn.stats.histogram import AnchoredHistogram, HistogramMismatchError
from everlearn.stats.moments import Moments
from everlearn.stats.samples import InvalidSampleError

numbers = st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), max_size=40)
references = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


@given(reference=references, values=numbers, bins=st.integers(2, 20))
@settings(max_examples=80, deadline=None)
def test_every_value_is_in_the_bin_that_its_edges_say(reference: list[float], values: list[float], bins: int) -> None:
    histogram = AnchoredHistogram.anchored(reference, bins=bins).emptied().with_values(values)

    finite = [value for value in values if value == value]  # noqa: PLR0124  # NaN
    borders = [-np.inf, *histogram.edges, np.inf]
    expected = [sum(low < v <= high for v in finite) for low, high in pairwise(borders)]
    assert list(histogram.counts) == expected
    assert (histogram.count, histogram.missing_count) == (len(finite), len(values) - len(finite))


@given(reference=references, bins=st.integers(2, 20))
@settings(max_examples=80, deadline=None)
def test_the_reference_lies_inside_its_own_edges(reference: list[float], bins: int) -> None:
    histogram = AnchoredHistogram.anchored(reference, bins=bins)

    assert (histogram.counts[0], histogram.counts[-1]) == (0, 0)
    assert histogram.edges[-1] == max(reference)
    assert len(histogram.counts) <= bins + 2
    assert histogram.count == len(reference)


def test_distinct_values_are_spread_evenly_and_few_values_get_a_bin_each() -> None:
    even = AnchoredHistogram.anchored(np.random.default_rng(1).permutation(1000.0 * np.arange(1000)), bins=10)
    few = AnchoredHistogram.anchored([0.0] * 70 + [1.0] * 20 + [2.0] * 10, bins=64)

    assert even.counts == (0, *(100,) * 10, 0)
    assert few.counts == (0, 70, 20, 10, 0)


@given(reference=references, first=numbers, second=numbers)
@settings(max_examples=60, deadline=None)
def test_merged_parts_are_the_single_pass(reference: list[float], first: list[float], second: list[float]) -> None:
    empty = AnchoredHistogram.anchored(reference).emptied()

    merged, single = empty.with_values(first).merged(empty.with_values(second)), empty.with_values(first + second)

    assert (merged.counts, merged.missing_count) == (single.counts, single.missing_count)
    assert merged.moments.mean == pytest.approx(single.moments.mean, rel=1e-9, abs=1e-6)


@given(reference=references, values=numbers)
@settings(max_examples=60, deadline=None)
def test_what_was_written_is_read_back_to_the_last_bit(reference: list[float], values: list[float]) -> None:
    histogram = AnchoredHistogram.anchored(reference).with_values(values)

    assert AnchoredHistogram.from_json(json.loads(canonical_json(histogram.to_json()))) == histogram


def test_the_statistic_is_that_of_all_values_where_each_has_its_own_edge() -> None:
    random = np.random.default_rng(2)
    x, y = random.normal(size=400), random.normal(0.2, 1.0, size=300)
    reference = AnchoredHistogram.anchored(np.concatenate([x, y]), bins=2000).emptied()

    ours = reference.with_values(x).ks(reference.with_values(y))

    theirs = scipy.stats.ks_2samp(x, y)
    assert (ours.statistic, ours.location) == pytest.approx((theirs.statistic, theirs.statistic_location))
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-6)


@pytest.mark.parametrize("bins", [8, 256])
def test_unchanged_columns_alarm_no_more_than_asked_and_moved_ones_do(bins: int) -> None:
    random = np.random.default_rng(bins)
    alarms = moved = 0
    for _ in range(150):
        reference = AnchoredHistogram.anchored(random.normal(size=500), bins=bins)
        current = reference.emptied().with_values(random.normal(size=300))
        shifted = reference.emptied().with_values(random.normal(0.5, 1.0, size=300))
        alarms += reference.ks(current).p_value <= 0.05
        moved += reference.ks(shifted).p_value <= 0.05

    assert alarms <= most_alarms(150, 0.05)
    assert moved > 142


def test_coarser_bins_hold_the_same_counts() -> None:
    reference = AnchoredHistogram.anchored(np.arange(1000.0), bins=100)

    coarse = reference.coarsened(10)

    assert coarse.count == 1000
    assert max(coarse.counts) <= 2 * 100
    assert set(coarse.edges) <= set(reference.edges)
    assert reference.regrouped(coarse.edges) == coarse


def test_a_value_that_holds_most_of_a_column_stays_alone() -> None:
    column = [0.0] * 600 + [float(value) for value in range(1, 401)]

    coarse = AnchoredHistogram.anchored(column, bins=100).coarsened(10)

    assert 600 in coarse.counts


def test_histograms_on_other_edges_do_not_mix() -> None:
    one, other = AnchoredHistogram.anchored([1.0, 2.0]), AnchoredHistogram.anchored([1.0, 3.0])

    for verb in (one.merged, one.ks):
        with pytest.raises(HistogramMismatchError):
            verb(other)
    with pytest.raises(HistogramMismatchError):
        one.regrouped((7.0,))


def test_what_is_no_histogram_is_refused() -> None:
    for wrong in (
        {"edges": (), "counts": (0,)},
        {"edges": (2.0, 1.0), "counts": (0, 0, 0)},
        {"edges": (1.0,), "counts": (0,)},
    ):
        with pytest.raises(InvalidSampleError):
            AnchoredHistogram(**wrong)
    with pytest.raises(InvalidSampleError):
        AnchoredHistogram(edges=(1.0,), counts=(1, 0), moments=Moments())
    for column in ([], [float("nan")], [[1.0]]):
        with pytest.raises(InvalidSampleError):
            AnchoredHistogram.anchored(column)


WRITTEN = AnchoredHistogram.anchored([1.0, 2.0]).to_json()


@pytest.mark.parametrize(
    "change",
    [
        {"edges": None},
        {"edges": ["1"]},
        {"counts": [0, 1]},
        {"counts": [0, 1.5, 0.5, 0]},
        {"counts": [0, True, 1, 0]},
        {"missing_count": 0.5},
        {"missing_count": -1},
        {"mean": None},
    ],
)
def test_a_damaged_text_is_no_histogram(change: dict[str, object]) -> None:
    assert AnchoredHistogram.from_json(WRITTEN).count == 2
    with pytest.raises(InvalidSampleError):
        AnchoredHistogram.from_json({**WRITTEN, **change})  # type: ignore[dict-item]

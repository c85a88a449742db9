"""Moments that merge, and the door that refuses what is no sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlearn.stats.moments import NOTHING, Moments
from everlearn.stats.samples import (
    InvalidSampleError,
    checked_counts,
    checked_positive,
    checked_probability,
    checked_sample,
)

numbers = st.lists(st.floats(-1e6, 1e6), max_size=20)


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40))
def test_moments_are_those_of_numpy(values: list[float]) -> None:
    moments = Moments.of(values)

    assert moments.count == len(values)
    assert moments.mean == pytest.approx(np.mean(values), rel=1e-9, abs=1e-9)
    assert moments.sd == pytest.approx(np.std(values, ddof=1), rel=1e-9, abs=1e-9)


@given(first=numbers, second=numbers, third=numbers)
def test_parts_merge_in_any_grouping_to_the_whole(first: list[float], second: list[float], third: list[float]) -> None:
    a, b, c = map(Moments.of, (first, second, third))

    whole = Moments.of(first + second + third)

    for merged in (a.merged(b).merged(c), a.merged(b.merged(c)), c.merged(a).merged(b)):
        assert merged.count == whole.count
        assert merged.mean == pytest.approx(whole.mean, rel=1e-9, abs=1e-8)
        assert merged.squares == pytest.approx(whole.squares, rel=1e-9, abs=1e-2)


def test_a_large_mean_costs_no_digits_of_the_spread() -> None:
    parts = [Moments.of([1e9 + 4.0, 1e9 + 7.0]), Moments.of([1e9 + 13.0, 1e9 + 16.0])]

    assert parts[0].merged(parts[1]).sd == pytest.approx(np.sqrt(30.0), rel=1e-12)


def test_too_few_numbers_have_no_spread() -> None:
    assert Moments.of([]) is NOTHING
    assert NOTHING.sd is None
    assert Moments.of([5.0]).sd is None
    assert NOTHING.merged(Moments.of([5.0])) == Moments.of([5.0]).merged(NOTHING) == Moments.of([5.0])


def test_samples_become_arrays_of_floats() -> None:
    assert checked_sample((1, 2), name="x").tolist() == [1.0, 2.0]
    assert checked_sample([], name="x", at_least=0).dtype == np.float64
    assert checked_counts([1.0, 2.0], name="x").tolist() == [1, 2]


@pytest.mark.parametrize("bad", [[], [[1.0]], [float("nan")], [float("-inf"), 0.0]])
def test_what_is_no_sample_is_refused_by_name(bad: list[float]) -> None:
    with pytest.raises(InvalidSampleError, match="ages"):
        checked_sample(bad, name="ages")


@pytest.mark.parametrize("bad", [[-1], [0.5], []])
def test_what_are_no_counts_is_refused(bad: list[float]) -> None:
    with pytest.raises(InvalidSampleError):
        checked_counts(bad, name="counts")


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.1, 1.1, float("nan")])
def test_a_probability_lies_strictly_between(bad: float) -> None:
    assert checked_probability(0.5, name="alpha") == 0.5
    with pytest.raises(InvalidSampleError, match="alpha"):
        checked_probability(bad, name="alpha")


@pytest.mark.parametrize("bad", [0.0, -1.0, float("inf"), float("nan")])
def test_a_positive_number_is_finite_too(bad: float) -> None:
    assert checked_positive(3, name="width") == 3.0
    with pytest.raises(InvalidSampleError, match="width"):
        checked_positive(bad, name="width")

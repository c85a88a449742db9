"""The population stability index: its value by theory, its null law by simulation."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from everlearn.stats.histogram import AnchoredHistogram, HistogramMismatchError
from everlearn.stats.psi import psi_of_histograms, psi_test
from everlearn.stats.samples import InvalidSampleError


@pytest.mark.parametrize(("shift", "expected"), [(1.0, 1.0), (0.5, 0.25), (np.sqrt(0.1), 0.1)])
def test_a_mean_shift_of_a_normal_gives_its_square(shift: float, expected: float) -> None:
    edges = np.linspace(-6.0, 7.0, 1001)
    cells = np.diff(np.concatenate([[0.0], scipy.stats.norm.cdf(edges), [1.0]]))
    moved = np.diff(np.concatenate([[0.0], scipy.stats.norm.cdf(edges - shift), [1.0]]))

    result = psi_test(np.round(cells * 1e12), np.round(moved * 1e12))

    assert result.psi == pytest.approx(expected, rel=1e-3)


def test_threshold_for_a_thousand_against_a_thousand_in_ten_bins_is_the_published_one() -> None:
    result = psi_test(np.full(10, 100), np.full(10, 100))

    assert result.threshold == pytest.approx(0.0338, abs=5e-5)
    assert (result.psi, result.p_value) == (0.0, 1.0)


@pytest.mark.parametrize(("n", "m"), [(100, 100), (1000, 100), (1000, 1000), (20_000, 300)])
@pytest.mark.parametrize("kind", ["normal", "heavy tails", "whole numbers"])
def test_unchanged_columns_alarm_at_the_nominal_rate(n: int, m: int, kind: str) -> None:
    random = np.random.default_rng(n + m)

    def column(size: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        match kind:
            case "normal":
                return random.normal(size=size)
            case "heavy tails":
                return random.standard_cauchy(size=size)
            case _:
                return random.poisson(2.0, size=size).astype(np.float64)

    alarms = []
    for _ in range(400):
        reference = AnchoredHistogram.anchored(column(n), bins=64)
        alarms.append(psi_of_histograms(reference, reference.emptied().with_values(column(m))).p_value <= 0.05)

    assert 0.015 <= np.mean(alarms) <= 0.085


def test_the_usual_threshold_alarms_on_unchanged_small_batches() -> None:
    random = np.random.default_rng(5)
    batches = random.multinomial(100, np.full(10, 0.1), size=(1000, 2))

    results = [psi_test(first, second) for first, second in batches]

    assert np.mean([result.psi >= 0.1 for result in results]) > 0.75
    assert 0.03 <= np.mean([result.p_value <= 0.05 for result in results]) <= 0.06


def test_a_bin_that_is_empty_in_one_sample_gives_a_finite_index() -> None:
    result = psi_test([500, 500, 0], [400, 400, 200])

    assert 0.5 < result.psi < 5.0
    assert result.p_value < 1e-12


def test_bins_that_both_leave_empty_are_left_out() -> None:
    assert psi_test([50, 0, 60], [40, 0, 70]) == psi_test([50, 60], [40, 70])


def test_one_common_bin_says_nothing() -> None:
    result = psi_test([50, 0], [40, 0])

    assert (result.psi, result.p_value, result.threshold) == (0.0, 1.0, 0.0)


def test_small_samples_get_fewer_bins() -> None:
    reference = AnchoredHistogram.anchored(np.arange(1000.0))
    current = reference.emptied().with_values(np.arange(0.0, 1000.0, 50.0))

    result = psi_of_histograms(reference, current)

    assert result.degrees_of_freedom == 3
    assert result.p_value > 0.5


def test_a_constant_column_that_takes_another_value_is_seen_on_either_side() -> None:
    reference = AnchoredHistogram.anchored(np.full(500, 3.0))

    for value in (2.0, 4.0):
        current = reference.emptied().with_values(np.full(100, value))
        assert psi_of_histograms(reference, current).p_value < 1e-9


@given(
    pairs=st.lists(st.tuples(st.integers(1, 500), st.integers(1, 500)), min_size=2, max_size=12),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_order_of_bins_and_equal_samples_are_symmetries(pairs: list[tuple[int, int]], seed: int) -> None:
    table = np.array(pairs)
    mixed = np.random.default_rng(seed).permutation(table)

    plain = psi_test(table[:, 0], table[:, 1])
    other = psi_test(mixed[:, 1], mixed[:, 0])

    assert other.psi == pytest.approx(plain.psi, abs=1e-12)
    assert plain.psi >= 0.0


def test_histograms_on_other_edges_are_refused() -> None:
    one, other = AnchoredHistogram.anchored([1.0, 2.0, 3.0]), AnchoredHistogram.anchored([1.0, 2.0, 4.0])

    with pytest.raises(HistogramMismatchError):
        psi_of_histograms(one, other)


@pytest.mark.parametrize(("first", "second"), [([1, 2], [1, 2, 3]), ([0, 0], [1, 2]), ([5], [6])])
def test_what_are_no_bins_is_refused(first: list[int], second: list[int]) -> None:
    with pytest.raises(InvalidSampleError):
        psi_test(first, second)

"""Average run lengths against published tables, a Markov chain, and simulated charts."""

import math

import numpy as np
import pytest
import scipy.stats
from numpy.typing import NDArray

from everlearn.stats.control_chart import cusum_chart, ewma_chart
from everlearn.stats.run_length import cusum_run_length, ewma_run_length, shewhart_run_length
from everlearn.stats.samples import InvalidSampleError

SHIFTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)

# Montgomery (2013), tables 9.3 and 9.4 and section 6.2.6; k 0.5
SHEWHART = (370.4, 281.2, 155.2, 81.2, 43.9, 15.0, 6.30, 3.24, 2.00, 1.19)
CUSUM = {
    4.0: (167.7, 74.2, 26.6, 13.3, 8.38, 4.75, 3.34, 2.62, 2.19, 1.71),
    5.0: (465.4, 139.5, 38.0, 17.05, 10.38, 5.75, 4.01, 3.11, 2.57, 2.01),
}
# Lucas and Saccucci (1990), table 3: (lambda, L), in-control ARL 500
EWMA = {
    (0.40, 3.054): (500.0, 223.7, 71.2, 28.4, 14.3, 5.87, 3.52, 2.54, 2.02, 1.44),
    (0.25, 2.998): (500.0, 170.3, 48.3, 20.1, 11.1, 5.46, 3.61, 2.74, 2.26, 1.73),
    (0.20, 2.962): (500.0, 150.2, 41.8, 18.2, 10.5, 5.50, 3.74, 2.88, 2.38, 1.86),
    (0.10, 2.814): (500.0, 106.3, 31.3, 15.9, 10.3, 6.08, 4.36, 3.44, 2.87, 2.19),
    (0.05, 2.615): (500.0, 84.0, 28.8, 16.4, 11.4, 7.11, 5.22, 4.17, 3.50, 2.69),
}


def rounded(value: float, published: float) -> bool:
    """Half a per cent, or the last digit printed."""
    last = 0.5 * 10.0 ** -len(f"{published:g}".partition(".")[2])
    return abs(value - published) <= max(0.005 * published, 1.02 * last)


@pytest.mark.parametrize(("shift", "published"), list(zip(SHIFTS, SHEWHART, strict=True)))
def test_shewhart_chart_of_three_deviations_runs_as_published(shift: float, published: float) -> None:
    assert rounded(shewhart_run_length(3.0, shift=shift), published)


@pytest.mark.parametrize("limit", CUSUM)
def test_cusum_charts_run_as_published(limit: float) -> None:
    lengths = [cusum_run_length(0.5, limit, shift=shift) for shift in SHIFTS]

    assert all(map(rounded, lengths, CUSUM[limit])), lengths


@pytest.mark.parametrize("design", EWMA)
def test_ewma_charts_run_as_published(design: tuple[float, float]) -> None:
    lengths = [ewma_run_length(*design, shift=shift) for shift in SHIFTS]

    assert all(map(rounded, lengths, EWMA[design])), lengths


@pytest.mark.parametrize("smoothing", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("shift", [0.0, 0.7, -2.0])
def test_ewma_agrees_with_a_markov_chain(smoothing: float, shift: float) -> None:
    edge = 2.7 * math.sqrt(smoothing / (2.0 - smoothing))
    borders = np.linspace(-edge, edge, 802)
    middles = (borders[1:] + borders[:-1]) / 2.0
    reached = (borders[None, :] - (1.0 - smoothing) * middles[:, None]) / smoothing - shift
    moves = np.diff(scipy.stats.norm.cdf(reached), axis=1)
    lengths = np.linalg.solve(np.eye(len(middles)) - moves, np.ones(len(middles)))

    assert ewma_run_length(smoothing, 2.7, shift=shift) == pytest.approx(lengths[len(middles) // 2], rel=2e-3)


def test_ewma_with_all_weight_on_the_newest_point_is_the_shewhart_chart() -> None:
    for shift in SHIFTS:
        assert ewma_run_length(1.0, 3.0, shift=shift) == pytest.approx(shewhart_run_length(3.0, shift=shift), rel=1e-9)


@pytest.mark.parametrize("shift", [0.3, 1.0, 2.0])
def test_direction_of_the_shift_does_not_matter(shift: float) -> None:
    assert shewhart_run_length(2.5, shift=-shift) == pytest.approx(shewhart_run_length(2.5, shift=shift))
    assert cusum_run_length(0.5, 3.0, shift=-shift) == pytest.approx(cusum_run_length(0.5, 3.0, shift=shift))
    assert ewma_run_length(0.2, 2.5, shift=-shift) == pytest.approx(ewma_run_length(0.2, 2.5, shift=shift))


def simulated(random: np.random.Generator, shift: float, first_alarm: object) -> float:
    lengths = [first_alarm(random.normal(shift, 1.0, size=400)) for _ in range(1500)]  # type: ignore[operator]
    assert None not in lengths
    return float(np.mean(lengths)) + 1.0


def test_charts_alarm_after_as_many_points_as_promised() -> None:
    random = np.random.default_rng(1954)

    def cusum(points: NDArray[np.float64]) -> int | None:
        return cusum_chart(points, centre=0.0, sd=1.0).first_alarm

    def ewma(points: NDArray[np.float64]) -> int | None:
        return ewma_chart(points, centre=0.0, sd=1.0).first_alarm

    assert simulated(random, 1.0, cusum) == pytest.approx(cusum_run_length(0.5, 5.0, shift=1.0), rel=0.05)
    assert simulated(random, 1.0, ewma) == pytest.approx(ewma_run_length(0.2, 2.962, shift=1.0), rel=0.05)


def test_limits_beyond_reach_give_a_large_finite_length() -> None:
    lengths = [shewhart_run_length(40.0), cusum_run_length(0.5, 60.0), ewma_run_length(0.2, 30.0)]

    assert all(1e9 < length <= 1e14 for length in lengths)


def test_what_is_no_chart_is_refused() -> None:
    for wrong in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(InvalidSampleError):
            shewhart_run_length(wrong)
        with pytest.raises(InvalidSampleError):
            cusum_run_length(0.5, wrong)
    with pytest.raises(InvalidSampleError):
        cusum_run_length(-0.1, 5.0)
    with pytest.raises(InvalidSampleError):
        ewma_run_length(1.5, 3.0)

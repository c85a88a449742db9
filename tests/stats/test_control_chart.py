"""Control charts against the worked examples of Montgomery's textbook."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everlearn.stats.control_chart import cusum_chart, ewma_chart, shewhart_chart
from everlearn.stats.samples import InvalidSampleError

# Montgomery (2013), table 9.1: twenty points around 10, ten around 11
POINTS = [
    *(9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34),
    *(9.03, 11.47, 10.51, 9.40, 10.08, 9.37, 10.62, 10.31, 8.52, 10.84),
    *(10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52),
]
# table 9.2: the tabular cusum with k = 1/2
UPPER = [
    *(0, 0, 0, 1.16, 2.82, 2.50, 0.04, 1.00, 0, 0, 0, 0.97, 0.98, 0, 0),
    *(0, 0.12, 0, 0, 0.34, 0.74, 0, 1.79, 2.79, 2.89, 3.47, 3.35, 4.47, 5.28, 5.30),
]
LOWER = [
    *(0.05, 1.56, 1.77, 0, 0, 0, 1.46, 0, 0.30, 0, 0.47, 0, 0, 0.10, 0),
    *(0.13, 0, 0, 0.98, 0, 0, 0.17, 0, 0, 0, 0, 0, 0, 0, 0),
]


def test_cusum_is_that_of_the_textbook_and_tells_when_the_shift_began() -> None:
    chart = cusum_chart(POINTS, centre=10.0, sd=1.0, allowance=0.5, limit=5.0)

    assert chart.upper == pytest.approx(UPPER, abs=1e-9)
    assert chart.lower == pytest.approx(LOWER, abs=1e-9)
    assert chart.alarms == (28, 29)  # period 29
    assert chart.shift_starts == (22, 22)  # seven periods before: between 22 and 23


def test_ewma_is_that_of_the_textbook() -> None:
    chart = ewma_chart(POINTS, centre=10.0, sd=1.0, smoothing=0.1, width=2.7, has_exact_limits=True)

    smoothed = [10.0 + value for value in chart.statistic]
    limits = [10.0 + value for value in chart.limit]
    assert smoothed[:5] == pytest.approx([9.945, 9.7495, 9.70355, 9.8992, 10.1253], abs=1e-4)
    assert smoothed[-3:] == pytest.approx([10.5731, 10.6468, 10.6341], abs=1e-4)
    assert limits[:2] == pytest.approx([10.27, 10.36], abs=0.005)
    assert limits[-1] == pytest.approx(10.62, abs=0.005)
    assert chart.first_alarm == 28


def test_a_shewhart_chart_misses_the_small_shift_that_the_others_see() -> None:
    assert shewhart_chart(POINTS, centre=10.0, sd=1.0).alarms == ()


def test_a_falling_mean_is_seen_on_the_other_side() -> None:
    mirrored = [20.0 - point for point in POINTS]

    chart = cusum_chart(mirrored, centre=10.0, sd=1.0)

    assert chart.lower == pytest.approx(UPPER, abs=1e-9)
    assert chart.alarms == (28, 29)


def test_exact_limits_are_narrower_at_the_start_and_steady_in_the_end() -> None:
    steady = ewma_chart(np.zeros(200), centre=0.0, sd=1.0).limit
    exact = ewma_chart(np.zeros(200), centre=0.0, sd=1.0, has_exact_limits=True).limit

    assert exact[0] == pytest.approx(2.962 * 0.2)  # of one point of weight lambda
    assert all(a <= b for a, b in zip(exact, steady, strict=True))
    assert exact[-1] == pytest.approx(steady[-1])


def test_means_of_many_observations_have_narrower_limits() -> None:
    assert shewhart_chart([1.0, 1.0], centre=0.0, sd=1.0, sizes=[9, 16]).statistic == (3.0, 4.0)
    assert shewhart_chart([1.0, 1.0], centre=0.0, sd=1.0, sizes=[9, 16]).alarms == (1,)


def test_a_chart_of_nothing_does_not_alarm() -> None:
    for chart in (shewhart_chart, ewma_chart):
        assert chart([], centre=0.0, sd=1.0).first_alarm is None
    assert cusum_chart([], centre=0.0, sd=1.0).first_alarm is None


@given(
    points=st.lists(st.floats(-5.0, 5.0), min_size=1, max_size=40),
    centre=st.floats(-100.0, 100.0),
    sd=st.floats(0.1, 100.0),
)
@settings(max_examples=60, deadline=None)
def test_charts_do_not_depend_on_unit_and_origin(points: list[float], centre: float, sd: float) -> None:
    scaled = [centre + sd * point for point in points]

    plain, other = cusum_chart(points, centre=0.0, sd=1.0), cusum_chart(scaled, centre=centre, sd=sd)
    smooth, same = ewma_chart(points, centre=0.0, sd=1.0), ewma_chart(scaled, centre=centre, sd=sd)

    assert other.upper == pytest.approx(plain.upper, abs=1e-8)
    assert same.statistic == pytest.approx(smooth.statistic, abs=1e-8)


def test_what_cannot_be_charted_is_refused() -> None:
    with pytest.raises(InvalidSampleError):
        shewhart_chart([1.0], centre=0.0, sd=0.0)
    with pytest.raises(InvalidSampleError):
        shewhart_chart([1.0, 2.0], centre=0.0, sd=1.0, sizes=[1])
    with pytest.raises(InvalidSampleError):
        shewhart_chart([1.0], centre=0.0, sd=1.0, sizes=[0])
    with pytest.raises(InvalidSampleError):
        ewma_chart([1.0], centre=0.0, sd=1.0, smoothing=0.0)
    with pytest.raises(InvalidSampleError):
        cusum_chart([1.0], centre=0.0, sd=1.0, allowance=-0.5)
    with pytest.raises(InvalidSampleError):
        cusum_chart([float("nan")], centre=0.0, sd=1.0)

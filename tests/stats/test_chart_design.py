"""Limits for a wanted run length: the published pairs, and the promise kept."""

import pytest
import scipy.stats

from everlearn.stats.chart_design import design_cusum, design_ewma, design_shewhart
from everlearn.stats.samples import InvalidSampleError


@pytest.mark.parametrize("wanted", [2.0, 50.0, 370.398, 1e6])
def test_a_shewhart_limit_is_a_normal_quantile(wanted: float) -> None:
    design = design_shewhart(wanted, shift=1.0)

    assert design.width == pytest.approx(scipy.stats.norm.isf(0.5 / wanted))
    assert design.points_between_false_alarms == pytest.approx(wanted)


def test_three_deviations_are_one_false_alarm_in_370_points() -> None:
    assert design_shewhart(370.398, shift=1.0).width == pytest.approx(3.0, abs=1e-5)


# Montgomery (2013), table 9.4 after Hawkins (1993): limits h that give an in-control ARL of 370
@pytest.mark.parametrize(
    ("allowance", "limit"),
    [(0.25, 8.01), (0.5, 4.77), (0.75, 3.34), (1.0, 2.52), (1.25, 1.99), (1.5, 1.61)],
)
def test_cusum_limits_are_those_of_hawkins(allowance: float, limit: float) -> None:
    design = design_cusum(370.0, shift=2.0 * allowance)

    assert design.allowance == allowance
    assert design.limit == pytest.approx(limit, abs=0.0101)


# Lucas and Saccucci (1990), table 3
@pytest.mark.parametrize(
    ("smoothing", "width"), [(0.4, 3.054), (0.25, 2.998), (0.2, 2.962), (0.1, 2.814), (0.05, 2.615), (1.0, 3.09)]
)
def test_ewma_widths_are_those_of_lucas_and_saccucci(smoothing: float, width: float) -> None:
    design = design_ewma(500.0, shift=1.0, smoothing=smoothing)

    assert design.smoothing == smoothing
    assert design.width == pytest.approx(width, abs=0.002)


def test_the_smoothing_chosen_sees_the_shift_no_later_than_others_and_less_smoothing_sees_larger_ones() -> None:
    chosen = {shift: design_ewma(370.0, shift=shift) for shift in (0.5, 2.0)}

    for shift, design in chosen.items():
        others = [design_ewma(370.0, shift=shift, smoothing=smoothing) for smoothing in (0.1, 0.4, 1.0)]
        assert all(design.points_to_alarm <= other.points_to_alarm + 1e-9 for other in others)
        assert design.points_between_false_alarms == pytest.approx(370.0, rel=1e-6)
    assert chosen[0.5].smoothing < chosen[2.0].smoothing


@pytest.mark.parametrize(("wanted", "shift"), [(200.0, 0.05), (200.0, 2.0), (1e7, 0.5), (1e7, 2.0)])
def test_a_cusum_keeps_its_promise_over_the_whole_range(wanted: float, shift: float) -> None:
    design = design_cusum(wanted, shift=shift)

    assert design.points_between_false_alarms == pytest.approx(wanted, rel=1e-5)
    assert design.points_to_alarm < design_shewhart(wanted, shift=shift).points_to_alarm


@pytest.mark.parametrize(("wanted", "shift"), [(1.0, 1.0), (1e9, 1.0), (370.0, 0.0), (370.0, 9.0), (370.0, -1.0)])
def test_wishes_out_of_range_are_refused(wanted: float, shift: float) -> None:
    for design in (design_shewhart, design_cusum, design_ewma):
        with pytest.raises(InvalidSampleError):
            design(wanted, shift=shift)


def test_a_cusum_that_cannot_alarm_so_often_says_so() -> None:
    with pytest.raises(InvalidSampleError, match="rarer false alarms"):
        design_cusum(5.0, shift=5.0)

"""Page-Hinkley against its definition and against River."""

import numpy as np
import pytest
from river.drift import PageHinkley

from everlearn.stats.page_hinkley import page_hinkley
from everlearn.stats.samples import InvalidSampleError


@pytest.mark.parametrize("seed", range(5))
def test_alarms_are_those_of_river_without_forgetting(seed: int) -> None:
    random = np.random.default_rng(seed)
    stream = np.concatenate([random.normal(0.0, 1.0, 400), random.normal(1.0, 1.0, 300), random.normal(3.0, 1.0, 300)])
    theirs = PageHinkley(min_instances=30, delta=0.1, threshold=20.0, alpha=1.0, mode="up")

    expected = []
    for index, value in enumerate(stream):
        theirs.update(float(value))  # type: ignore[no-untyped-call]
        if theirs.drift_detected:
            expected.append(index)

    assert list(page_hinkley(stream, tolerance=0.1, threshold=20.0).alarms) == expected
    assert len(expected) >= 2


def test_the_statistic_is_the_height_of_the_sum_above_its_lowest_point() -> None:
    values = np.random.default_rng(7).normal(size=200)
    means = np.cumsum(values) / np.arange(1, 201)
    sums = np.concatenate([[0.0], np.cumsum(values - means - 0.05)])

    result = page_hinkley(values, tolerance=0.05, threshold=1e9)

    assert result.statistic == pytest.approx(sums[-1] - sums.min())
    assert (result.alarms, result.count) == ((), 200)


def test_the_value_that_alarms_is_told_with_the_statistic_that_it_reached() -> None:
    stream = [0.0] * 50 + [1.0] * 50
    alarm = page_hinkley(stream, tolerance=0.1, threshold=5.0).alarms[0]

    at_alarm = page_hinkley(stream[: alarm + 1], tolerance=0.1, threshold=5.0)
    after = page_hinkley(stream[: alarm + 2], tolerance=0.1, threshold=5.0)

    assert at_alarm.statistic > 5.0
    assert after.statistic == 0.0  # begun anew


def test_a_falling_mean_is_a_rising_one_upside_down() -> None:
    stream = np.concatenate([np.zeros(50), np.ones(50)])

    up = page_hinkley(stream, tolerance=0.1, threshold=5.0)
    down = page_hinkley(-stream, tolerance=0.1, threshold=5.0, direction="down")

    assert up.alarms == down.alarms != ()
    assert page_hinkley(stream, tolerance=0.1, threshold=5.0, direction="down").alarms == ()


def test_a_higher_threshold_alarms_later_and_a_tolerated_change_never() -> None:
    stream = np.concatenate([np.zeros(100), np.full(200, 0.5)])

    soon, late = (page_hinkley(stream, tolerance=0.05, threshold=limit).alarms[0] for limit in (2.0, 10.0))

    assert 100 <= soon < late
    assert page_hinkley(stream, tolerance=0.6, threshold=2.0).alarms == ()


def test_nothing_is_said_before_the_minimum_count() -> None:
    stream = [0.0, 100.0, 100.0, 100.0]

    assert page_hinkley(stream, tolerance=0.0, threshold=1.0, minimum_count=4).alarms == (3,)
    assert page_hinkley(stream, tolerance=0.0, threshold=1.0, minimum_count=5).alarms == ()


def test_what_cannot_be_watched_is_refused() -> None:
    assert page_hinkley([], tolerance=0.0, threshold=1.0).alarms == ()
    for wrong in ({"tolerance": -1.0}, {"threshold": 0.0}, {"minimum_count": 0}):
        with pytest.raises(InvalidSampleError):
            page_hinkley([1.0], **{"tolerance": 0.0, "threshold": 1.0, **wrong})  # type: ignore[arg-type]
    with pytest.raises(InvalidSampleError):
        page_hinkley([float("inf")], tolerance=0.0, threshold=1.0)

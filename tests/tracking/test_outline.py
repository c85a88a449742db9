"""Thinned histories: nothing invented, no spike lost, cheap however long they are."""

import math

import pytest
from tests.tracking.test_tracking import start

from everlearn.db import Database
from everlearn.tracking import Curves, Tracking
from everlearn.tracking.recording import record
from everlearn.tracking.store import outline as outlines
from everlearn.tracking.store import runs as run_store
from everlearn.tracking.store.outline import Outline
from everlearn.tracking.store.points import point_of


def logged(tracking: Tracking, values: list[float], *, steps: list[int] | None = None) -> None:
    if not tracking.runs("default").items:
        start(tracking, run_id="mine")
    with tracking.db.write() as tx:
        key = run_store.key_of(tx, "mine")
        assert key is not None
        places = steps or list(range(len(values)))
        points = [
            ("loss", point_of(step, at, value)) for at, (step, value) in enumerate(zip(places, values, strict=True))
        ]
        record(tx, key, params={}, tags={}, metrics=points)


def shape(db: Database) -> Outline:
    return Curves(db).read("default", "mine", ["loss"])[0].shape


def test_few_points_come_as_they_are(tracking: Tracking, db: Database) -> None:
    logged(tracking, [3.0, 1.0, 2.0])

    found = shape(db)

    assert [one.mean for one in found.stretches] == [3.0, 1.0, 2.0]
    assert found.is_whole
    assert not found.is_sample


def test_one_spike_among_thousands_is_seen(tracking: Tracking, db: Database) -> None:
    values = [math.sin(step / 300) for step in range(5_000)]
    values[1_234], values[3_210] = 99.0, -99.0
    logged(tracking, values)

    found = shape(db)

    assert len(found.stretches) <= 400
    assert (max(one.high for one in found.stretches), min(one.low for one in found.stretches)) == (99.0, -99.0)
    assert sum(one.size for one in found.stretches) == 5_000
    assert sum(one.mean * one.size for one in found.stretches) == pytest.approx(sum(values))
    assert (found.stretches[0].first_step, found.stretches[-1].last_step) == (0, 4_999)


def test_values_without_steps_are_spread_over_time(tracking: Tracking, db: Database) -> None:
    logged(tracking, [float(number) for number in range(1_000)], steps=[0] * 1_000)

    found = shape(db)

    assert 250 <= len(found.stretches) <= 400
    assert [one.low for one in found.stretches] == sorted(one.low for one in found.stretches)


def test_what_is_no_number_is_left_out(tracking: Tracking, db: Database) -> None:
    logged(tracking, [1.0, math.nan, math.inf, 2.0] * 300)

    found = shape(db)

    assert {value for one in found.stretches for value in (one.low, one.high)} == {1.0, 2.0}
    assert sum(one.size for one in found.stretches) == 600


def test_very_long_histories_are_sampled_and_say_so(
    tracking: Tracking, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlines, "MOST_READ", 2_000)
    logged(tracking, [float(number) for number in range(3_000)])

    found = shape(db)

    assert found.is_sample
    assert len(found.stretches) <= 400
    assert all(one.low == one.first_step for one in found.stretches)
    assert found.stretches[0].low == 0.0


def test_a_metric_measured_once_is_no_curve(tracking: Tracking, db: Database) -> None:
    logged(tracking, [1.0])

    assert Curves(db).with_history("default", "mine", ["loss", "never"]) == []

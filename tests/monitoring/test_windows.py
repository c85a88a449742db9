"""Windows of event time, and what their rows sum up to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from everlearn.core.decisions import Verdict
from everlearn.monitoring.profile import build_profile
from everlearn.monitoring.rules import input_drift
from everlearn.monitoring.windows import drift_window, summed_up, window_starts
from everlearn.serving import Outcome, Scored, TrafficRole

MIDNIGHT = datetime(2013, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def row(value: float | None, label: float | None, *features: float | None) -> Scored:
    return Scored(
        prediction_id="prd_1",
        version=2,
        entity_id="UA1",
        event_time=MIDNIGHT,
        features=features,
        value=value,
        status=Outcome.OK if value is not None else next(one for one in Outcome if one is not Outcome.OK),
        duration_us=100,
        role=TrafficRole.CHAMPION,
        is_served=True,
        is_fallback=False,
        label=label,
    )


@pytest.mark.parametrize(("days", "count"), [(-1.0, 0), (0.0, 0), (0.99, 0), (1.0, 1), (3.5, 3)])
def test_only_whole_windows_count(days: float, count: int) -> None:
    starts = window_starts(MIDNIGHT, MIDNIGHT + days * DAY, length=DAY)

    assert starts == [MIDNIGHT + DAY * index for index in range(count)]


def test_rows_are_summed_up_to_counts_and_errors() -> None:
    rows = [row(10.0, 13.0), row(5.0, 4.0), row(7.0, None), row(None, 3.0), row(None, None)]

    report = summed_up(rows, project="default", model="eta", version=2, start=MIDNIGHT, end=MIDNIGHT + DAY)

    assert (report.prediction_count, report.label_count, report.failure_count) == (5, 2, 2)
    assert report.mae == pytest.approx((3.0 + 1.0) / 2.0)
    assert report.bias == pytest.approx((-3.0 + 1.0) / 2.0)  # answer minus label: too low on the whole


@pytest.mark.parametrize("rows", [[], [row(1.0, None)], [row(None, 1.0)]])
def test_without_labels_there_is_no_error(rows: list[Scored]) -> None:
    report = summed_up(rows, project="default", model="eta", version=2, start=MIDNIGHT, end=MIDNIGHT + DAY)

    assert (report.mae, report.bias, report.label_count) == (None, None, 0)


def test_inputs_and_answers_are_counted_beside_the_reference() -> None:
    reference = build_profile(
        {"fare": np.array([1.0, 1.0, 2.0, np.nan]), "unused": np.arange(4.0)},
        np.array([10.0, 10.0, 20.0, 20.0]),
        held_out_errors=np.array([1.0, 2.0]),
        held_out_days=["2013-01-01", "2013-01-02"],
    )
    rows = [row(10.0, None, 1.0, 7.0), row(99.0, None, None, 7.0), row(None, None, 0.0, 7.0)]

    window: Any = drift_window(rows, reference, ["fare", "brand_new"])

    # below all, 1, 2, above all, missing
    assert window["columns"]["fare"] == {"reference": [0, 2, 1, 0, 1], "current": [1, 1, 0, 0, 1]}
    assert window["columns"]["(answer)"] == {"reference": [0, 2, 2, 0, 0], "current": [0, 1, 0, 1, 1]}
    assert set(window["columns"]) == {"fare", "(answer)"}  # of what the profile knows and the version reads


def test_a_window_without_rows_is_counted_as_empty() -> None:
    reference = build_profile(
        {"fare": np.arange(10.0)}, np.arange(10.0), held_out_errors=np.ones(2), held_out_days=["a", "b"]
    )

    window: Any = drift_window([], reference, ["fare"])

    assert sum(window["columns"]["fare"]["current"]) == 0


@pytest.mark.parametrize(("shift", "drifted"), [(0.0, []), (15.0, ["(answer)", "fare"])])
def test_a_moved_input_and_the_answers_that_follow_it_are_found(shift: float, drifted: list[str]) -> None:
    random = np.random.default_rng(12)
    fares, winds = random.normal(50.0, 10.0, 3000), random.normal(size=3000)
    reference = build_profile(
        {"fare": fares, "wind": winds}, fares / 2.0, held_out_errors=np.ones(2), held_out_days=["a", "b"]
    )
    now = random.normal(50.0 + shift, 10.0, 300)
    rows = [row(fare / 2.0, None, fare, float(random.normal())) for fare in now.tolist()]

    finding = input_drift(
        {"false_discovery": 0.05, "minimum_psi": 0.2, "minimum_rows": 30},
        drift_window(rows, reference, ["fare", "wind"]),
    )

    assert finding.evidence["drifted"] == drifted
    assert finding.verdict is (Verdict.FAIL if drifted else Verdict.PASS)

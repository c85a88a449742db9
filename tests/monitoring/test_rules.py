"""The rules of monitoring: what alarms, what does not, and what cannot be judged."""

import json
import math
from typing import Any

import numpy as np
import pytest
import scipy.stats
from tests.stats.simulated import most_alarms

from everlearn.core.decisions import Finding, Verdict
from everlearn.core.errors import InvalidError
from everlearn.core.json import canonical_json
from everlearn.monitoring.model import MonitoringPolicy
from everlearn.monitoring.rules import ERROR_LEVEL, INPUT_DRIFT, RULES, error_level, input_drift

LEVEL: dict[str, Any] = {
    "reference_mean": 10.0,
    "reference_sd": 1.0,
    "objective": 11.5,
    "ewma_weight": 0.2,
    "ewma_limit": 2.962,
    "page_hinkley_delta": 0.5,
    "page_hinkley_threshold": 10.0,
}
DRIFT: dict[str, Any] = {"false_discovery": 0.05, "minimum_psi": 0.2, "minimum_rows": 30}


def level(asked: dict[str, Any], series: list[float]) -> Finding:
    window: Any = {"mae": series}
    return error_level(asked, window)


def seen(table: dict[str, Any]) -> Any:
    return {"columns": table}


def test_the_rules_are_known_by_name_and_revision() -> None:
    assert set(RULES) == {ERROR_LEVEL, INPUT_DRIFT} == {"monitoring.error_level@1", "monitoring.input_drift@1"}


# --- the error and its level


def test_a_lasting_rise_is_told_when_the_smoothed_error_passes_its_limit() -> None:
    limit = 10.0 + 2.962 * math.sqrt(0.2 / 1.8)
    smoothed = [
        10.0 + 2.0 * (1.0 - 0.8**count) for count in (3, 4)
    ]  # by hand: two deviations above, three and four times

    third, fourth = (level(LEVEL, [12.0] * count) for count in (3, 4))

    assert (third.verdict, fourth.verdict) == (Verdict.PASS, Verdict.FAIL)
    assert [third.evidence["smoothed"], fourth.evidence["smoothed"]] == pytest.approx(smoothed)
    assert third.evidence["limit"] == pytest.approx(limit)
    assert fourth.reason == "smoothed error 11.18 is above its limit (limit 10.99, reference 10.00)"
    assert fourth.evidence["is_above_limit"] is True


@pytest.mark.parametrize("series", [[], [30.0], [30.0, 30.0]])
def test_too_few_windows_are_not_evaluated_however_bad(series: list[float]) -> None:
    finding = level(LEVEL, series)

    assert finding.verdict is Verdict.NOT_EVALUATED
    assert finding.evidence == {"n": len(series)}
    assert "3 needed" in finding.reason


def test_a_falling_error_is_no_alarm() -> None:
    assert level(LEVEL, [10.0] * 5 + [4.0] * 10).verdict is Verdict.PASS


def test_an_error_that_came_back_passes_again() -> None:
    series = [10.0, 14.0, 14.0, *[9.0] * 12]

    assert level(LEVEL, series[:3]).verdict is Verdict.FAIL
    assert level(LEVEL, series).verdict is Verdict.PASS


def test_a_jump_below_a_reference_that_was_too_high_is_seen_all_the_same() -> None:
    asked = {**LEVEL, "reference_mean": 30.0}
    series = [10.0] * 10 + [16.0, 16.0, 16.0]
    alarmed = [n for n in range(3, 14) if level(asked, series[:n]).verdict is Verdict.FAIL]

    assert alarmed[0] in {12, 13}
    finding = level(asked, series[: alarmed[0]])
    assert (finding.evidence["has_jumped"], finding.evidence["is_above_limit"]) == (True, False)
    assert finding.evidence["page_hinkley"] > finding.evidence["page_hinkley_threshold"]  # type: ignore[operator]
    assert "has jumped" in finding.reason


@pytest.mark.parametrize(("objective", "is_broken"), [(11.5, False), (10.9, True)])
def test_a_broken_objective_is_told_apart_from_a_change(objective: float, is_broken: bool) -> None:
    finding = level({**LEVEL, "objective": objective}, [12.0] * 4)

    assert finding.verdict is Verdict.FAIL
    assert finding.evidence["breaks_objective"] is is_broken


def test_a_reference_without_spread_cannot_be_judged_against() -> None:
    finding = level({**LEVEL, "reference_mean": 0.0, "reference_sd": 0.0}, [1.0, 2.0, 3.0])

    assert finding.verdict is Verdict.NOT_EVALUATED
    assert "no spread" in finding.reason


def test_steady_windows_alarm_as_seldom_as_promised() -> None:
    random = np.random.default_rng(500)

    alarms = [level(LEVEL, (10.0 + random.normal(size=40)).tolist()).verdict is Verdict.FAIL for _ in range(1500)]

    # one false alarm in 500 windows on either side of the chart; it stays out for some windows
    assert np.mean(alarms) < 0.02


@pytest.mark.parametrize("series", [[10.0] * 3, [1e9] * 5, [0.0] * 400, [12.0] * 4])
def test_evidence_of_the_level_is_json_with_finite_numbers(series: list[float]) -> None:
    evidence = level(LEVEL, series).evidence

    assert json.loads(canonical_json(evidence)) == evidence
    assert len(evidence["path"]) == len(series)  # type: ignore[arg-type]


# --- the inputs and their drift


def counts(random: np.random.Generator, size: int, *, shift: float = 0.0, missing: float = 0.0) -> list[int]:
    """Standard normal values in ten bins of equal chance, and the missing ones as a last bin."""
    values = random.normal(shift, 1.0, size)
    present = random.random(size) >= missing
    edges = [-np.inf, *scipy.stats.norm.ppf(np.arange(1, 10) / 10.0), np.inf]
    return [*np.histogram(values[present], edges)[0].tolist(), int((~present).sum())]


def columns(random: np.random.Generator, *, size: int = 500, reference: int = 2000, **shifts: float) -> dict[str, Any]:
    table = {
        name: {"reference": counts(random, reference), "current": counts(random, size, shift=shift)}
        for name, shift in shifts.items()
    }
    return {"columns": table}


def test_only_the_columns_that_moved_are_named() -> None:
    finding = input_drift(DRIFT, columns(np.random.default_rng(1), age=0.0, fare=1.0, hour=0.0, wind=-0.8))

    assert finding.verdict is Verdict.FAIL
    assert finding.reason == "2 of 4 columns drifted: fare, wind"
    assert finding.evidence["drifted"] == ["fare", "wind"]


def test_unchanged_columns_pass() -> None:
    finding = input_drift(DRIFT, columns(np.random.default_rng(2), age=0.0, fare=0.0))

    assert finding.verdict is Verdict.PASS
    assert finding.evidence["drifted"] == []


def test_a_shift_that_is_certain_but_small_is_not_reported() -> None:
    random = np.random.default_rng(3)
    table = {"fare": {"reference": counts(random, 100_000), "current": counts(random, 100_000, shift=0.2)}}

    finding = input_drift(DRIFT, seen(table))

    column: Any = finding.evidence["columns"]["fare"]  # type: ignore[call-overload,index]
    assert finding.verdict is Verdict.PASS
    assert column["adjusted_p"] < 1e-12
    assert column["psi"] == pytest.approx(0.04, abs=0.01)  # the square of the shift


def test_a_large_index_by_chance_is_not_reported() -> None:
    random = np.random.default_rng(4)
    many: Any = {f"c{number}": 0.0 for number in range(40)}

    finding = input_drift(DRIFT, columns(random, size=35, **many))

    found: Any = finding.evidence["columns"]
    assert sum(column["psi"] > 0.2 for column in found.values()) > 10
    assert finding.verdict is Verdict.PASS


def test_values_that_go_missing_are_a_drift() -> None:
    random = np.random.default_rng(5)
    table = {
        "fare": {"reference": counts(random, 2000), "current": counts(random, 300, missing=0.5)},
        "gone": {"reference": counts(random, 2000), "current": [0] * 10 + [300]},
    }

    assert input_drift(DRIFT, seen(table)).evidence["drifted"] == ["fare", "gone"]


@pytest.mark.parametrize("size", [0, 29])
def test_too_few_rows_are_not_evaluated(size: int) -> None:
    finding = input_drift(DRIFT, columns(np.random.default_rng(6), size=size, fare=5.0))

    assert finding.verdict is Verdict.NOT_EVALUATED
    assert finding.reason == f"{size} rows in the window are too few to judge; 30 needed"


def test_no_columns_are_not_evaluated() -> None:
    assert input_drift(DRIFT, {"columns": {}}).verdict is Verdict.NOT_EVALUATED


def test_p_values_are_adjusted_for_all_columns_as_scipy_does() -> None:
    random = np.random.default_rng(7)

    found: Any = input_drift(DRIFT, columns(random, a=0.0, b=0.1, c=0.2, d=0.05)).evidence["columns"]

    expected = scipy.stats.false_discovery_control([column["p_value"] for column in found.values()])
    assert [column["adjusted_p"] for column in found.values()] == pytest.approx(expected.tolist())


def test_wide_tables_raise_few_false_alarms() -> None:
    random = np.random.default_rng(8)
    asked = {**DRIFT, "minimum_psi": 0.0}  # significance alone

    alarms = [
        input_drift(
            asked, columns(random, size=200, reference=6000, **{f"c{number}": 0.0 for number in range(30)})
        ).verdict
        is Verdict.FAIL
        for _ in range(40)
    ]

    assert sum(alarms) <= most_alarms(40, 0.05)


@pytest.mark.parametrize("shift", [0.0, 8.0])
def test_evidence_of_drift_is_json_with_finite_numbers(shift: float) -> None:
    evidence = input_drift(DRIFT, columns(np.random.default_rng(9), fare=shift)).evidence

    assert json.loads(canonical_json(evidence)) == evidence


@pytest.mark.parametrize(
    "wrong",
    [
        {"window_hours": 0},
        {"minimum_labels": 0},
        {"drift_every_windows": 0},
        {"quiet_windows_to_resolve": 0},
        {"ewma_weight": 0.0},
        {"ewma_weight": 1.5},
        {"ewma_limit": 0.0},
        {"page_hinkley_threshold": 0.0},
        {"page_hinkley_delta": -0.1},
        {"drift_false_discovery": 1.0},
    ],
)
def test_policies_that_no_window_can_be_judged_by_are_refused(wrong: dict[str, Any]) -> None:
    assert MonitoringPolicy().window_hours == 24
    with pytest.raises(InvalidError):
        MonitoringPolicy(**wrong)

"""Reference profiles: what is normal, written down and read back."""

import json
from typing import Any

import numpy as np
import pytest

from everlearn.core.errors import InvalidError
from everlearn.core.json import canonical_json
from everlearn.monitoring.profile import Profile, build_profile


def profile(**changes: Any) -> Profile:
    given: dict[str, Any] = {
        "columns": {"fare": np.arange(100.0), "wind": np.array([1.0, np.nan] * 50)},
        "answers": np.arange(100.0) / 2.0,
        "held_out_errors": np.array([1.0, 3.0, 6.0, 6.0, 5.0]),
        "held_out_days": ["2013-01-01", "2013-01-01", "2013-01-02", "2013-01-02", "2013-01-03"],
    }
    given |= changes
    return build_profile(given.pop("columns"), given.pop("answers"), **given)


def test_the_error_is_that_of_days_not_of_rows() -> None:
    built = profile()  # daily means 2, 6 and 5

    assert built.error_mean == pytest.approx(13.0 / 3.0)
    assert built.error_sd == pytest.approx(np.std([2.0, 6.0, 5.0], ddof=1))
    assert built.error_days == 3


def test_days_may_come_in_any_order() -> None:
    order = [4, 2, 0, 3, 1]
    errors = np.array([1.0, 3.0, 6.0, 6.0, 5.0])[order]
    days = [["2013-01-01", "2013-01-01", "2013-01-02", "2013-01-02", "2013-01-03"][index] for index in order]

    assert profile(held_out_errors=errors, held_out_days=days).error_mean == pytest.approx(profile().error_mean)


@pytest.mark.parametrize("days", [["2013-01-01"] * 4, ["2013-01-01", "2013-01-02"] * 2])
def test_a_handful_of_calm_days_does_not_make_the_chart_nervous(days: list[str]) -> None:
    built = profile(held_out_errors=np.full(4, 8.0), held_out_days=days)

    assert built.error_sd == pytest.approx(0.8)


def test_columns_and_answers_are_counted_with_what_is_missing() -> None:
    built = profile()

    assert (built.columns["fare"].count, built.columns["fare"].missing_count) == (100, 0)
    assert (built.columns["wind"].count, built.columns["wind"].missing_count) == (50, 50)
    assert built.answers.count == 100
    assert built.answers.moments.mean == pytest.approx(24.75)


def test_what_is_written_is_read_back_the_same() -> None:
    built = profile()

    assert Profile.from_bytes(canonical_json(built.to_json()).encode()) == built


def test_no_row_of_the_data_is_in_the_profile() -> None:
    written = canonical_json(profile(columns={"fare": np.random.default_rng(1).random(5000)}).to_json())

    assert len(json.loads(written)["columns"]["fare"]["edges"]) <= 22


@pytest.mark.parametrize(
    "change",
    [
        {"held_out_errors": np.array([]), "held_out_days": []},
        {"held_out_errors": np.array([1.0, np.nan]), "held_out_days": ["2013-01-01", "2013-01-02"]},
        {"columns": {"fare": np.array([np.nan, np.nan])}},
    ],
)
def test_data_that_describes_nothing_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidError):
        profile(**change)


WRITTEN = profile().to_json()


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        canonical_json({**WRITTEN, "error_mean": "many"}).encode(),
        canonical_json({**WRITTEN, "error_sd": None}).encode(),
        canonical_json({**WRITTEN, "columns": []}).encode(),
        canonical_json({**WRITTEN, "columns": {"fare": []}}).encode(),
        canonical_json({**WRITTEN, "answers": {}}).encode(),
    ],
)
def test_what_is_no_profile_is_refused(written: bytes) -> None:
    with pytest.raises(InvalidError):
        Profile.from_bytes(written)

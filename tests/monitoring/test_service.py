"""Windows and alerts on a real platform, on days that err by exactly as much as a test wants."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.app.crafted import craft, evaluated, first_version, noise
from tests.app.lived import ADA, DAY, Life
from tests.app.small_world import BEGIN, CHANGE_ON

from everlearn.core.decisions import Verdict
from everlearn.monitoring import Alert, AlertRaised, AlertResolved, Level, WindowReport
from everlearn.monitoring.model import Health
from everlearn.monitoring.store import insert_window


@pytest.fixture
def life(database_url: str, tmp_path: Path) -> Iterator[Life]:
    """A first version that answers, on each engine; an error of 12 minutes breaks what users were promised."""
    with first_version(tmp_path / "home", database_url) as life:
        life.platform.policies.set("default", "eta", "monitoring", {"objective": 12.0}, actor=ADA)
        yield life


def live(life: Life, first: int, last: int, *, off: float = 0.0) -> None:
    for number in range(first, last):
        craft(life, number, noise(number, off=off))
        evaluated(life, number)


def alerts(life: Life, kind: str = "error_level") -> list[Alert]:
    return [one for one in life.platform.monitoring.alerts("default", "eta").items if one.kind == kind]


def told(life: Life) -> list[AlertRaised | AlertResolved]:
    with life.platform.db.read() as tx:
        events = [one.event for one in life.platform.log.read(tx, after=0, limit=10_000)]
    return [one for one in events if isinstance(one, AlertRaised | AlertResolved)]


def test_an_alert_opens_once_and_resolves_by_itself_and_may_come_back(life: Life) -> None:
    monitoring = life.platform.monitoring

    live(life, 0, 6)
    assert alerts(life) == []
    live(life, 6, 10, off=25.0)
    (alert,) = alerts(life)
    assert (alert.level, alert.resolved_at) == (Level.CRITICAL, None)
    assert monitoring.health("default", "eta") is Health.ACT

    live(life, 10, 34)
    (resolved,) = alerts(life)
    assert resolved.id == alert.id
    assert resolved.resolution == "3 windows in a row without it"
    assert resolved.resolved_at is not None
    assert resolved.resolved_at - resolved.last_seen_at == 3 * DAY
    assert monitoring.health("default", "eta") is Health.GOOD

    live(life, 34, 38, off=25.0)
    newest, oldest = alerts(life)
    assert (newest.resolved_at, oldest) == (None, resolved)
    assert newest.id != alert.id
    mine = [one for one in told(life) if one.kind == "error_level"]
    assert [one.alert_id for one in mine if isinstance(one, AlertResolved)] == [alert.id]
    # one fact when it opens and at most one for each level that it rises to
    assert 1 <= sum(isinstance(one, AlertRaised) and one.alert_id == alert.id for one in mine) <= 2


def test_evaluating_again_changes_nothing(life: Life) -> None:
    live(life, 0, 4)
    live(life, 4, 7, off=25.0)
    with life.platform.db.read() as tx:
        before = life.platform.log.size(tx)
    windows = life.platform.monitoring.windows("default", "eta").items

    assert evaluated(life, 6) == 0

    assert life.platform.monitoring.windows("default", "eta").items == windows
    with life.platform.db.read() as tx:
        assert life.platform.log.size(tx) == before


def test_a_window_tells_its_error_and_who_failed(life: Life) -> None:
    craft(life, 0, [3.0, -5.0, 3.0, -5.0] * 10, failed=10)
    evaluated(life, 0)

    (window,) = life.platform.monitoring.windows("default", "eta").items
    assert (window.prediction_count, window.label_count, window.failure_count) == (40, 30, 10)
    assert window.mae == pytest.approx((15 * 3 + 15 * 5) / 30, abs=1e-4)
    assert window.bias == pytest.approx(-1.0, abs=1e-4)


def test_silence_is_no_good_news(life: Life) -> None:
    live(life, 0, 4)
    live(life, 4, 8, off=25.0)
    (alert,) = alerts(life)

    evaluated(life, 20)  # nobody asked anything for twelve days

    windows = life.platform.monitoring.windows("default", "eta", limit=12).items
    assert {(one.prediction_count, one.mae, one.decision_id) for one in windows} == {(0, None, None)}
    assert alerts(life) == [alert]
    assert life.platform.monitoring.health("default", "eta") is Health.ACT


def test_too_few_labels_say_nothing(life: Life) -> None:
    for number in range(8):
        craft(life, number, [100.0] * 29)
        evaluated(life, number)

    windows = life.platform.monitoring.windows("default", "eta").items
    assert {(one.label_count, one.decision_id) for one in windows} == {(29, None)}
    assert alerts(life) == []


def test_inputs_that_drift_are_noted_and_the_note_is_taken_off(life: Life) -> None:
    policy = {"objective": 12.0, "drift_every_windows": 3}
    life.platform.policies.set("default", "eta", "monitoring", policy, actor=ADA)  # type: ignore[arg-type]

    for number in range(3):
        craft(life, number, noise(number), of_day=CHANGE_ON + number)  # more wind than ever, and no worse for it
        evaluated(life, number)
    (noted,) = alerts(life, "input_drift")
    assert noted.level is Level.INFO
    assert "wind" in noted.message
    assert "distance" not in noted.message
    assert life.platform.monitoring.health("default", "eta") is Health.GOOD  # worth knowing, nothing to do

    live(life, 3, 6)
    (gone,) = alerts(life, "input_drift")
    assert gone.resolved_at == BEGIN + 6 * DAY


def test_drift_is_looked_for_however_long_a_model_has_lived(life: Life) -> None:
    hour = timedelta(hours=1)
    past = BEGIN - 419 * hour
    with life.platform.db.write() as tx:
        for number in range(419):
            insert_window(tx, report(past + number * hour), at=BEGIN)
    craft(life, 0, noise(0))

    evaluated(life, 0)  # window 420 of a check every 7 windows

    (decision,) = life.platform.decisions.list("default", kind="monitoring.input_drift").items
    assert decision.effective_at == BEGIN + DAY


def test_decisions_of_windows_are_reproduced(life: Life) -> None:
    live(life, 0, 8, off=5.0)

    ledger = life.platform.decisions.replay_all("default")

    assert ledger.is_sound
    kinds = {one.kind for one in life.platform.decisions.list("default").items}
    assert {"monitoring.error_level", "monitoring.input_drift"} <= kinds
    verdicts = {
        one.finding.verdict for one in life.platform.decisions.list("default", kind="monitoring.error_level").items
    }
    assert Verdict.NOT_EVALUATED in verdicts  # the first two windows


def report(start: datetime) -> WindowReport:
    return WindowReport(
        project="default",
        model="eta",
        version=1,
        start=start,
        end=start + timedelta(hours=1),
        prediction_count=0,
        label_count=0,
        mae=None,
        bias=None,
        failure_count=0,
    )

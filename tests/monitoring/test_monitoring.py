"""Monitoring on a real platform: windows, alerts, health."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.app.lived import ADA, DAY, Life, living
from tests.app.small_world import BEGIN, CHANGE_ON

from everlearn.monitoring import AlertRaised, AlertResolved, Level
from everlearn.monitoring.model import Health


@pytest.fixture
def life(database_url: str, tmp_path: Path) -> Iterator[Life]:
    """A first version that answers, on each engine, and nobody who retrains."""
    with living(tmp_path / "home", database_url=database_url) as life:
        life.platform.policies.set("default", "eta", "monitoring", {"objective": 8.0}, actor=ADA)
        life.platform.policies.set("default", "eta", "gate", {"minimum_rows": 100, "minimum_blocks": 4}, actor=ADA)
        life.train("eta-training", BEGIN, key="first")
        yield life


def days(life: Life, first: int, last: int) -> None:
    for number in range(first, last):
        life.pass_day(number)


def test_before_anything_is_deployed_a_model_is_stopped(database_url: str, tmp_path: Path) -> None:
    with living(tmp_path / "home", database_url=database_url) as life:
        assert life.platform.monitoring.health("default", "eta") is Health.STOPPED


def test_each_whole_window_is_evaluated_once(life: Life) -> None:
    days(life, 0, 5)
    monitoring = life.platform.monitoring

    again = monitoring.evaluate("default", "eta", since=BEGIN, through=BEGIN + 5 * DAY)
    rest = monitoring.evaluate("default", "eta", since=BEGIN, through=BEGIN + 5 * DAY + DAY / 2)

    windows = monitoring.windows("default", "eta").items
    assert (again, rest) == (0, 0)
    # the first watermark only says where counting begins
    assert [(one.start, one.end) for one in windows] == [
        (BEGIN + number * DAY, BEGIN + number * DAY + DAY) for number in (4, 3, 2, 1)
    ]
    assert all(one.prediction_count == one.label_count == 40 for one in windows)


def test_an_error_that_stays_raises_one_alert_that_gets_worse_and_ends(life: Life) -> None:
    days(life, CHANGE_ON - 12, CHANGE_ON + 9)
    monitoring = life.platform.monitoring

    (alert,) = [one for one in monitoring.alerts("default", "eta").items if one.kind == "error_level"]
    assert alert.opened_at > BEGIN + CHANGE_ON * DAY
    assert alert.level is Level.CRITICAL  # 9 minutes more than ever, against an objective of 8
    assert alert.resolved_at is None
    assert monitoring.health("default", "eta") is Health.ACT
    levels = [one.level for one in raised(life) if one.kind == "error_level"]
    assert levels == sorted(set(levels), key=lambda level: Level(level).rank)

    monitoring.replaced("default", "eta", by=2, at=BEGIN + 60 * DAY)

    assert monitoring.health("default", "eta") is Health.GOOD
    assert list(monitoring.open_alerts("default", "eta")) == []
    with life.platform.db.read() as tx:
        events = [one.event for one in life.platform.log.read(tx, after=0, limit=10_000)]
    resolved = [one for one in events if isinstance(one, AlertResolved)]
    assert {one.resolution for one in resolved if one.kind == "error_level"} == {"version 2 took over"}


def test_calm_days_raise_nothing(life: Life) -> None:
    days(life, 0, 20)

    assert [one for one in raised(life) if one.kind == "error_level"] == []
    assert life.platform.monitoring.health("default", "eta") is Health.GOOD


def raised(life: Life) -> list[AlertRaised]:
    with life.platform.db.read() as tx:
        events = [one.event for one in life.platform.log.read(tx, after=0, limit=10_000)]
    return [one for one in events if isinstance(one, AlertRaised)]

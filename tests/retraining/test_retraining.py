"""Retraining reviews on a real platform: asked when there is a reason, answered in money, both ways."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.app.lived import ADA, DAY, POLICIES, Life, living
from tests.app.small_world import BEGIN, CHANGE_ON

from everlearn.core.decisions import Verdict
from everlearn.core.json import JSONObject

PATIENT: JSONObject = {**POLICIES["retraining"], "review_every_days": 3.0}


def lived(home: Path, database_url: str, retraining: JSONObject, first: int, last: int) -> Iterator[Life]:
    where = {"database_url": database_url} if database_url else {}
    with living(home, **where) as life:
        for kind, document in (POLICIES | {"retraining": retraining}).items():
            life.platform.policies.set("default", "eta", kind, document, actor=ADA)
        life.train("eta-training", BEGIN, key="first")
        for number in range(first, last):
            life.pass_day(number)
        yield life


def test_without_a_signal_nobody_asks(database_url: str, tmp_path: Path) -> None:
    for life in lived(tmp_path / "home", database_url, PATIENT, 0, 12):
        signals = {one.kind for one in life.platform.monitoring.open_alerts("default", "eta")}
        assert signals == set()
        assert life.platform.retraining.reviews("default", "eta").items == []


def test_a_changed_world_is_worth_a_training_that_is_rolled_out(database_url: str, tmp_path: Path) -> None:
    for life in lived(tmp_path / "home", database_url, PATIENT, CHANGE_ON - 8, CHANGE_ON + 34):
        reviews = life.platform.retraining.reviews("default", "eta").items
        trained = [one for one in reviews if one.verdict is Verdict.PASS]

        assert trained
        assert all(one.expected_gain > one.expected_cost and one.pipeline_run_id for one in trained)
        assert all(one.expected_gain <= one.expected_cost for one in reviews if one.verdict is Verdict.FAIL)
        champion = life.platform.deployments.state("default", "eta").champion
        assert champion is not None
        assert champion > 1
        windows = life.platform.monitoring.windows("default", "eta").items
        # the world's own noise has a mean absolute value of 7 * sqrt(2 / pi) = 5.6 minutes
        recent = [one.mae for one in windows[:5] if one.mae is not None]
        assert sum(recent) / len(recent) < 7.5


def test_what_costs_more_than_it_brings_is_not_done_and_said_so(database_url: str, tmp_path: Path) -> None:
    dear: JSONObject = {**PATIENT, "fixed_cost": 1e6}
    for life in lived(tmp_path / "home", database_url, dear, CHANGE_ON - 8, CHANGE_ON + 10):
        reviews = life.platform.retraining.reviews("default", "eta").items
        decided = life.platform.decisions.list("default", kind="retraining.review").items

        assert {one.verdict for one in reviews} <= {Verdict.FAIL, Verdict.NOT_EVALUATED}
        assert Verdict.FAIL in {one.verdict for one in reviews}
        assert [one.pipeline_run_id for one in reviews] == [None] * len(reviews)
        assert any("does not bring back its cost of 1,000,000 USD" in one.finding.reason for one in decided)
        gaps = [later.effective_at - earlier.effective_at for earlier, later in zip(reviews[1:], reviews, strict=False)]
        assert all(gap >= 3 * DAY for gap in gaps)


@pytest.mark.parametrize("through", [5, 6])
def test_asking_the_same_moment_again_changes_nothing(sqlite_home: Path, through: int) -> None:
    for life in lived(sqlite_home, "", {**PATIENT, "fixed_cost": 1e6}, CHANGE_ON, CHANGE_ON + through):
        before = life.platform.retraining.reviews("default", "eta").items
        life.platform.retraining.review("default", "eta", through=BEGIN + (CHANGE_ON + through) * DAY)

        assert life.platform.retraining.reviews("default", "eta").items == before


@pytest.fixture
def sqlite_home(tmp_path: Path) -> Path:
    """Where one engine is enough."""
    return tmp_path / "home"

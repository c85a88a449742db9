"""`everlearn rollouts` from the command line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.app.doors import told, young
from tests.app.lived import DAY, Life
from tests.app.small_world import BEGIN

from everlearn.core.clock import iso
from everlearn.core.errors import InvalidError
from everlearn.rollouts.commands import app
from everlearn.rollouts.model import AnswersAlreadyError, GateNotPassedError


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    """Version 1 answers, version 2 was rejected by its gate."""
    with young(tmp_path / "home") as life:
        yield life


def listed(life: Life) -> Any:
    return json.loads(told(life.platform, app, "list", "eta", "--json").stdout)["items"]


def test_a_rollout_is_begun_shown_and_ended_at_moments_of_its_own_world(life: Life) -> None:
    begun = told(
        life.platform, app, "start", "eta", "2", "--reason", "a peak", "--skip-gate", "--at", "2013-03-01T00:00:00Z"
    )
    (rollout,) = listed(life)
    shown = json.loads(told(life.platform, app, "show", rollout["id"], "--json").stdout)
    ended = told(life.platform, app, "back", rollout["id"], "--reason", "not today", "--at", iso(BEGIN + DAY))

    assert f"rollout {rollout['id']} has begun" in begun.stderr
    assert shown == rollout
    assert rollout["started_at"] == "2013-03-01T00:00:00Z"
    assert "version 2 is rolled back; version 1 answers everything" in ended.stderr
    assert [(one["state"], one["ended_at"]) for one in listed(life)] == [("rolled_back", "2013-03-02T00:00:00Z")]
    assert "rolled_back" in told(life.platform, app, "list", "eta").stdout


def test_a_rollout_that_cannot_be_is_refused(life: Life) -> None:
    with pytest.raises(GateNotPassedError, match="skip_gate"):
        told(life.platform, app, "start", "eta", "2", "--reason", "a peak")
    with pytest.raises(AnswersAlreadyError):
        told(life.platform, app, "start", "eta", "1", "--reason", "a peak", "--skip-gate")
    with pytest.raises(InvalidError, match="reason"):
        told(life.platform, app, "start", "eta", "2", "--reason", " ", "--skip-gate")
    with pytest.raises(InvalidError, match="not a time"):
        told(life.platform, app, "start", "eta", "2", "--reason", "a peak", "--skip-gate", "--at", "today")
    assert listed(life) == []

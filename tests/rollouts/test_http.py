"""Rollouts over HTTP: looked at by viewers, begun and ended by operators."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.app.doors import Doors, doors, young
from tests.app.lived import DAY, Life
from tests.app.small_world import BEGIN

from everlearn.access import Role
from everlearn.core.clock import iso
from everlearn.registry import Stage
from everlearn.rollouts.api import HANDLERS

ROLLOUTS = "/api/projects/default/models/eta/rollouts"


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    """Version 1 answers, version 2 was rejected by its gate."""
    with young(tmp_path / "home") as life:
        yield life


@pytest.fixture
def door(life: Life) -> Iterator[Doors]:
    with doors(life.platform, HANDLERS) as opened:
        yield opened


def request(**changes: Any) -> dict[str, Any]:
    return {"candidate": 2, "reason": "the peak cannot wait", "effective_at": iso(BEGIN), "skip_gate": True, **changes}


def test_an_operator_overrules_the_gate_and_takes_it_back(life: Life, door: Doors) -> None:
    started = door.post(ROLLOUTS, request(steps=[{"phase": "shadow"}, {"phase": "canary", "weight": 0.3}]))
    same = door.post(ROLLOUTS, request(steps=[{"phase": "shadow"}, {"phase": "canary", "weight": 0.3}]))
    rollout = started.json()
    ended = door.post(f"{ROLLOUTS}/{rollout['id']}/rollback", {"reason": "not today", "at": iso(BEGIN + DAY)})
    again = door.post(f"{ROLLOUTS}/{rollout['id']}/rollback", {"reason": "really", "at": iso(BEGIN + 2 * DAY)})

    assert started.status_code == 201, started.text
    assert (rollout["candidate"], rollout["champion"], rollout["state"]) == (2, 1, "running")
    assert rollout["steps"] == [{"phase": "shadow", "weight": 0.0}, {"phase": "canary", "weight": 0.3}]
    assert rollout["reason"] == "user:operator overruled the gate: the peak cannot wait"
    assert same.json() == rollout
    assert (ended.status_code, ended.json()["state"]) == (200, "rolled_back")
    assert ended.json()["reason"] == "user:operator: not today"
    assert again.json() == ended.json()
    assert door.get(ROLLOUTS).json()["items"] == [ended.json()]
    assert life.platform.registry.version("default", "eta", 2).stage is Stage.REJECTED


def test_without_overruling_it_is_refused_and_nothing_has_changed(life: Life, door: Doors) -> None:
    answer = door.post(ROLLOUTS, request(skip_gate=False))

    assert (answer.status_code, answer.json()["code"]) == (409, "rollouts.gate_not_passed")
    assert "skip_gate" in answer.json()["message"]
    assert door.get(ROLLOUTS).json() == {"items": [], "next": None}
    assert life.platform.registry.version("default", "eta", 2).stage is Stage.REJECTED


def test_a_second_candidate_waits_and_stays_what_it_was(life: Life, door: Doors) -> None:
    door.post(ROLLOUTS, request())
    other = life.register("eta", spoilt=1.3)

    answer = door.post(ROLLOUTS, request(candidate=other))

    assert (answer.status_code, answer.json()["code"]) == (409, "rollouts.already_running")
    assert life.platform.registry.version("default", "eta", other).stage is Stage.REJECTED


def test_the_champion_is_not_rolled_out_against_itself(door: Doors) -> None:
    answer = door.post(ROLLOUTS, request(candidate=1))

    assert (answer.status_code, answer.json()["code"]) == (409, "rollouts.answers_already")


def test_the_first_version_of_a_model_answers_at_once(life: Life, door: Doors) -> None:
    life.register("parking", spoilt=3.0)

    answer = door.post("/api/projects/default/models/parking/rollouts", request(candidate=1))

    assert (answer.status_code, answer.json()) == (201, None)
    assert life.platform.deployments.state("default", "parking").champion == 1
    assert life.platform.registry.version("default", "parking", 1).stage is Stage.LIVE


def test_nothing_ends_before_it_began(door: Doors) -> None:
    rollout = door.post(ROLLOUTS, request()).json()

    answer = door.post(f"{ROLLOUTS}/{rollout['id']}/rollback", {"reason": "x", "at": iso(BEGIN - DAY)})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert iso(BEGIN) in answer.json()["message"]
    assert door.get(f"{ROLLOUTS}/{rollout['id']}").json() == rollout


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1_001])
def test_a_reason_says_something(door: Doors, reason: str) -> None:
    rollout = door.post(ROLLOUTS, request()).json()

    assert door.post(ROLLOUTS, request(reason=reason)).status_code == 400
    assert door.post(f"{ROLLOUTS}/{rollout['id']}/rollback", {"reason": reason}).status_code == 400
    assert door.get(f"{ROLLOUTS}/{rollout['id']}").json() == rollout


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR])
def test_who_is_no_operator_only_looks(door: Doors, role: Role) -> None:
    rollout = door.post(ROLLOUTS, request()).json()

    refused = [door.post(ROLLOUTS, request(), role), door.post(f"{ROLLOUTS}/{rollout['id']}/rollback", {}, role)]

    assert [(one.status_code, one.json()["code"]) for one in refused] == [(403, "access.role_missing")] * 2
    assert all("operator" in one.json()["message"] for one in refused)
    assert door.get(f"{ROLLOUTS}/{rollout['id']}", role).json() == rollout


def test_other_projects_are_closed(door: Doors) -> None:
    assert door.get("/api/projects/shop/models/eta/rollouts").status_code == 403

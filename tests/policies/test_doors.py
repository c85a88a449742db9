"""Policies over HTTP and from the command line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.app.doors import Doors, doors, told
from tests.app.lived import Life, living

from everlearn.access import Role
from everlearn.core.errors import InvalidError
from everlearn.policies.api import HANDLERS
from everlearn.policies.commands import app
from everlearn.policies.model import KindUnknownError

POLICIES = "/api/projects/default/models/eta/policies"


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    with living(tmp_path / "home") as life:
        yield life


@pytest.fixture
def door(life: Life) -> Iterator[Doors]:
    with doors(life.platform, HANDLERS) as opened:
        yield opened


def test_a_policy_is_set_whole_and_read_alone_or_with_the_others(door: Doors) -> None:
    first = door.put(f"{POLICIES}/gate", {"minimum_rows": 50, "confidence": 0.9})
    second = door.put(f"{POLICIES}/gate", {"minimum_rows": 60})

    assert first.json() == {
        "minimum_improvement": 0.1,
        "confidence": 0.9,
        "minimum_rows": 50,
        "minimum_blocks": 5,
    }
    assert second.json()["confidence"] == 0.95  # left out: its default, not what stood there
    assert door.get(f"{POLICIES}/gate").json() == second.json()
    assert door.get(POLICIES).json()["gate"] == second.json()


def test_the_same_again_is_recorded_once(life: Life, door: Doors) -> None:
    for _ in range(2):
        door.put(f"{POLICIES}/gate", {"minimum_rows": 50})

    with life.platform.db.read() as tx:
        told = [one.actor for one in life.platform.log.about(tx, "model:default/eta", limit=10)]
    assert told == ["user:approver"]


@pytest.mark.parametrize("body", [{"minimum_rows": 0}, {"minimum_row": 5}, {"minimum_rows": "5"}, [], "gate", None])
def test_what_does_not_fit_changes_nothing(door: Doors, body: object) -> None:
    before = door.get(POLICIES).json()

    answer = door.put(f"{POLICIES}/gate", body)

    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "message", "details"}
    assert door.get(POLICIES).json() == before


def test_a_kind_that_is_none_is_not_found(door: Doors) -> None:
    answers = [door.get(f"{POLICIES}/gates"), door.put(f"{POLICIES}/gates", {})]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(404, "policies.kind_unknown")] * 2
    assert "there are: alias, gate, monitoring, retraining, rollout" in answers[0].json()["message"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.OPERATOR])
def test_only_approvers_set_policies(door: Doors, role: Role) -> None:
    answer = door.put(f"{POLICIES}/gate", {"minimum_rows": 50}, role)

    assert (answer.status_code, answer.json()["code"]) == (403, "access.role_missing")
    assert door.get(f"{POLICIES}/gate", role).json()["minimum_rows"] == 500


def test_from_the_command_line(life: Life, tmp_path: Path) -> None:
    file = tmp_path / "rollout.json"
    file.write_text('{"steps": [{"phase": "canary", "weight": 0.2}]}')

    done = told(life.platform, app, "set", "eta", "rollout", str(file))
    shown = json.loads(told(life.platform, app, "show", "eta", "rollout", "--json").stdout)

    assert "rollout policy 1 of eta is in force" in done.stderr
    assert shown["steps"] == [{"phase": "canary", "weight": 0.2}]
    assert json.loads(told(life.platform, app, "show", "eta", "--json").stdout)["rollout"] == shown
    assert "latency limit ms" in told(life.platform, app, "show", "eta", "rollout").stdout
    with pytest.raises(KindUnknownError):
        told(life.platform, app, "show", "eta", "gates")


@pytest.mark.parametrize("written", ["{", "[]", '"gate"', '{"minimum_improvement": NaN}', '{"confidence": 1e999}'])
def test_a_file_that_is_no_policy_is_refused(life: Life, tmp_path: Path, written: str) -> None:
    file = tmp_path / "gate.json"
    file.write_text(written)

    with pytest.raises(InvalidError):
        told(life.platform, app, "set", "eta", "gate", str(file))

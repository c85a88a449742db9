"""Judging a version once more, over HTTP and from the command line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.app.doors import doors, told, young
from tests.app.lived import DAY, Life
from tests.app.small_world import BEGIN

from everlearn.access import Role
from everlearn.core.clock import iso
from everlearn.quality.api import HANDLERS
from everlearn.quality.commands import app
from everlearn.quality.model import NotRejectedError

GATE = "/api/projects/default/models/eta/versions/{}/gate"
AT = iso(BEGIN + DAY)


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    """Version 1 answers, version 2 was rejected by its gate."""
    with young(tmp_path / "home") as life:
        yield life


def test_an_operator_has_a_rejected_version_judged_again(life: Life) -> None:
    with doors(life.platform, HANDLERS) as door:
        judged = door.post(GATE.format(2), {"effective_at": AT})
        again = door.post(GATE.format(2), {"effective_at": AT})

        assert judged.status_code == 201, judged.text
        assert judged.json()["finding"]["verdict"] == "fail"
        assert judged.json()["parameters"]["candidate"] == 2
        assert again.json() == judged.json()


@pytest.mark.parametrize(
    ("number", "body", "status", "code"),
    [
        (1, {}, 409, "quality.not_rejected"),
        (9, {}, 404, "registry.version_not_found"),
        (2, {"effective_at": "2013-03-02T00:00:00"}, 400, "web.wrong_type"),
        (2, {"at": AT}, 400, "web.wrong_type"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    life: Life, number: int, body: dict[str, str], status: int, code: str
) -> None:
    before = life.platform.decisions.list("default", kind="quality.gate").items
    with doors(life.platform, HANDLERS) as door:
        answer = door.post(GATE.format(number), body)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert life.platform.decisions.list("default", kind="quality.gate").items == before


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR])
def test_who_is_no_operator_may_not(life: Life, role: Role) -> None:
    with doors(life.platform, HANDLERS) as door:
        assert door.post(GATE.format(2), {}, role).status_code == 403


def test_from_the_command_line(life: Life) -> None:
    plain = told(life.platform, app, "judge", "eta", "2", "--at", AT)
    data = json.loads(told(life.platform, app, "judge", "eta", "2", "--at", AT, "--json").stdout)

    assert "fail" in plain.stdout
    assert data["finding"]["reason"] in plain.stdout
    with pytest.raises(NotRejectedError, match="only a rejected version"):
        told(life.platform, app, "judge", "eta", "1")

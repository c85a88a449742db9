"""The doors of the upper domains over HTTP and on the command line, on a platform that has lived."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from litestar.types import ASGIApp
from tests.app.lived import a_copy_of_it, lived_home
from tests.app.processes import everlearn

from everlearn.app.asgi import api_app

MODEL = "/api/projects/default/models/eta"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[ASGIApp]]:
    """The API over a copy that may be changed."""
    with (
        a_copy_of_it(tmp_path_factory.mktemp("doors") / "home") as life,
        TestClient(api_app(life.platform), base_url="http://127.0.0.1", raise_server_exceptions=False) as client,
    ):
        yield client


@pytest.mark.parametrize("path", ["rollouts", "alerts", "windows", "retraining-reviews"])
def test_lists_come_page_by_page(client: TestClient[ASGIApp], path: str) -> None:
    whole = client.get(f"{MODEL}/{path}", params={"limit": 1_000}).json()
    found: list[Any] = []
    after: str | None = None
    while True:
        page = client.get(f"{MODEL}/{path}", params={"limit": 1} | ({"after": after} if after else {})).json()
        found += page["items"]
        after = page["next"]
        if after is None:
            break

    assert whole["next"] is None
    assert len(whole["items"]) > 1
    assert found == whole["items"]


@pytest.mark.parametrize("path", ["rollouts", "alerts", "windows", "retraining-reviews"])
@pytest.mark.parametrize("query", ["after=nonsense", "limit=0", "limit=1001"])
def test_keys_and_sizes_that_cannot_be_are_refused(client: TestClient[ASGIApp], path: str, query: str) -> None:
    answer = client.get(f"{MODEL}/{path}?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_model_is_summed_up_in_a_word(client: TestClient[ASGIApp]) -> None:
    told = client.get(f"{MODEL}/health").json()

    assert told["health"] in {"good", "watch", "act"}
    assert all(alert["resolved_at"] is None for alert in told["alerts"])


def test_policies_are_read_and_set(client: TestClient[ASGIApp]) -> None:
    known = client.get(f"{MODEL}/policies").json()

    changed = client.put(f"{MODEL}/policies/monitoring", json=known["monitoring"] | {"objective": 7.5})
    refused = client.put(f"{MODEL}/policies/monitoring", json={"objektive": 7.5})

    assert set(known) == {"alias", "gate", "monitoring", "retraining", "rollout"}
    assert (changed.status_code, changed.json()["objective"]) == (200, 7.5)
    assert refused.status_code == 400
    assert "has no objektive" in refused.json()["message"]


def test_a_rollout_is_shown_and_one_of_another_model_is_not(client: TestClient[ASGIApp]) -> None:
    rollout = client.get(f"{MODEL}/rollouts").json()["items"][0]

    assert client.get(f"{MODEL}/rollouts/{rollout['id']}").json() == rollout
    other = client.get(f"/api/projects/default/models/parking/rollouts/{rollout['id']}")
    assert (other.status_code, other.json()["code"]) == (404, "rollouts.not_found")


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"candidate": 99, "reason": "why not"}, 404, "99"),
        ({"candidate": 0, "reason": "why not"}, 400, "candidate"),
        ({"candidate": 1}, 400, "reason"),
        ({"candidate": 1, "reason": "x", "steps": [{"phase": "canary", "weight": 1.5}]}, 400, "weight"),
        ({"candidate": 1, "reason": "x", "haste": True}, 400, "haste"),
    ],
)
def test_a_rollout_that_cannot_be_is_refused(
    client: TestClient[ASGIApp], body: dict[str, Any], status: int, said: str
) -> None:
    answer = client.post(f"{MODEL}/rollouts", json=body)

    assert answer.status_code == status, answer.text
    assert said in answer.json()["message"]


def test_a_card_is_markdown(client: TestClient[ASGIApp]) -> None:
    answer = client.get(f"{MODEL}/versions/1/card")

    assert answer.headers["content-type"].startswith("text/markdown")
    assert answer.text.startswith("# Model card: eta, version 1")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("monitoring", "health", "eta"), "health"),
        (("monitoring", "alerts", "eta"), "error_level"),
        (("monitoring", "windows", "eta"), "label count"),
        (("rollouts", "list", "eta"), "candidate"),
        (("retraining", "reviews", "eta"), "expected gain"),
        (("policies", "show", "eta"), "objective"),
        (("cards", "show", "eta", "1"), "# Model card: eta, version 1"),
        (("decisions", "replay", "--all"), "reproduced"),
        (("audit", "verify"), "sound"),
    ],
)
def test_commands_answer(arguments: tuple[str, ...], said: str) -> None:
    answer = everlearn(*arguments, home=lived_home())

    assert answer.returncode == 0, answer.stderr
    assert said in answer.stdout


def test_a_policy_is_set_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "gate.json"
    file.write_text(json.dumps({"minimum_rows": 7}))

    done = everlearn("policies", "set", "eta", "gate", str(file), home=tmp_path / "home")
    shown = everlearn("policies", "show", "eta", "--json", home=tmp_path / "home")
    refused = everlearn("policies", "set", "eta", "gate", str(tmp_path / "none.json"), home=tmp_path / "home")

    assert done.returncode == 0, done.stderr
    assert json.loads(shown.stdout)["gate"]["minimum_rows"] == 7
    assert refused.returncode != 0
    assert "cannot read" in refused.stderr

"""Webhooks as mlflow's client and people manage them."""

from typing import Any

import pytest
from tests.egress.receiver import Receiver
from tests.webhooks.bench import Bench

HOOKS = "/mlflow/webhooks"
VERSION = {"entity": "MODEL_VERSION", "action": "CREATED"}
ALIAS = {"entity": "MODEL_VERSION_ALIAS", "action": "CREATED"}


def made(bench: Bench, **fields: Any) -> Any:
    asked = {"name": "hook", "url": "http://127.0.0.1:9/x", "events": [VERSION]} | fields
    return bench.door.post(HOOKS, **asked)


def test_a_webhook_is_made_shown_changed_and_removed(bench: Bench) -> None:
    first = made(bench, description="words", events=[ALIAS, VERSION], secret="s").body["webhook"]
    assert first == {
        "webhook_id": first["webhook_id"],
        "name": "hook",
        "url": "http://127.0.0.1:9/x",
        "events": [ALIAS, VERSION],
        "status": "ACTIVE",
        "creation_timestamp": 1_767_225_600_000,
        "last_updated_timestamp": 1_767_225_600_000,
        "description": "words",
    }
    one = f"{HOOKS}/{first['webhook_id']}"
    assert bench.door.get(one).body["webhook"] == first
    assert bench.door.send("GET", one, root="/ajax-api").body["webhook"] == first

    changed = bench.door.send("PATCH", one, json={"name": "other", "events": [VERSION], "status": "DISABLED"}).body
    assert changed["webhook"]["last_updated_timestamp"] > first["last_updated_timestamp"]
    assert {key: changed["webhook"][key] for key in ("name", "url", "events", "status", "description")} == {
        "name": "other",
        "url": "http://127.0.0.1:9/x",
        "events": [VERSION],
        "status": "DISABLED",
        "description": "words",
    }
    assert bench.door.project("theirs").get(one).code == "RESOURCE_DOES_NOT_EXIST"
    assert bench.door.send("DELETE", one, json={}).body == {}
    assert "not found" in bench.door.get(one).body["message"]


def test_webhooks_are_listed_in_pages_newest_first(bench: Bench) -> None:
    names = [made(bench, name=f"hook{number}").body["webhook"]["webhook_id"] for number in range(5)]
    first = bench.door.get(HOOKS, max_results=2).body
    second = bench.door.get(HOOKS, max_results=2, page_token=first["next_page_token"]).body
    third = bench.door.get(HOOKS, max_results=2, page_token=second["next_page_token"]).body

    listed = [one["webhook_id"] for page in (first, second, third) for one in page["webhooks"]]
    assert sorted(listed) == sorted(names)
    assert "next_page_token" not in third


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "Webhook name '' is invalid"),
        ({"name": "x" * 64}, "is invalid"),
        ({"name": "-x"}, "is invalid"),
        ({"name": None}, "Missing value for required parameter 'name'"),
        ({"url": "   "}, "Webhook URL cannot be empty or just whitespace"),
        ({"url": "ftp://example.com"}, "Invalid webhook URL scheme"),
        ({"url": "http://[invalid"}, "Invalid webhook URL"),
        ({"url": "https://10.1.2.3/"}, "must not resolve to a non-public address"),
        ({"url": "https://user:word@127.0.0.1/"}, "names a user"),
        ({"events": []}, "non-empty list"),
        ({"events": [{"entity": "MODEL_VERSION", "action": "DELETED"}]}, "Invalid action 'deleted'"),
        ({"events": [{"entity": "MODEL", "action": "CREATED"}]}, "Invalid value 'MODEL'"),
        ({"status": "SLEEPING"}, "Invalid value 'SLEEPING'"),
        ({"secret": "x" * 1_001}, "a secret at most"),
    ],
)
def test_a_webhook_that_could_not_work_is_refused(sqlite_bench: Bench, fields: dict[str, Any], said: str) -> None:
    answer = made(sqlite_bench, **fields)

    assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE")
    assert said in answer.body["message"]
    assert sqlite_bench.door.get(HOOKS).body == {}


def test_enums_are_read_by_number_too(sqlite_bench: Bench) -> None:
    webhook = made(sqlite_bench, events=[{"entity": 4, "action": 1}], status=2).body["webhook"]

    assert (webhook["events"], webhook["status"]) == ([ALIAS], "DISABLED")


def test_a_test_sends_an_example_and_tells_what_came_back(sqlite_bench: Bench, receiver: Receiver) -> None:
    webhook = made(sqlite_bench, url=receiver.url, secret="s").body["webhook"]["webhook_id"]
    receiver.answers.append((418, {}, b"short and stout"))
    refused = sqlite_bench.door.post(f"{HOOKS}/{webhook}/test").body["result"]
    taken = sqlite_bench.door.post(f"{HOOKS}/{webhook}/test", event=ALIAS).body["result"]

    assert refused == {"success": False, "response_status": 418, "response_body": "short and stout"}
    assert taken == {"success": True, "response_status": 200, "response_body": "taken"}
    assert '"entity":"model_version_alias"' in receiver.received[1].body
    assert all(one.headers["x-mlflow-signature"].startswith("v1,") for one in receiver.received)
    assert sqlite_bench.door.post(f"{HOOKS}/none/test").code == "RESOURCE_DOES_NOT_EXIST"


def test_a_test_of_a_receiver_that_is_away_says_so(sqlite_bench: Bench) -> None:
    webhook = made(sqlite_bench, url="http://127.0.0.1:1/").body["webhook"]["webhook_id"]
    result = sqlite_bench.door.post(f"{HOOKS}/{webhook}/test").body["result"]

    assert (result["success"], "Failed to test webhook" in result["error_message"]) == (False, True)

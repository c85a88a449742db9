"""Evaluation data sets over the protocol."""

import json
from typing import Any

import pytest
from tests.tracking.protocol import Answer, Server

from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.tracing.events import EvaluationDatasetDeleted

BASE = "/mlflow/datasets"


def ask(server: Server, method: str, path: str, **body: Any) -> Answer:
    said: dict[str, Any] = {"params": body} if method == "GET" else {"json": body} if body else {}
    return server.send(method, f"{BASE}{path}", version="3.0", **said)


def made(server: Server, name: str = "questions", **fields: Any) -> dict[str, Any]:
    answer = ask(server, "POST", "/create", name=name, **fields)
    assert answer.status == 200, answer.body
    return dict(answer.body["dataset"])


def upsert(server: Server, id_: str, *records: Any) -> Answer:
    return ask(server, "POST", f"/{id_}/records", records=json.dumps(records))


def records(server: Server, id_: str, **asked: Any) -> list[dict[str, Any]]:
    """Ask page by page."""
    found, token = list[dict[str, Any]](), None
    while True:
        body = ask(server, "GET", f"/{id_}/records", **asked, **({"page_token": token} if token else {})).body
        found += json.loads(body["records"])
        token = body.get("next_page_token")
        if token is None:
            return found


def test_a_data_set_is_made_found_and_deleted(server: Server, log: EventLog, db: Database) -> None:
    experiment = server.experiment("eta")
    one = made(server, experiment_ids=[experiment], tags=json.dumps({"team": "red", "mlflow.user": "ann"}))
    two = made(server)  # names may repeat

    assert one["experiment_ids"] == [experiment]
    assert (one["created_by"], one["last_updated_by"]) == ("ann", "ann")
    assert json.loads(one["tags"]) == {"team": "red", "mlflow.user": "ann"}
    again = ask(server, "GET", f"/{one['dataset_id']}").body["dataset"]
    assert again == {key: value for key, value in one.items() if key != "experiment_ids"}
    assert ask(server, "GET", f"/{one['dataset_id']}/experiment-ids").body == {"experiment_ids": [experiment]}
    for _ in range(2):  # a repeated request is no failure
        assert ask(server, "DELETE", f"/{one['dataset_id']}").body == {}
    gone = ask(server, "GET", f"/{one['dataset_id']}")
    assert (gone.status, gone.body["message"]) == (404, f"Evaluation dataset with id '{one['dataset_id']}' not found")
    assert ask(server, "GET", f"/{two['dataset_id']}").status == 200
    with db.read() as tx:
        deleted = [entry.event for entry in log.read(tx, after=0, limit=100)]
    assert [event.dataset_id for event in deleted if isinstance(event, EvaluationDatasetDeleted)] == [one["dataset_id"]]


def test_the_same_inputs_are_the_same_record(server: Server, clock: ManualClock) -> None:
    id_ = made(server)["dataset_id"]
    source = {"source_type": "TRACE", "source_data": {"trace_id": "tr-1"}}
    first = upsert(
        server,
        id_,
        {"inputs": {"q": "a", "n": 1}, "expectations": {"e": 1}, "source": source, "tags": {"mlflow.user": "ann"}},
        {"inputs": {"q": "b"}, "outputs": "hi"},
        {"inputs": {"q": "b"}, "outputs": "ho"},
    )
    second = upsert(
        server,
        id_,
        {"inputs": {"n": 1, "q": "a"}, "expectations": {"f": [2]}, "tags": {"t": "1", "mlflow.user": "bob"}},
    )

    assert first.body == {"inserted_count": 2, "updated_count": 1}
    assert second.body == {"inserted_count": 0, "updated_count": 1}
    found = {json.dumps(one["inputs"], sort_keys=True): one for one in records(server, id_)}
    one, two = found['{"n": 1, "q": "a"}'], found['{"q": "b"}']
    assert (one["expectations"], one["tags"]) == ({"e": 1, "f": [2]}, {"mlflow.user": "bob", "t": "1"})
    assert (one["created_by"], one["last_updated_by"]) == ("ann", "bob")
    assert (one["source"], one["source_type"], one["source_id"]) == (source, "TRACE", "tr-1")
    assert two["outputs"] == "ho"
    assert one["dataset_record_id"].startswith("dr-")
    dataset = ask(server, "GET", f"/{id_}").body["dataset"]
    assert json.loads(dataset["profile"]) == {"num_records": 2}
    assert json.loads(dataset["schema"]) == {
        "inputs": {"q": "string", "n": "integer"},
        "outputs": "string",
        "expectations": {"e": "integer", "f": "array"},
        "version": "1.0",
    }


def test_records_are_paged_and_deleted(server: Server, clock: ManualClock) -> None:
    id_ = made(server)["dataset_id"]
    upsert(server, id_, *({"inputs": {"n": number}} for number in range(25)))
    found = records(server, id_, max_results=10)

    assert sorted(one["inputs"]["n"] for one in found) == list(range(25))
    gone = [one["dataset_record_id"] for one in found[:3]]
    digest = ask(server, "GET", f"/{id_}").body["dataset"]["digest"]
    clock.at = clock.at.replace(second=1)
    assert ask(server, "DELETE", f"/{id_}/records", dataset_record_ids=[*gone, "dr-none"]).body == {"deleted_count": 3}
    left = ask(server, "GET", f"/{id_}").body["dataset"]
    assert (json.loads(left["profile"]), len(records(server, id_))) == ({"num_records": 22}, 22)
    assert left["digest"] != digest
    assert ask(server, "GET", f"/{id_}/records", page_token="!").status == 400


def test_data_sets_are_searched_sorted_and_paged(server: Server, clock: ManualClock) -> None:
    experiment = server.experiment("eta")
    for number, (name, tags) in enumerate([("a", {"team": "red"}), ("b", {"team": "blue"}), ("Abc", {})]):
        clock.at = clock.at.replace(second=number)
        made(server, name, tags=json.dumps(tags), **({"experiment_ids": [experiment]} if name == "b" else {}))

    def names(**asked: Any) -> list[str]:
        answer = ask(server, "POST", "/search", max_results=2, **asked)
        assert answer.status == 200, answer.body
        token = answer.body.get("next_page_token")
        found = [one["name"] for one in answer.body.get("datasets", [])]
        return found + (names(**asked | {"page_token": token}) if token else [])

    assert names() == ["Abc", "b", "a"]
    assert names(order_by=["name"]) == ["Abc", "a", "b"]
    assert names(order_by=["created_time ASC"]) == ["a", "b", "Abc"]
    assert names(filter_string="name ILIKE 'a%'") == ["Abc", "a"]
    assert names(filter_string="name IN ('a', 'b')", order_by=["name DESC"]) == ["b", "a"]
    assert names(filter_string="tags.team = 'red'") == ["a"]
    assert names(experiment_ids=[experiment]) == ["b"]
    assert names(experiment_ids=["77"]) == []
    for wrong in ({"filter_string": "color = 'x'"}, {"order_by": ["tags.x"]}, {"max_results": 1_001}):
        assert server.send("POST", f"{BASE}/search", version="3.0", json=wrong).status == 400


def test_tags_and_experiments_change(server: Server) -> None:
    one, experiment = made(server, tags='{"k": "v"}')["dataset_id"], server.experiment("eta")

    assert ask(server, "PATCH", f"/{one}/tags", tags='{"z": "1", "k": null}').body == {}
    assert ask(server, "DELETE", f"/{one}/tags/z").body == ask(server, "DELETE", f"/{one}/tags/z").body == {}
    assert json.loads(ask(server, "GET", f"/{one}").body["dataset"]["tags"]) == {"k": "v"}
    added = ask(server, "POST", f"/{one}/add-experiments", experiment_ids=[experiment])
    assert added.body["dataset"]["dataset_id"] == one
    assert ask(server, "POST", f"/{one}/add-experiments", experiment_ids=["77"]).status == 404
    ask(server, "POST", f"/{one}/remove-experiments", experiment_ids=[experiment, "77"])
    assert ask(server, "GET", f"/{one}/experiment-ids").body == {}


def test_what_is_no_data_set_is_refused(sqlite_server: Server) -> None:
    id_ = made(sqlite_server)["dataset_id"]
    for wrong in ({"name": ""}, {"name": "n" * 501}, {"name": "n", "tags": "["}, {"name": "n", "tags": "[]"}):
        assert ask(sqlite_server, "POST", "/create", **wrong).code == "INVALID_PARAMETER_VALUE"
    assert ask(sqlite_server, "POST", "/create", name="n", experiment_ids=["77"]).status == 404
    for given in ("{", "{}", "[1]", '[{"inputs": []}]', '[{"inputs": {}, "tags": "x"}]', json.dumps([{}] * 10_001)):
        answer = ask(sqlite_server, "POST", f"/{id_}/records", records=given)
        assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE"), given[:60]


def test_projects_do_not_see_each_others_data_sets(sqlite_server: Server) -> None:
    id_ = made(sqlite_server)["dataset_id"]
    upsert(sqlite_server, id_, {"inputs": {"secret": 1}})
    others = sqlite_server.project("other")

    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", f"/{id_}", {}),
        ("GET", f"/{id_}/records", {}),
        ("GET", f"/{id_}/experiment-ids", {}),
        ("POST", f"/{id_}/records", {"records": "[]"}),
        ("DELETE", f"/{id_}/records", {"dataset_record_ids": ["dr-1"]}),
        ("PATCH", f"/{id_}/tags", {"tags": "{}"}),
        ("POST", f"/{id_}/add-experiments", {"experiment_ids": []}),
    ]
    for method, path, body in calls:
        assert ask(others, method, path, **body).code == "RESOURCE_DOES_NOT_EXIST", (method, path)
    ask(others, "DELETE", f"/{id_}")
    assert ask(others, "POST", "/search").body == {}
    assert len(records(sqlite_server, id_)) == 1


@pytest.fixture
def scorer() -> str:
    return json.dumps({"name": "polite", "builtin_scorer_class": "Guidelines", "call_source": None})


def scorers(server: Server, method: str, what: str, **said: Any) -> Answer:
    where: dict[str, Any] = {"params": said} if method == "GET" else {"json": said}
    return server.send(method, f"/mlflow/scorers/{what}", version="3.0", **where)


def test_scorers_have_versions(server: Server, scorer: str) -> None:
    one = {"experiment_id": "0", "name": "polite"}
    made_ = [scorers(server, "POST", "register", **one, serialized_scorer=scorer).body for _ in range(3)]
    scorers(server, "POST", "register", experiment_id="0", name="brief", serialized_scorer="{}")

    assert [each["version"] for each in made_] == [1, 2, 3]
    assert len({each["scorer_id"] for each in made_}) == 1
    listed = scorers(server, "GET", "list", experiment_id="0").body["scorers"]
    assert [(each["scorer_name"], each["scorer_version"]) for each in listed] == [("brief", 1), ("polite", 3)]
    assert scorers(server, "GET", "get", **one).body["scorer"]["scorer_version"] == 3
    first = scorers(server, "GET", "get", **one, version=1).body["scorer"]
    assert (first["experiment_id"], first["serialized_scorer"]) == (0, scorer)
    assert scorers(server, "DELETE", "delete", **one, version=3).body == {}
    assert [each["scorer_version"] for each in scorers(server, "GET", "versions", **one).body["scorers"]] == [1, 2]
    assert scorers(server, "DELETE", "delete", **one).body == {}
    for what in ("get", "versions"):
        missing = scorers(server, "GET", what, **one)
        assert (missing.status, "not found for experiment 0" in missing.body["message"]) == (404, True)
    assert scorers(server, "GET", "online-configs", scorer_ids="x").body == {"configs": []}


def test_a_scorer_that_is_code_is_refused_however_deep_it_hides(sqlite_server: Server) -> None:
    evil = {"call_source": "import os"}
    for body in (evil, {"ensemble": [{"members": [evil]}]}, "{", "[]", "x" * 1_000_001):
        text = body if isinstance(body, str) else json.dumps(body)
        answer = scorers(sqlite_server, "POST", "register", experiment_id="0", name="s", serialized_scorer=text)
        assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE"), text[:60]
    assert scorers(sqlite_server, "GET", "list", experiment_id="0").body == {}


def test_scorers_stay_in_their_project(sqlite_server: Server, scorer: str) -> None:
    one = {"experiment_id": "0", "name": "polite"}
    scorers(sqlite_server, "POST", "register", **one, serialized_scorer=scorer)
    others = sqlite_server.project("other")

    assert scorers(others, "GET", "get", **one).status == 404
    assert scorers(others, "DELETE", "delete", **one).status == 404
    assert scorers(others, "GET", "list", experiment_id="0").body == {}

"""Registered models over MLflow's protocol, on both engines, beside the registry of what is deployed."""

from typing import Any

import pytest
from tests.registry.test_registry import new
from tests.tracking.protocol import Server, server_of

from everlearn.blobs import BlobStore
from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.registry import Registry

ALICE = Actor("user:alice")
MODELS, VERSIONS = "/mlflow/registered-models", "/mlflow/model-versions"


@pytest.fixture
def server(db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Server:
    return server_of(db, log, blobs, clock)


def made(server: Server, name: str = "My model", *, versions: int = 1) -> None:
    assert server.post(f"{MODELS}/create", name=name).status == 200
    for number in range(versions):
        answer = server.post(f"{VERSIONS}/create", name=name, source=f"s3://bucket/{number}")
        assert answer.body["model_version"]["version"] == str(number + 1)


def test_a_model_is_made_described_tagged_renamed_and_removed(server: Server) -> None:
    tags = [{"key": "team", "value": "rides"}]
    created = server.post(f"{MODELS}/create", name="My model", description="words", tags=tags).body
    assert created["registered_model"]["tags"] == tags
    server.send("PATCH", f"{MODELS}/update", json={"name": "My model", "description": "better words"})
    server.post(f"{MODELS}/set-tag", name="My model", key="city", value="NYC")
    server.send("DELETE", f"{MODELS}/delete-tag", json={"name": "My model", "key": "team"})
    server.post(f"{VERSIONS}/create", name="My model", source="s3://bucket/x", tags=tags)
    server.post(f"{MODELS}/alias", name="My model", alias="best", version="1")

    assert server.post(f"{MODELS}/rename", name="My model", new_name="Other").status == 200
    shown = server.get(f"{MODELS}/get", name="Other").body["registered_model"]
    assert (shown["name"], shown["description"]) == ("Other", "better words")
    assert shown["tags"] == [{"key": "city", "value": "NYC"}]
    assert shown["aliases"] == [{"alias": "best", "version": "1"}]
    assert shown["latest_versions"][0]["tags"] == tags
    assert server.get(f"{MODELS}/get", name="My model").code == "RESOURCE_DOES_NOT_EXIST"

    assert server.send("DELETE", f"{MODELS}/delete", json={"name": "Other"}).status == 200
    assert server.get(f"{VERSIONS}/get", name="Other", version="1").code == "RESOURCE_DOES_NOT_EXIST"


def test_versions_are_numbered_and_a_number_is_not_given_twice(server: Server) -> None:
    made(server, versions=3)
    server.send("DELETE", f"{VERSIONS}/delete", json={"name": "My model", "version": "3"})

    again = server.post(f"{VERSIONS}/create", name="My model", source="s3://bucket/4", description="d").body
    assert (again["model_version"]["version"], again["model_version"]["description"]) == ("4", "d")
    assert again["model_version"]["status"] == "READY"


def test_aliases_move_and_every_move_is_in_the_log(server: Server, db: Database, log: EventLog) -> None:
    made(server, versions=2)
    for version in ("1", "2", "2"):
        assert server.post(f"{MODELS}/alias", name="My model", alias="best", version=version).status == 200
    named = server.get(f"{MODELS}/alias", name="My model", alias="best").body["model_version"]
    server.send("DELETE", f"{MODELS}/alias", json={"name": "My model", "alias": "best"})

    assert (named["version"], named["aliases"]) == ("2", ["best"])
    assert server.get(f"{MODELS}/alias", name="My model", alias="best").code == "RESOURCE_DOES_NOT_EXIST"
    with db.read() as tx:
        events: list[Any] = [entry.event for entry in log.read(tx, after=0, limit=100, names=["registry.alias_moved"])]
    assert [(event.before, event.after) for event in events] == [(None, 1), (1, 2), (2, None)]


def test_stages_are_kept_for_those_who_use_them(server: Server) -> None:
    made(server, versions=3)
    asked = {"name": "My model", "stage": "production", "archive_existing_versions": True}
    server.post(f"{VERSIONS}/transition-stage", **asked, version="1")
    server.post(f"{VERSIONS}/transition-stage", **asked, version="2")

    latest = server.post(f"{MODELS}/get-latest-versions", name="My model").body["model_versions"]
    stages = {one["current_stage"]: one["version"] for one in latest}
    assert stages == {"Archived": "1", "Production": "2", "None": "3"}
    one = server.get(f"{MODELS}/get-latest-versions", name="My model", stages=["Production"]).body["model_versions"]
    assert [version["version"] for version in one] == ["2"]


def test_the_files_of_a_version_are_where_its_run_put_them(server: Server) -> None:
    run = server.run()
    server.post(f"{MODELS}/create", name="My model")
    server.post(f"{VERSIONS}/create", name="My model", source=f"runs:/{run}/model", run_id=run)
    uri = server.get(f"{VERSIONS}/get-download-uri", name="My model", version="1").body["artifact_uri"]

    assert uri == f"{server.shown(run)['info']['artifact_uri']}/model"


def test_a_version_of_a_logged_model_knows_its_run(server: Server) -> None:
    run = server.run()
    logged = server.post("/mlflow/logged-models", experiment_id="0", name="m", source_run_id=run).body["model"]["info"]
    server.post(f"{MODELS}/create", name="My model")
    version = server.post(f"{VERSIONS}/create", name="My model", source=f"models:/{logged['model_id']}").body
    uri = server.get(f"{VERSIONS}/get-download-uri", name="My model", version="1").body["artifact_uri"]

    assert (version["model_version"]["run_id"], version["model_version"]["model_id"]) == (run, logged["model_id"])
    assert uri == logged["artifact_uri"]


@pytest.mark.parametrize(
    "source",
    [
        "/etc/passwd",
        "relative/path",
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "runs:/{run}/../../etc",
        "runs:/{run}/%2e%2e/x",
        "runs:/{run}/%252e%252e/x",
        "models:/m-none",
        "mlflow-artifacts:/0/../../x",
        "mlflow-artifacts:/0/x#/../y",
        "mlflow-artifacts:/0/x;y",
        "mlflow-artifacts:/0/x?y",
        "s3://bucket/../x",
        "s3://bucket/x%00",
        "%66ile:///etc/passwd",
        "gopher://host/x",
        "",
    ],
)
def test_sources_that_lead_elsewhere_are_refused(server: Server, source: str) -> None:
    run = server.run()
    server.post(f"{MODELS}/create", name="My model")
    answer = server.post(f"{VERSIONS}/create", name="My model", source=source.format(run=run))

    assert answer.status in {400, 404}
    assert server.get(f"{MODELS}/get", name="My model").body["registered_model"].get("latest_versions") is None


def test_a_source_must_be_of_the_run_that_it_says(server: Server) -> None:
    one, other = server.run(), server.run()
    made(server, versions=0)

    refused = server.post(f"{VERSIONS}/create", name="My model", source=f"runs:/{one}/model", run_id=other)

    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")


def test_a_run_of_another_project_is_as_unknown_as_one_that_is_nowhere(server: Server) -> None:
    theirs = server.project("theirs").run()
    made(server, versions=0)

    for number, run in enumerate((theirs, "nowhere"), 1):
        source = f"runs:/{run}/model"
        assert server.post(f"{VERSIONS}/create", name="My model", source=source, run_id="").status == 200
        answer = server.get(f"{VERSIONS}/get-download-uri", name="My model", version=str(number))
        assert answer.body["artifact_uri"] == source  # not where the files of that run are


@pytest.mark.parametrize(
    ("path", "body", "code", "message"),
    [
        ("create", {"name": "My model"}, "RESOURCE_ALREADY_EXISTS", "Registered Model (name=My model) already exists."),
        ("create", {}, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'."),
        ("create", {"name": "a/b"}, "INVALID_PARAMETER_VALUE", "Invalid registered model name"),
        ("create", {"name": "a:b"}, "INVALID_PARAMETER_VALUE", "Invalid registered model name"),
        ("create", {"name": " "}, "INVALID_PARAMETER_VALUE", "Invalid registered model name"),
        ("rename", {"name": "none", "new_name": "x"}, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none"),
        ("alias", {"name": "My model", "alias": "v3", "version": "1"}, "INVALID_PARAMETER_VALUE", "reserved"),
        ("alias", {"name": "My model", "alias": "Latest", "version": "1"}, "INVALID_PARAMETER_VALUE", "reserved"),
        ("alias", {"name": "My model", "alias": "a b", "version": "1"}, "INVALID_PARAMETER_VALUE", "alias name"),
        ("alias", {"name": "My model", "alias": "a", "version": "9"}, "RESOURCE_DOES_NOT_EXIST", "version=9"),
        ("alias", {"name": "My model", "alias": "a", "version": "one"}, "INVALID_PARAMETER_VALUE", "version"),
        ("set-tag", {"name": "My model", "key": "a;b", "value": "x"}, "INVALID_PARAMETER_VALUE", "tag"),
        ("set-tag", {"name": "My model", "key": "a", "value": "x" * 100_001}, "INVALID_PARAMETER_VALUE", "100000"),
    ],
)
def test_refusals_have_the_protocols_codes_and_words(
    server: Server, path: str, body: dict[str, Any], code: str, message: str
) -> None:
    made(server)
    answer = server.post(f"{MODELS}/{path}", **body)

    assert answer.code == code
    assert message in answer.body["message"]


def test_models_and_versions_are_searched_sorted_and_paged(server: Server) -> None:
    for name in ("eta", "ETA 2", "fraud"):
        made(server, name, versions=2)
    server.post(f"{MODELS}/set-tag", name="fraud", key="mlflow.prompt.is_prompt", value="true")
    server.post(f"{VERSIONS}/set-tag", name="eta", version="2", key="city", value="NYC")

    def names(**asked: Any) -> list[str]:
        body = server.get(f"{MODELS}/search", max_results=1, **asked).body
        token = body.get("next_page_token")
        found = [one["name"] for one in body.get("registered_models", [])]
        return found + (names(**asked | {"page_token": token}) if token else [])

    def versions(text: str, *order: str) -> list[tuple[str, str]]:
        body = server.get(f"{VERSIONS}/search", filter=text, **({"order_by": order} if order else {})).body
        return [(one["name"], one["version"]) for one in body.get("model_versions", [])]

    assert names() == ["ETA 2", "eta", "fraud"]
    assert names(order_by=["name DESC"]) == ["fraud", "eta", "ETA 2"]
    assert names(filter="name ILIKE 'eta%'") == ["ETA 2", "eta"]
    assert names(filter="tag.`mlflow.prompt.is_prompt` != 'true'") == ["ETA 2", "eta"]
    assert names(filter="tag.`mlflow.prompt.is_prompt` = 'true'") == ["fraud"]
    assert sorted(names(order_by=["last_updated_timestamp DESC"])) == ["ETA 2", "eta", "fraud"]
    assert versions("name = 'eta'", "version_number ASC") == [("eta", "1"), ("eta", "2")]
    assert versions("tags.city = 'NYC'") == [("eta", "2")]
    assert versions("name IN ('eta', 'fraud') AND version_number > 1", "name") == [("eta", "2"), ("fraud", "2")]
    assert versions("source_path LIKE 's3://bucket/1%' AND name LIKE 'ETA%'") == [("ETA 2", "2")]
    assert server.get(f"{MODELS}/search", filter="tags.x > 1").code == "INVALID_PARAMETER_VALUE"
    assert server.get(f"{MODELS}/search", max_results=1001).code == "INVALID_PARAMETER_VALUE"


def test_what_is_deployed_and_what_is_catalogued_share_one_row_of_numbers(server: Server, registry: Registry) -> None:
    server.post(f"{MODELS}/create", name="eta")
    with registry.db.write() as tx:
        first = registry.register_version(tx, new(source_key="one"), actor=ALICE)
    loose = server.post(f"{VERSIONS}/create", name="eta", source="s3://bucket/x").body["model_version"]
    with registry.db.write() as tx:
        third = registry.register_version(tx, new(source_key="two"), actor=ALICE)
        registry.set_alias(tx, "default", "eta", "champion", 1, reason="first", actor=ALICE)

    assert (first.number, loose["version"], third.number) == (1, "2", 3)
    assert server.get(f"{MODELS}/alias", name="eta", alias="champion").body["model_version"]["version"] == "1"
    assert [version.number for version in registry.versions("default", "eta").items] == [3, 1]


def test_the_champion_of_a_deployed_model_moves_by_rollout_alone(server: Server, registry: Registry) -> None:
    with registry.db.write() as tx:
        registry.register_version(tx, new(source_key="one"), actor=ALICE)
    server.post(f"{VERSIONS}/create", name="eta", source="s3://bucket/x")

    refused = server.post(f"{MODELS}/alias", name="eta", alias="champion", version="2")
    assert (refused.status, refused.code) == (409, "RESOURCE_CONFLICT")
    conditions = [one["condition"] for one in refused.body["details"]["unmet"]]
    assert conditions == ["moved_by_rollout", "deployable"]
    assert server.post(f"{MODELS}/alias", name="eta", alias="mine", version="2").status == 200


def test_what_is_on_record_is_not_removed_or_renamed(server: Server, registry: Registry) -> None:
    with registry.db.write() as tx:
        registry.register_version(tx, new(source_key="one"), actor=ALICE)

    for method, path, body in (
        ("DELETE", f"{MODELS}/delete", {"name": "eta"}),
        ("DELETE", f"{VERSIONS}/delete", {"name": "eta", "version": "1"}),
        ("POST", f"{MODELS}/rename", {"name": "eta", "new_name": "other"}),
    ):
        assert server.send(method, path, json=body).code == "RESOURCE_CONFLICT"


def test_projects_see_nothing_of_each_other(server: Server) -> None:
    made(server.project("mine"))

    assert server.project("theirs").get(f"{MODELS}/get", name="My model").code == "RESOURCE_DOES_NOT_EXIST"
    assert server.project("theirs").get(f"{VERSIONS}/search").body == {}


def test_a_run_of_another_server_is_taken_at_the_clients_word(server: Server) -> None:
    made(server, versions=0)
    mine = server.run()

    version = {"name": "My model", "source": "runs:/elsewhere/model"}
    assert server.post(f"{VERSIONS}/create", **version, run_id="elsewhere").status == 200
    assert server.post(f"{VERSIONS}/create", **version, run_id="another").status == 200
    assert server.get(f"{VERSIONS}/get-download-uri", name="My model", version="1").body["artifact_uri"] == (
        "runs:/elsewhere/model"
    )
    refused = server.post(f"{VERSIONS}/create", name="My model", source=f"runs:/{mine}/model", run_id="elsewhere")
    assert refused.code == "INVALID_PARAMETER_VALUE"
    assert "another run than run_id says" in refused.body["message"]


def test_a_copied_version_has_the_files_of_its_original(server: Server) -> None:
    made(server, "source", versions=1)
    made(server, "target", versions=0)
    server.post(f"{VERSIONS}/create", name="target", source="models:/source/1")
    server.post(f"{VERSIONS}/create", name="target", source="models:/target/1")
    server.post(f"{VERSIONS}/create", name="target", source="models:/target/3")  # of itself

    def files(number: int) -> str:
        return str(server.get(f"{VERSIONS}/get-download-uri", name="target", version=str(number)).body["artifact_uri"])

    assert [files(number) for number in (1, 2, 3)] == ["s3://bucket/0", "s3://bucket/0", "models:/target/3"]


def test_a_logged_model_tells_what_it_was_registered_as(server: Server) -> None:
    made(server, versions=0)
    model = server.post("/mlflow/logged-models", experiment_id="0", name="net").body["model"]["info"]["model_id"]
    for _ in range(2):
        server.post(f"{VERSIONS}/create", name="My model", source=f"models:/{model}", model_id=model)

    tags = server.get(f"/mlflow/logged-models/{model}").body["model"]["info"]["tags"]
    (noted,) = [tag["value"] for tag in tags if tag["key"] == "mlflow.modelVersions"]
    assert noted == '[{"name": "My model", "version": 1}, {"name": "My model", "version": 2}]'


def test_versions_that_are_equal_in_what_is_sorted_by_come_by_name(server: Server) -> None:
    for name in ("b", "a"):
        made(server, name, versions=2)

    found = server.get(f"{VERSIONS}/search", order_by=["version_number DESC"]).body["model_versions"]

    assert [(one["name"], one["version"]) for one in found] == [("a", "2"), ("b", "2"), ("a", "1"), ("b", "1")]


def test_the_browser_gets_files_of_versions_as_downloads(server: Server) -> None:
    run = server.run()
    server.send("PUT", f"/mlflow-artifacts/artifacts/0/{run}/artifacts/model/MLmodel", content=b"flavors: {}")
    server.post(f"{MODELS}/create", name="m")
    for source in (f"runs:/{run}/model", f"mlflow-artifacts:/0/{run}/artifacts/model", "s3://elsewhere/model"):
        server.post(f"{VERSIONS}/create", name="m", source=source)

    asked = [
        server.ask("GET", "/model-versions/get-artifact", params={"name": "m", "version": version, "path": "MLmodel"})
        for version in ("1", "2", "3")
    ]
    assert [answer.status for answer in asked] == [200, 200, 400]
    assert {answer.content for answer in asked[:2]} == {b"flavors: {}"}
    assert asked[0].headers["content-disposition"].startswith("attachment")

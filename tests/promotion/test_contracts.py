"""Contracts of aliases as an mlflow client meets them, on both engines."""

from datetime import timedelta
from typing import Any

from tests.tracking.protocol import Server, aliases_of

from everlearn.blobs import BlobStore
from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock
from everlearn.core.decisions import Verdict
from everlearn.db import Database
from everlearn.decisions import Decisions
from everlearn.eventlog import EventLog
from everlearn.policies import Policies
from everlearn.promotion.rules import RULES
from everlearn.registry import Approvals
from everlearn.registry.aliases import Wish
from everlearn.registry.approving import Word

ADA, BOB = Actor("user:ada"), Actor("user:bob")
MODELS, VERSIONS = "/mlflow/registered-models", "/mlflow/model-versions"
MLMODEL = b"flavors:\n  xgboost: {}\nsaved_input_example_info:\n  type: dataframe\nsignature:\n  inputs: x\n"


def made(server: Server, name: str = "My model", *, versions: int = 1) -> None:
    server.post(f"{MODELS}/create", name=name)
    for number in range(versions):
        server.post(f"{VERSIONS}/create", name=name, source=f"s3://bucket/{number}")


def ruled(policies: Policies, model: str = "*", **contract: Any) -> None:
    policies.set("default", model, "alias", {"contracts": [contract]}, actor=ADA)


def pointed(server: Server, version: int = 1, alias: str = "champion", name: str = "My model") -> Any:
    return server.post(f"{MODELS}/alias", name=name, alias=alias, version=str(version))


def events_of(db: Database, log: EventLog, *names: str) -> list[Any]:
    with db.read() as tx:
        return [entry.event for entry in log.read(tx, after=0, limit=1_000, names=names)]


def test_a_move_is_refused_with_all_that_is_missing_until_it_is_there(  # the story of one promotion
    server: Server, policies: Policies, db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock
) -> None:
    made(server)
    ruled(policies, alias="champion", description=True, approvals=1, tags={"checked": "yes"}, after_alias="staging")

    refused = pointed(server)
    assert (refused.status, refused.code) == (409, "RESOURCE_CONFLICT")
    told = {one["condition"]: one for one in refused.body["details"]["unmet"]}
    assert [*told] == ["approvals", "description", "tag:checked", "after_alias:staging"]
    assert set(told["approvals"]) == {"condition", "needed", "found", "remedy"}
    assert told["approvals"]["found"].startswith("0")
    assert server.get(f"{MODELS}/alias", name="My model", alias="champion").code == "RESOURCE_DOES_NOT_EXIST"

    server.send("PATCH", f"{VERSIONS}/update", json={"name": "My model", "version": "1", "description": "words"})
    server.post(f"{VERSIONS}/set-tag", name="My model", version="1", key="checked", value="yes")
    assert pointed(server, alias="staging").status == 200
    word = Word(project="default", model="My model", number=1, alias="champion", actor=BOB, comment="seen")
    Approvals(db, log, clock).approve(word)
    clock.at += timedelta(hours=1)
    assert pointed(server).status == 200

    decisions = Decisions(db, log, blobs, clock, RULES)
    made_since = decisions.list("default").items
    assert [one.finding.verdict for one in made_since] == [Verdict.PASS, Verdict.FAIL]
    moved = events_of(db, log, "registry.alias_moved")
    assert [(one.alias, one.after, one.decision_id) for one in moved] == [
        ("staging", 1, None),
        ("champion", 1, made_since[0].id),
    ]
    (noted,) = events_of(db, log, "registry.move_refused")
    assert noted.decision_id == refused.body["details"]["decision_id"] == made_since[1].id
    assert decisions.replay_all("default").is_sound


def test_the_contracts_of_project_and_model_both_hold_and_patterns_choose(server: Server, policies: Policies) -> None:
    made(server, "eta")
    made(server, "fraud")
    ruled(policies, alias="prod*", models="e*", description=True)
    ruled(policies, "eta", tags={"checked": ""})

    refused = pointed(server, alias="production", name="eta").body["details"]["unmet"]
    assert [one["condition"] for one in refused] == ["description", "tag:checked"]
    assert [one["condition"] for one in pointed(server, alias="x", name="eta").body["details"]["unmet"]] == [
        "tag:checked"
    ]
    assert pointed(server, alias="production", name="fraud").status == 200


def test_an_alias_under_contract_is_kept_and_so_is_what_it_names(server: Server, policies: Policies) -> None:
    made(server, versions=2)
    assert pointed(server).status == 200
    ruled(policies, alias="champion")

    for path, body in (
        (f"{MODELS}/alias", {"alias": "champion"}),
        (f"{VERSIONS}/delete", {"version": "1"}),
        (f"{MODELS}/delete", {}),
    ):
        refused = server.send("DELETE", path, json={"name": "My model"} | body)
        assert [one["condition"] for one in refused.body["details"]["unmet"]] == ["removable"]
    assert server.send("DELETE", f"{VERSIONS}/delete", json={"name": "My model", "version": "2"}).status == 200
    ruled(policies, alias="champion", removable=True)
    assert server.send("DELETE", f"{MODELS}/alias", json={"name": "My model", "alias": "champion"}).status == 200


def test_what_names_a_removed_version_moves_away_with_an_event(server: Server, db: Database, log: EventLog) -> None:
    made(server, versions=2)
    pointed(server, 1, "a")
    pointed(server, 2, "b")
    server.send("DELETE", f"{VERSIONS}/delete", json={"name": "My model", "version": "1"})
    server.send("DELETE", f"{MODELS}/delete", json={"name": "My model"})

    moves = [(one.alias, one.before, one.after) for one in events_of(db, log, "registry.alias_moved")]
    assert moves == [("a", None, 1), ("b", None, 2), ("a", 1, None), ("b", 2, None)]


def test_the_files_of_a_logged_model_are_looked_at_and_never_opened(server: Server, policies: Policies) -> None:
    ruled(policies, alias="champion", signature=True, input_example=True, safe_format=True, finished_run=True)
    run = server.run()
    model = server.post("/mlflow/logged-models", experiment_id="0", name="m", source_run_id=run).body["model"]["info"]
    root = model["artifact_uri"].removeprefix("mlflow-artifacts:/")
    server.post(f"{MODELS}/create", name="My model")
    server.post(f"{VERSIONS}/create", name="My model", source=f"models:/{model['model_id']}")

    def missing() -> list[str]:
        answer = pointed(server)
        return [] if answer.status == 200 else [one["condition"] for one in answer.body["details"]["unmet"]]

    def put(name: str, content: bytes) -> None:
        assert server.send("PUT", f"/mlflow-artifacts/artifacts/{root}/{name}", content=content).status == 200

    assert missing() == ["signature", "input_example", "safe_format", "finished_run"]
    put("MLmodel", MLMODEL)
    put("code/weights", b"\x80\x04rest of a pickle under an innocent name")
    server.post("/mlflow/runs/update", run_id=run, status="FINISHED")
    assert missing() == ["safe_format"]
    assert "code/weights" in pointed(server).body["message"]
    put("code/weights", b"{}")
    assert missing() == []
    server.post(f"{MODELS}/create", name="Copy")
    server.post(f"{VERSIONS}/create", name="Copy", source="models:/My model/1", run_id=run)
    assert pointed(server, name="Copy").status == 200  # it is judged by what it is a copy of


def test_metrics_of_the_model_come_before_those_of_its_run(server: Server, policies: Policies) -> None:
    ruled(policies, alias="champion", metrics=[{"key": "auc", "minimum": 0.8}])
    run = server.run()
    server.post("/mlflow/runs/log-metric", run_id=run, key="auc", value=0.7, timestamp=1, step=0)
    server.post(f"{MODELS}/create", name="My model")
    server.post(f"{VERSIONS}/create", name="My model", source=f"runs:/{run}/model", run_id=run)

    assert "found 0.7" in pointed(server).body["message"]
    model = server.post("/mlflow/logged-models", experiment_id="0", name="m", source_run_id=run).body["model"]["info"]
    metric = {"key": "auc", "value": 0.9, "timestamp": 1, "step": 1, "model_id": model["model_id"]}
    server.post("/mlflow/runs/log-batch", run_id=run, metrics=[metric | {"run_id": run}])
    server.post(f"{VERSIONS}/create", name="My model", source=f"models:/{model['model_id']}")
    assert pointed(server, 2).status == 200


def test_approvals_are_of_one_version_and_go_with_it(
    server: Server, policies: Policies, db: Database, log: EventLog, clock: ManualClock
) -> None:
    made(server, versions=2)
    ruled(policies, approvals=1)
    approvals = Approvals(db, log, clock)
    word = Word(project="default", model="My model", number=1, alias="champion", actor=BOB, comment="")

    assert len(approvals.approve(word)) == len(approvals.approve(word)) == 1
    assert pointed(server, 2).status == pointed(server, 1, "other").status == 409
    assert server.post(f"{MODELS}/rename", name="My model", new_name="Other").status == 200
    assert pointed(server, 1, name="Other").status == 200
    made(server)  # another model under the old name
    assert pointed(server).status == 409
    assert [type(one).__name__ for one in events_of(db, log, "registry.version_approved")] == ["VersionApproved"]


def test_a_dry_check_tells_what_is_met_and_leaves_no_trace(
    server: Server, policies: Policies, db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock
) -> None:
    made(server)
    ruled(policies, alias="champion", description=True, after_alias="")
    wish = Wish(project="default", model="My model", alias="champion", number=1, reason="x", actor=BOB, role=None)
    with db.read() as tx:
        size = log.size(tx)
    (found,) = aliases_of(db, log, blobs, clock).check(wish)

    assert (found.condition, found.is_met, found.found) == ("description", False, "0 characters")
    with db.read() as tx:
        assert log.size(tx) == size

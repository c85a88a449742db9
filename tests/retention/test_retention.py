"""Plans that change nothing, and purges that do exactly what a plan said."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.retention.house import ADA, House

from everlearn.core.errors import InvalidError
from everlearn.core.json import JSONObject
from everlearn.retention.model import BadPlanError, PlanChangedError, What
from everlearn.storage import Action, HeldError
from everlearn.tracking.model import RunNotFoundError


def test_a_deleted_run_comes_back_until_it_is_purged(house: House) -> None:
    run_id = house.run(b"weights")
    house.delete(run_id)
    house.pass_days(29)
    assert house.retention.plan("default").items == ()

    house.server.post("/mlflow/runs/restore", run_id=run_id)
    house.pass_days(2)
    assert house.retention.plan("default").items == ()
    assert house.server.shown(run_id)["info"]["lifecycle_stage"] == "active"

    house.delete(run_id)
    house.pass_days(31)
    plan = house.retention.plan("default")
    house.retention.apply("default", plan.id, actor=ADA)
    house.retention.work("default", plan.id)

    assert [item.id for item in plan.items] == [run_id]
    assert house.server.get("/mlflow/runs/get", run_id=run_id).status == 404
    assert house.server.post("/mlflow/runs/restore", run_id=run_id).status == 404
    assert house.contents() == {}
    for table in ("runs", "points", "newest", "tags", "params"):
        assert house.count(f"tracking_{table}") == 0


def test_a_plan_is_a_dry_run(house: House) -> None:
    for content in (b"one", b"two"):
        house.delete(house.run(content))
    house.pass_days(40)
    before = house.everything()

    first, second = house.retention.plan("default"), house.retention.plan("default")

    assert len(first.items) == 2
    assert first.id == second.id
    assert house.everything() == before


def test_a_plan_counts_only_bytes_whose_last_reference_goes(house: House) -> None:
    kept = house.run(b"in use elsewhere")
    one = house.run(b"in use elsewhere", b"shared by both")
    two = house.run(b"shared by both", b"alone")
    for run_id in (one, two):
        house.delete(run_id)
    house.pass_days(40)

    plan = house.retention.plan("default")
    house.retention.apply("default", plan.id, actor=ADA)
    house.retention.work("default", plan.id)

    freed = {item.id: item.freed_bytes for item in plan.items}
    assert (plan.weight.files, plan.weight.freed_bytes, plan.weight.kept_bytes) == (4, 14 + 5, 16)
    assert sum(freed.values()) == 14 + 5
    receipts = [one for one in house.receipts.list("default").items if one.action is Action.PURGED]
    assert {one.subject: one.weight.freed_bytes for one in receipts} == {
        f"run:default/{run_id}": count for run_id, count in freed.items()
    }
    assert all(one.note == "retention: it was deleted more than 30 days ago" for one in receipts)
    assert [*house.contents()] == [f"0/{kept}/artifacts/0.bin"]


@pytest.mark.parametrize(
    "change",
    [
        lambda house, run_id: house.server.post("/mlflow/runs/restore", run_id=run_id),
        lambda house, run_id: house.receipts.hold("default", f"run:default/{run_id}", "lawsuit", actor=ADA),
        lambda house, _: house.run(b"weights"),  # a new reference to the bytes
        lambda house, _: house.retention.set_policy("default", {"rules": []}, actor=ADA),
    ],
)
def test_a_plan_is_refused_when_the_world_changed_under_it(
    house: House, change: Callable[[House, str], object]
) -> None:
    run_id = house.run(b"weights")
    house.delete(run_id)
    house.pass_days(40)
    plan = house.retention.plan("default")

    change(house, run_id)

    with pytest.raises(PlanChangedError):
        house.retention.apply("default", plan.id, actor=ADA)
    assert house.contents()


def test_what_no_plan_is_or_lies_ahead_is_refused(house: House) -> None:
    house.delete(house.run(b"weights"))
    ahead = house.retention.plan("default", as_of=house.clock.now() + timedelta(days=400))
    assert ahead.items

    for plan_id in (ahead.id, "", "20130101T000000Z-xyz", "x" * 200):
        with pytest.raises(BadPlanError):
            house.retention.apply("default", plan_id, actor=ADA)


def test_a_purge_that_is_killed_anywhere_goes_on_from_there(house: House) -> None:
    run_id = house.run(*(b"%d" % number for number in range(5)))
    house.delete(run_id)
    house.pass_days(40)
    plan = house.retention.plan("default")
    house.retention.apply("default", plan.id, actor=ADA)

    kills = 0
    while not _worked(house, plan.id, steps=kills):
        kills += 1
        if house.count("retention_work where state = 'begun'"):
            with pytest.raises(RunNotFoundError):
                house.removals.restore_run("default", run_id, actor=ADA)

    assert kills > 3
    assert house.contents() == {}
    assert house.count("tracking_runs") == 0
    purged = [one for one in house.receipts.list("default").items if one.action is Action.PURGED]
    assert len(purged) == 1


def test_what_is_held_after_the_plan_was_taken_up_is_left_alone(house: House) -> None:
    run_id = house.run(b"evidence")
    house.delete(run_id)
    house.pass_days(40)
    plan = house.retention.plan("default")
    house.retention.apply("default", plan.id, actor=ADA)

    house.receipts.hold("default", f"run:default/{run_id}", "lawsuit", actor=ADA)
    house.retention.work("default", plan.id)

    assert len(house.contents()) == 1
    house.receipts.lift("default", f"run:default/{run_id}", "settled", actor=ADA)
    house.server.post("/mlflow/runs/restore", run_id=run_id)
    assert house.server.shown(run_id)["info"]["lifecycle_stage"] == "active"


def test_a_run_that_a_version_is_made_of_is_spared(house: House) -> None:
    run_id = house.run(b"model")
    house.server.post("/mlflow/registered-models/create", name="eta")
    house.server.post("/mlflow/model-versions/create", name="eta", source=f"runs:/{run_id}/model", run_id=run_id)
    house.delete(run_id)
    house.pass_days(40)

    plan = house.retention.plan("default")

    assert plan.items == ()
    assert [(one.id, "version 1 of eta" in one.because) for one in plan.spared] == [(run_id, True)]


def test_a_hold_on_a_model_protects_the_files_that_its_versions_are_made_of(house: House) -> None:
    run_id = house.run(b"model")
    house.server.post("/mlflow/registered-models/create", name="eta")
    house.server.post("/mlflow/model-versions/create", name="eta", source=f"runs:/{run_id}/model", run_id=run_id)
    house.receipts.hold("default", "model:default/eta", "audit of 2013", actor=ADA)

    with pytest.raises(HeldError, match="audit of 2013"):
        house.removals.remove_files("default", f"0/{run_id}/artifacts/0.bin", actor=ADA)
    with pytest.raises(HeldError):
        house.removals.remove_files("default", "0", actor=ADA)
    refused = house.server.send("DELETE", "/mlflow/registered-models/delete", json={"name": "eta"})
    receipt = house.removals.delete_run("default", run_id, actor=ADA)

    assert refused.status == 409
    assert [(hold.subject, hold.reason) for hold in receipt.holds] == [("model:default/eta", "audit of 2013")]
    assert house.contents()


def test_policies_drop_the_artifacts_of_failed_and_of_old_runs(house: House) -> None:
    policy: JSONObject = {"rules": [{"drop_failed_artifacts_after_days": 7, "keep_newest": 2}]}
    house.retention.set_policy("default", policy, actor=ADA)
    old, failed = house.run(b"old"), house.run(b"failed", status="FAILED")
    marked = house.run(b"marked")
    house.server.post("/mlflow/runs/set-tag", run_id=marked, key="keep", value="true")
    newer, newest = house.run(b"newer"), house.run(b"newest")
    house.pass_days(8)

    plan = house.retention.plan("default")
    house.retention.apply("default", plan.id, actor=ADA)
    house.retention.work("default", plan.id)

    assert {(item.what, item.id) for item in plan.items} == {
        (What.DROP_ARTIFACTS, old),
        (What.DROP_ARTIFACTS, failed),
    }
    assert {path.split("/")[1] for path in house.contents()} == {marked, newer, newest}
    tags = {tag["key"]: tag["value"] for tag in house.server.shown(old)["data"]["tags"]}
    assert house.receipts.get("default", tags["everlearn.artifacts_dropped"]).weight.freed_bytes == 3


def test_a_deleted_logged_model_is_found_no_more_and_purged_later(house: House) -> None:
    made = house.server.post("/mlflow/logged-models", experiment_id="0", name="m").body["model"]["info"]
    model_id = made["model_id"]
    house.files.write("default", f"0/models/{model_id}/artifacts/model.bin", [b"weights"])
    assert house.server.send("DELETE", f"/mlflow/logged-models/{model_id}").body == {}

    assert house.server.get(f"/mlflow/logged-models/{model_id}").status == 404
    found = house.server.post("/mlflow/logged-models/search", experiment_ids=["0"]).body
    assert found.get("models", []) == []
    house.pass_days(31)
    plan = house.retention.plan("default")
    house.retention.apply("default", plan.id, actor=ADA)
    house.retention.work("default", plan.id)

    assert [(item.what, item.freed_bytes) for item in plan.items] == [(What.PURGE_MODEL, 7)]
    assert house.contents() == {}
    assert house.count("tracking_models") == 0


def test_what_is_no_policy_is_refused(house: House) -> None:
    documents: list[JSONObject] = [
        {"rules": [{"keep_newest": -1}]},
        {"rules": [{"purge_deleted_after_days": "soon"}]},
        {"rule": []},
    ]
    for document in documents:
        with pytest.raises(InvalidError):
            house.retention.set_policy("default", document, actor=ADA)


def _worked(house: House, plan_id: str, *, steps: int) -> bool:
    """Work on a plan and be killed after some steps; tell whether it came to its end before that."""
    left = steps

    def between() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt

    try:
        house.retention.work("default", plan_id, between=between)
    except KeyboardInterrupt:
        return False
    return True

"""Coming from MLflow: what was there is here, and reads the same over the protocol."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.exchange.conftest import World, made
from tests.exchange.lived_in import FIRST, GONE, LARGEST, MODEL, SECOND, lived_in

from everlearn.db import Database
from everlearn.exchange import Kind
from everlearn.exchange.mlflow.database import open_source
from everlearn.exchange.model import NotMlflowError, NotReadableError, UnknownSchemaError


def pairs(listed: list[dict[str, Any]]) -> dict[str, Any]:
    return {one["key"]: one["value"] for one in listed}


def test_experiments_keep_their_ids_names_tags_and_ends(world: World) -> None:
    outcome = world.take_over()
    prices = world.server.get("/mlflow/experiments/get", experiment_id="3").body["experiment"]
    old = world.server.get("/mlflow/experiments/get-by-name", experiment_name="old").body["experiment"]

    assert outcome.is_complete, outcome
    assert (prices["name"], pairs(prices["tags"])) == ("prices", {"team": "ümlaut\n'\""})
    assert (prices["creation_time"], prices["artifact_location"]) == (1_650_000_000_000, "mlflow-artifacts:/3")
    assert (old["experiment_id"], old["lifecycle_stage"]) == ("9", "deleted")


def test_a_run_reads_over_the_protocol_as_it_did_there(world: World) -> None:
    world.take_over()
    run = world.server.shown(FIRST)
    history = world.server.get("/mlflow/metrics/get-history", run_id=FIRST, metric_key="hard").body["metrics"]

    assert run["info"] == {
        "run_id": FIRST,
        "run_uuid": FIRST,
        "run_name": "first",
        "experiment_id": "3",
        "user_id": "ada",
        "status": "FINISHED",
        "start_time": 1_000,
        "end_time": 2_000,
        "lifecycle_stage": "active",
        "artifact_uri": f"mlflow-artifacts:/3/{FIRST}/artifacts",
    }
    assert pairs(run["data"]["params"]) == {"rate": "0.1", "empty": ""}
    assert pairs(run["data"]["tags"]) == {"mlflow.runName": "first", "mlflow.source.name": "train.py"}
    assert {one["key"]: (one["step"], one["value"]) for one in run["data"]["metrics"]} == {
        "loss": (19, 0.05),
        "hard": (2, -LARGEST),
        "late": (5, 1.0),
    }
    assert [one["value"] for one in history] == ["NaN", LARGEST, -LARGEST]
    assert run["inputs"]["dataset_inputs"][0]["dataset"]["profile"] == '{"n": 3}'
    assert pairs(run["inputs"]["dataset_inputs"][0]["tags"]) == {"mlflow.data.context": "training"}
    assert run["outputs"]["model_outputs"] == [{"model_id": MODEL, "step": 4}]


def test_files_come_over_and_each_content_is_stored_once(small_world: World) -> None:
    small_world.take_over()
    path = f"/mlflow-artifacts/artifacts/0/{SECOND}/artifacts/notes.txt"
    stored = [one for one in (small_world.folder / "blobs" / "sha256").rglob("*") if one.is_file()]

    assert small_world.server.get(path).content == b"second"
    assert len(stored) == 4  # two notes, one MLmodel, and the weights that both runs have


def test_registered_models_keep_versions_stages_aliases_and_find_their_files(world: World) -> None:
    world.take_over()
    model = world.server.get("/mlflow/registered-models/get", name="eta").body["registered_model"]
    first, second = (
        world.server.get("/mlflow/model-versions/get", name="eta", version=number).body["model_version"]
        for number in ("1", "2")
    )
    files = world.server.get("/mlflow/model-versions/get-download-uri", name="eta", version="1").body["artifact_uri"]

    assert (model["description"], pairs(model["tags"])) == ("when", {"team": "routes"})
    assert model["aliases"] == [{"alias": "champion", "version": "1"}]
    assert (first["current_stage"], first["description"], pairs(first["tags"])) == ("Production", "one", {"n": "1"})
    assert files == first["source"] == f"mlflow-artifacts:/3/{FIRST}/artifacts/model"
    assert second["source"] == f"runs:/{FIRST}/model"
    assert world.server.get(f"/mlflow-artifacts/artifacts/3/{FIRST}/artifacts/model/weights.bin").status == 200


def test_a_number_that_a_deleted_version_had_is_not_given_again(small_world: World) -> None:
    small_world.take_over()
    made_here = small_world.server.post("/mlflow/model-versions/create", name="eta", source=f"runs:/{FIRST}/model")

    assert made_here.body["model_version"]["version"] == "4"


def test_logged_models_keep_params_tags_newest_metrics_and_files(world: World) -> None:
    world.take_over()
    model = world.server.get(f"/mlflow/logged-models/{MODEL}").body["model"]

    assert (model["info"]["name"], model["info"]["status"]) == ("forest", "LOGGED_MODEL_READY")
    assert pairs(model["info"]["tags"]) == {"kind": "tree"}
    assert pairs(model["data"]["params"]) == {"depth": "3"}
    assert [(one["value"], one["step"], one["dataset_name"]) for one in model["data"]["metrics"]] == [(0.7, 1, "rows")]
    path = f"/mlflow-artifacts/artifacts/3/models/{MODEL}/artifacts/MLmodel"
    assert world.server.get(path).content == b"flavors: {}"


def test_a_run_that_went_with_its_experiment_comes_back_with_it(small_world: World) -> None:
    small_world.take_over()
    small_world.server.post("/mlflow/experiments/restore", experiment_id="9")

    assert small_world.server.shown(GONE)["info"]["lifecycle_stage"] == "active"


@pytest.mark.parametrize("release", ["2.22", "3.6"])
def test_older_schemas_are_taken_over_too(sqlite_db: Database, tmp_path: Path, release: str) -> None:
    outcome = made(sqlite_db, tmp_path, release).take_over()

    assert outcome.is_complete
    assert {line.kind: line.target for line in outcome.comparison.lines} == {
        Kind.EXPERIMENTS: 3, Kind.RUNS: 3, Kind.PARAMS: 2, Kind.TAGS: 3, Kind.POINTS: 26, Kind.NEWEST: 3,
        Kind.INPUTS: 1, Kind.USES: 0 if release == "2.22" else 1, Kind.LOGGED_MODELS: 0 if release == "2.22" else 1,
        Kind.MODELS: 1, Kind.VERSIONS: 2, Kind.ALIASES: 1, Kind.FILES: 4 if release == "2.22" else 5,
    }  # fmt: skip


def test_a_postgresql_database_is_taken_over_too(small_world: World, postgresql_url: str) -> None:
    lived_in(postgresql_url, small_world.folder / "others").dispose()
    outcome = small_world.take_over(uri=postgresql_url, artifacts=[str(small_world.folder / "others")])

    assert outcome.is_complete
    assert small_world.server.shown(FIRST)["info"]["status"] == "FINISHED"


def test_the_second_time_changes_nothing(world: World) -> None:
    first = world.take_over()
    size = world.log_size()
    second = world.take_over()

    assert first.added == {
        "experiments": 3, "runs": 3, "metric points": 26, "logged models": 1, "registered models": 1,
        "model versions": 2, "aliases": 1, "files": 4,
    }  # fmt: skip
    assert (second.added, second.is_complete) == ({}, True)
    assert world.log_size() == size


def test_what_changed_there_since_comes_over_the_second_time(small_world: World) -> None:
    small_world.take_over()
    engine = sa.create_engine(small_world.uri)
    with engine.begin() as connection:
        connection.execute(
            sa.text("update runs set status = 'FINISHED', end_time = 9000 where run_uuid = :run"), {"run": SECOND}
        )
        connection.execute(
            sa.text(
                "insert into metrics (key, value, timestamp, run_uuid, step, is_nan) values ('new', 1, 1, :r, 1, 0)"
            ),
            {"r": SECOND},
        )
        connection.execute(
            sa.text("insert into latest_metrics (key, value, timestamp, run_uuid, step, is_nan) "
                    "values ('new', 1, 1, :r, 1, 0)"), {"r": SECOND},
        )  # fmt: skip
    engine.dispose()
    outcome = small_world.take_over()

    assert outcome.is_complete
    assert small_world.server.shown(SECOND)["info"]["end_time"] == 9_000


@pytest.mark.parametrize("steps", [1, 4, 5, 7, 12, 16, 20])
def test_an_import_that_was_cut_short_goes_on(world: World, steps: int) -> None:
    left = [steps]

    def cut(_kind: Kind, _count: int) -> None:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.take_over(progress=cut)

    assert world.take_over().is_complete


def test_the_source_is_only_read(small_world: World) -> None:
    file = small_world.folder / "mlflow.db"
    before = hashlib.sha256(file.read_bytes()).digest()
    small_world.take_over()
    source = open_source(small_world.uri)

    with pytest.raises(sa.exc.OperationalError, match="readonly"), source.engine.begin() as connection:
        connection.execute(sa.text("delete from runs"))
    source.close()
    assert hashlib.sha256(file.read_bytes()).digest() == before


def test_the_log_says_what_came_from_where(small_world: World) -> None:
    small_world.take_over()
    with small_world.db.read() as tx:
        (entry,) = small_world.log.about(tx, "project:default", names=["exchange.taken_over"])

    assert (entry.actor, entry.event.database) == ("user:ada", small_world.uri)  # type: ignore[attr-defined]  # of one event
    assert entry.event.added["metric points"] == 26  # type: ignore[attr-defined]  # the same


def test_what_stays_behind_is_counted(small_world: World) -> None:
    assert small_world.take_over().left_out == {
        "traces": 2,
        "deleted logged models": 1,
        "aliases of deleted versions": 1,
    }


def test_an_id_that_is_taken_gives_way_and_names_that_are_here_join(small_world: World) -> None:
    small_world.server.experiment("one")
    small_world.server.experiment("two")
    small_world.server.experiment("mine")  # has the id 3
    joined = small_world.server.experiment("old")
    plan = small_world.exchange.plan(small_world.wanted(), progress=lambda _kind, _count: None)
    outcome = small_world.take_over()
    prices = small_world.server.get("/mlflow/experiments/get-by-name", experiment_name="prices").body["experiment"]

    assert plan.conflicts == [
        "experiment 'prices' gets another id, 3 being taken",
        "experiment 'old' is here already: its runs join those that are here",
    ]
    assert len(outcome.conflicts) == 2
    assert outcome.is_complete
    assert prices["experiment_id"] == "5"
    assert small_world.server.shown(FIRST)["info"]["experiment_id"] == "5"
    assert small_world.server.shown(GONE)["info"]["experiment_id"] == joined
    assert small_world.server.get(f"/mlflow-artifacts/artifacts/5/{FIRST}/artifacts/notes.txt").content == b"first"


def test_a_run_of_another_project_stays_there_and_is_missed(small_world: World) -> None:
    small_world.take_over(project="theirs")
    outcome = small_world.take_over()

    assert not outcome.comparison.is_equal
    assert f"run {FIRST} is in another project already; it was left there" in outcome.conflicts


def test_a_change_made_here_stays_and_is_told(small_world: World) -> None:
    small_world.take_over()
    small_world.server.post("/mlflow/runs/set-tag", run_id=FIRST, key="mlflow.source.name", value="mine.py")
    outcome = small_world.take_over()

    assert {line.kind: line.examples for line in outcome.comparison.lines if line.differing} == {Kind.TAGS: (FIRST,)}
    assert pairs(small_world.server.shown(FIRST)["data"]["tags"])["mlflow.source.name"] == "mine.py"


def test_a_plan_changes_nothing(small_world: World) -> None:
    plan = small_world.exchange.plan(small_world.wanted(), progress=lambda _kind, _count: None)

    assert plan.counts["runs"] == 3
    assert plan.counts["files"] == 5
    assert plan.size_bytes == len("first") + len("second") + 2 * len("the same in both") + len("flavors: {}")
    assert small_world.log_size() == 0
    assert small_world.server.get("/mlflow/runs/get", run_id=FIRST).status == 404


def test_files_outside_the_named_folders_are_not_read(small_world: World) -> None:
    other = small_world.folder / "other"
    other.mkdir()
    outcome = small_world.take_over(artifacts=[str(other)])

    assert not outcome.is_complete
    assert outcome.comparison.is_equal
    assert any(FIRST in one and "below no folder that --artifacts names" in one for one in outcome.not_found)


def test_a_link_that_leaves_the_named_folder_is_not_followed(small_world: World, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    link = small_world.files / "p" / FIRST / "artifacts" / "link.txt"
    link.symlink_to(tmp_path / "secret.txt")
    small_world.take_over()

    path = f"/mlflow-artifacts/artifacts/3/{FIRST}/artifacts/link.txt"
    assert small_world.server.get(path).status == 404


def test_a_folder_that_has_moved_is_found_under_its_old_name(small_world: World) -> None:
    moved = small_world.folder / "moved"
    small_world.files.rename(moved)
    outcome = small_world.take_over(artifacts=[f"{small_world.files}={moved}"])

    assert outcome.is_complete
    assert next(line.target for line in outcome.comparison.lines if line.kind is Kind.FILES) == 5


def test_files_that_cannot_be_kept_are_named_and_stop_nothing(small_world: World) -> None:
    (small_world.files / "p" / FIRST / "artifacts" / "a;b.txt").write_text("x")
    outcome = small_world.take_over()

    assert [one.split(":")[0] for one in outcome.not_found] == [f"run {FIRST}"]
    assert "a;b.txt" in outcome.not_found[0]
    assert small_world.server.shown(SECOND)["info"]["run_id"] == SECOND


def test_other_schemas_and_other_files_are_refused(small_world: World, tmp_path: Path) -> None:
    engine = sa.create_engine(small_world.uri)
    with engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = 'ffff00000000'"))
    engine.dispose()
    (tmp_path / "text.db").write_text("no database at all, only some words that are long enough")
    sa.create_engine(f"sqlite:///{tmp_path / 'bare.db'}").connect().close()
    (tmp_path / "bare.db").touch()

    with pytest.raises(UnknownSchemaError, match="mlflow db upgrade"):
        small_world.take_over()
    with pytest.raises(NotReadableError):
        small_world.take_over(uri=f"sqlite:///{tmp_path / 'text.db'}")
    with pytest.raises(NotMlflowError):
        small_world.take_over(uri=f"sqlite:///{tmp_path / 'bare.db'}")
    with pytest.raises(NotReadableError, match="no file"):
        small_world.take_over(uri=f"sqlite:///{tmp_path / 'nothing.db'}")
    with pytest.raises(NotReadableError, match="mysql"):
        small_world.take_over(uri="mysql://127.0.0.1/mlflow")

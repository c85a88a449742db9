"""Leaving to MLflow: its database and its folder hold what was here."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.exchange.conftest import World
from tests.exchange.lived_in import FIRST, LARGEST, MODEL, SECOND, empty_mlflow
from tests.exchange.rows import contents
from tests.tracing.senders import server_of

from everlearn.exchange import Kind
from everlearn.exchange.model import NotEmptyError, UnknownSchemaError


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty MLflow database on each engine in turn."""
    url: str = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else sqlite_target(tmp_path)
    empty_mlflow(url).dispose()
    return url


def sqlite_target(folder: Path) -> str:
    return f"sqlite:///{folder / 'target.db'}"


def test_what_came_and_leaves_is_row_by_row_what_it_was(small_world: World, target: str) -> None:
    small_world.take_over()
    outcome = small_world.hand_over(target)
    before, after = contents(small_world.uri), contents(target)
    for table in ("logged_models", "model_versions"):  # what is left of deleted ones stays behind
        before[table] = [row for row in before[table] if "eleted" not in repr(row)]
    before["registered_model_aliases"] = [row for row in before["registered_model_aliases"] if row["alias"] != "lost"]
    before["logged_model_metrics"] = [row for row in before["logged_model_metrics"] if row["metric_step"] == 1]
    for row in (*before["runs"], *before["tags"]):
        row.update({key: "" for key in ("name", "value") if key in row and row[key] is None})

    assert outcome.is_complete, outcome
    assert after == before


def test_files_are_where_mlflow_server_looks_for_them(small_world: World) -> None:
    small_world.take_over()
    empty_mlflow(sqlite_target(small_world.folder)).dispose()
    small_world.hand_over(sqlite_target(small_world.folder))
    out = small_world.folder / "out"
    engine = sa.create_engine(sqlite_target(small_world.folder))
    with engine.connect() as connection:
        rows = connection.execute(sa.text("select run_uuid, artifact_uri from runs")).all()
        places = {row.run_uuid: row.artifact_uri for row in rows}
        version = connection.execute(sa.text("select source from model_versions where version = 1")).scalar_one()
    engine.dispose()

    assert places[FIRST] == f"mlflow-artifacts:/3/{FIRST}/artifacts"
    assert (out / places[FIRST].removeprefix("mlflow-artifacts:/") / "notes.txt").read_text() == "first"
    assert (out / version.removeprefix("mlflow-artifacts:/") / "weights.bin").read_bytes() == b"the same in both"
    assert (out / "3" / "models" / MODEL / "artifacts" / "MLmodel").is_file()


def test_what_was_logged_here_leaves_too(small_world: World, target: str) -> None:
    experiment = small_world.server.experiment("here")
    run = small_world.server.run(experiment, run_name="mine")
    for value in ("NaN", "Infinity", 2.5):
        body = {"key": "m", "value": value, "timestamp": 7, "step": 1}
        assert small_world.server.post("/mlflow/runs/log-metric", run_id=run, **body).status == 200
    outcome = small_world.hand_over(target)
    rows = {(row["value"], row["is_nan"]) for row in contents(target)["metrics"]}

    assert rows == {(0.0, True), (LARGEST, False), (2.5, False)}
    assert outcome.is_complete


def test_the_next_experiment_there_gets_a_free_id(small_world: World, postgresql_url: str) -> None:
    empty_mlflow(postgresql_url).dispose()
    small_world.take_over()
    small_world.hand_over(postgresql_url)
    engine = sa.create_engine(postgresql_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        text = "insert into experiments (name) values ('next') returning experiment_id"
        found = connection.execute(sa.text(text)).scalar_one()
    engine.dispose()

    assert found == 10


@pytest.mark.parametrize("steps", [2, 5, 8, 14])
def test_an_export_that_was_cut_short_goes_on(small_world: World, steps: int) -> None:
    target, left = sqlite_target(small_world.folder), [steps]
    empty_mlflow(target).dispose()
    small_world.take_over()

    def cut(_kind: Kind, _count: int) -> None:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small_world.hand_over(target, progress=cut)

    assert small_world.hand_over(target).is_complete
    assert small_world.hand_over(target).added == {}


def test_a_database_that_holds_something_else_is_refused(small_world: World, tmp_path: Path) -> None:
    small_world.server.experiment("mine")
    before = (tmp_path / "mlflow.db").read_bytes()

    with pytest.raises(NotEmptyError, match="not of this project"):
        small_world.hand_over(small_world.uri)
    assert (tmp_path / "mlflow.db").read_bytes() == before


@pytest.mark.parametrize("release", [None, "3.6"])
def test_without_the_newest_schema_the_exact_command_is_told(small_world: World, release: str | None) -> None:
    target = sqlite_target(small_world.folder)
    if release is None:
        (small_world.folder / "target.db").touch()
    else:
        empty_mlflow(target, release).dispose()

    with pytest.raises(UnknownSchemaError) as refused:
        small_world.hand_over(target)
    assert f"mlflow db upgrade {target}" in refused.value.message


def test_going_and_coming_back_makes_the_same_project(small_world: World) -> None:
    target = sqlite_target(small_world.folder)
    empty_mlflow(target).dispose()
    small_world.take_over()
    small_world.hand_over(target)
    small_world.server.project("again")
    outcome = small_world.exchange.plan(
        small_world.wanted(uri=target, artifacts=[str(small_world.folder / "out")], project="again"),
        progress=lambda _kind, _count: None,
    )

    assert outcome.counts["metric points"] == 26
    assert outcome.counts["files"] == 5
    assert outcome.not_found == []
    assert SECOND not in outcome.conflicts


def test_traces_stay_and_are_counted(small_world: World) -> None:
    target = sqlite_target(small_world.folder)
    empty_mlflow(target).dispose()
    small_world.take_over()
    tracing = server_of(small_world.db, small_world.log, small_world.exchange.blobs, small_world.exchange.clock)
    for number in range(2):
        info = {
            "trace_id": f"tr-{number:032x}",
            "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "3"}},
            "request_time": "2026-01-01T00:00:00Z",
            "state": "OK",
        }
        said = tracing.send("POST", "/mlflow/traces", version="3.0", json={"trace": {"trace_info": info}})
        assert said.status == 200, said.body

    assert small_world.hand_over(target).left_out == {"traces": 2}

"""`everlearn import mlflow` and `everlearn export mlflow` as people use them."""

import json
from pathlib import Path

import pytest
from tests.app.processes import everlearn
from tests.exchange.conftest import World
from tests.exchange.lived_in import empty_mlflow, lived_in
from typer.testing import CliRunner

from everlearn.cli.services import provided
from everlearn.exchange import Exchange
from everlearn.exchange.commands import exports, imports


def run(world: World, *arguments: str) -> tuple[int, str, str]:
    """Run a command over the world's services."""
    application = imports if "--from" in arguments else exports
    with provided(lambda of: {Exchange: world.exchange}[of]):
        done = CliRunner().invoke(application, [*arguments])
    return done.exit_code, done.stdout, done.stderr


def test_the_table_shows_every_kind_on_both_sides(small_world: World) -> None:
    code, table, told = run(small_world, "mlflow", "--from", small_world.uri, "--artifacts", str(small_world.files))

    assert code == 0, told
    assert [line.split() for line in table.splitlines() if line.startswith(("runs", "metric", "files"))] == [
        ["runs", "3", "3", "0"],
        ["metric", "points", "26", "26", "0"],
        ["files", "5", "5", "0"],
    ]
    assert "the same on both sides" in told
    assert "left out: 2 traces" in told


def test_what_is_missing_makes_the_exit_code_1(small_world: World, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, table, told = run(
        small_world, "mlflow", "--from", small_world.uri, "--artifacts", str(tmp_path / "empty"), "--json"
    )

    assert code == 1, told
    assert len(json.loads(table)["not_found"]) == 2  # the run and the logged model whose folders were not named


def test_a_plan_is_told_and_nothing_changes(small_world: World) -> None:
    code, table, _ = run(
        small_world, "mlflow", "--from", small_world.uri, "--artifacts", str(small_world.files), "--plan", "--json"
    )

    assert code == 0
    assert json.loads(table)["counts"]["runs"] == 3
    assert small_world.log_size() == 0


@pytest.mark.parametrize("arguments", [["--from", "x"], ["--from", "x", "--without-files", "--artifacts", "y"]])
def test_one_has_to_say_what_becomes_of_the_files(small_world: World, arguments: list[str]) -> None:
    code, _, told = run(small_world, "mlflow", *arguments)

    assert code == 2
    assert "--artifacts" in told


def test_leaving_is_one_command(small_world: World, tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path / 'target.db'}"
    empty_mlflow(target).dispose()
    small_world.take_over()
    code, table, told = run(small_world, "mlflow", "--to", target, "--artifacts", str(tmp_path / "out"))

    assert code == 0, told
    assert ["runs", "3", "3", "0"] in [line.split() for line in table.splitlines()]
    assert f"mlflow server --backend-store-uri {target} --artifacts-destination {tmp_path / 'out'}" in told


def test_the_real_command_line_goes_from_one_mlflow_to_another(tmp_path: Path) -> None:
    source, target = (f"sqlite:///{tmp_path / name}" for name in ("source.db", "target.db"))
    lived_in(source, tmp_path / "files").dispose()
    empty_mlflow(target).dispose()
    home = tmp_path / "home"
    came = everlearn("import", "mlflow", "--from", source, "--artifacts", str(tmp_path / "files"), home=home)
    left = everlearn("export", "mlflow", "--to", target, "--without-files", home=home)

    assert (came.returncode, left.returncode) == (0, 0), came.stderr + left.stderr
    assert "aliases" in left.stdout

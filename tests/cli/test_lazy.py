import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from everlearn.cli.lazy import LazyCommands, lazy_group
from everlearn.cli.services import actor, provided, service

TABLE = {
    "fruit": LazyCommands("fruit_commands:app", "Apples and plums."),
    "absent": LazyCommands("not_there:app", "Never imported."),
}

FRUIT_COMMANDS = """
import typer

app = typer.Typer()


@app.callback()
def main() -> None:
    "Fruit."


@app.command()
def eat(name: str) -> None:
    typer.echo(f"ate {name}")
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    (tmp_path / "fruit_commands.py").write_text(FRUIT_COMMANDS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "fruit_commands", raising=False)
    app = typer.Typer(cls=lazy_group(TABLE))

    @app.callback()
    def main() -> None:
        """The root."""

    return app


def test_help_lists_every_group_and_imports_none(root: typer.Typer) -> None:
    result = CliRunner().invoke(root, ["--help"])

    assert result.exit_code == 0
    assert "Apples and plums." in result.output
    assert "Never imported." in result.output
    assert "fruit_commands" not in sys.modules


def test_a_group_is_imported_when_its_command_runs(root: typer.Typer) -> None:
    result = CliRunner().invoke(root, ["fruit", "eat", "plum"])

    assert result.output == "ate plum\n"


def test_a_mistyped_group_is_a_usage_error_that_names_the_near_one(root: typer.Typer) -> None:
    result = CliRunner().invoke(root, ["friut"])

    assert result.exit_code == 2
    assert "fruit" in result.output


def test_service_gives_what_was_provided() -> None:
    with provided(lambda of: f"the {of.__name__}"):
        found = service(int)

    assert str(found) == "the int"


def test_the_actor_is_a_user() -> None:
    assert actor().startswith("user:")

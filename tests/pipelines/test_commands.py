import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.pipelines.test_execution import adding
from typer.testing import CliRunner

from everlearn.cli.services import provided
from everlearn.pipelines.commands import app

Told = Callable[..., Any]


@pytest.fixture
def told(make_sqlite_platform: Callable[..., Any]) -> Told:
    platform = make_sqlite_platform(adding())

    def tell(*arguments: str) -> Any:
        with provided(lambda _: platform.pipelines):
            return CliRunner().invoke(app, arguments, catch_exceptions=False)

    return tell


def test_pipelines_are_listed_with_their_steps(told: Told) -> None:
    assert json.loads(told("list", "--json").stdout)["items"] == [
        {"name": "adding", "steps": "rows -> total -> report", "parameters": "count, side"}
    ]


def test_a_run_is_submitted_listed_and_shown(told: Told, tmp_path: Path) -> None:
    asked = ("run", "adding", "--parameter", "count=5", "--parameter", f"side={tmp_path}", "--key", "mine")

    run = json.loads(told(*asked, "--json").stdout)

    assert run["parameters"] == {"count": 5, "side": str(tmp_path)}
    assert told(*asked).stdout.strip() == run["id"]
    assert [one["id"] for one in json.loads(told("runs", "--json").stdout)["items"]] == [run["id"]]
    shown = told("show", run["id"]).stdout
    assert all(text in shown for text in ("submitted", "rows", "total", "report", "waiting"))
    assert len(json.loads(told("show", run["id"], "--json").stdout)["steps"]) == 3


def test_a_parameter_needs_a_name(told: Told) -> None:
    answer = told("run", "adding", "--parameter", "5")

    assert answer.exit_code == 2
    assert "NAME=VALUE" in answer.stderr

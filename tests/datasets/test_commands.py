import json
from pathlib import Path
from typing import Any

import pytest
from tests.datasets.flights import append, define, frame, parquet
from tests.datasets.test_http import contract
from typer.testing import CliRunner

from everlearn.cli.services import provided
from everlearn.core.errors import InvalidError
from everlearn.datasets import Datasets, VersionNotFoundError
from everlearn.datasets.commands import app
from everlearn.datasets.model import BadContractError, NotParquetError


def told(datasets: Datasets, *arguments: str) -> Any:
    with provided(lambda _: datasets):
        return CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_a_data_set_is_defined_and_grown_from_files(local: Datasets, tmp_path: Path) -> None:
    (tmp_path / "contract.json").write_text(json.dumps(contract()))
    (tmp_path / "day.parquet").write_bytes(parquet(frame()))
    arguments = ("append", "flights", str(tmp_path / "day.parquet"), "--key", "day-0", "--json")

    said = told(local, "define", "flights", str(tmp_path / "contract.json")).stderr
    made = told(local, *arguments, "--effective-at", "2013-02-01T00:00:00Z")

    assert "contract 1 of flights is in force" in said
    assert "flights version 1: 3 rows, known defects: 0" in made.stderr
    assert json.loads(made.stdout)["number"] == 1
    assert json.loads(told(local, *arguments).stdout)["effective_at"] == "2013-02-01T00:00:00Z"


def test_data_sets_versions_and_reports_are_shown(local: Datasets) -> None:
    define(local)
    append(local, frame([{"flight": "A", "delay": 601.0}]), "day-0")
    append(local, frame(day=1), "day-1")

    listed = json.loads(told(local, "list", "--json").stdout)["items"]
    assert [(one["name"], one["newest"]) for one in listed] == [("flights", 2)]
    versions = json.loads(told(local, "versions", "flights", "--json").stdout)["items"]
    assert [one["number"] for one in versions] == [2, 1]
    assert json.loads(told(local, "show", "flights", "--json").stdout)["version"]["number"] == 2
    assert json.loads(told(local, "show", "flights", "1", "--json").stdout)["version"]["rows"] == 1
    assert all(text in told(local, "show", "flights").stdout for text in ("Datetime[us, UTC]", "day-0", "day-1"))
    assert "601.0" in told(local, "report", "flights").stdout
    checks = json.loads(told(local, "report", "flights", "1", "--json").stdout)["checks"]
    assert [one["expectation"] for one in checks if one["verdict"] == "fail"] == ["delay lies between -60 and 600"]


def test_a_data_set_without_versions_is_shown_too(local: Datasets) -> None:
    define(local)

    assert json.loads(told(local, "show", "flights", "--json").stdout)["version"] is None
    assert "flight" in told(local, "show", "flights").stdout
    with pytest.raises(VersionNotFoundError):
        told(local, "show", "flights", "1")


def test_files_that_cannot_be_read_are_named(local: Datasets, tmp_path: Path) -> None:
    define(local)
    (tmp_path / "bad").write_text('{"columns": [{"name": 1}]}')

    with pytest.raises(InvalidError, match="No such file"):
        told(local, "append", "flights", str(tmp_path / "none"), "--key", "a")
    with pytest.raises(NotParquetError):
        told(local, "append", "flights", str(tmp_path / "bad"), "--key", "a")
    with pytest.raises(InvalidError, match="No such file"):
        told(local, "define", "flights", str(tmp_path / "none"))
    with pytest.raises(BadContractError, match="columns"):
        told(local, "define", "flights", str(tmp_path / "bad"))

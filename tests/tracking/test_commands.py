import json
from typing import Any

import pytest
from tests.tracking.test_tracking import measured, start
from typer.testing import CliRunner

from everlearn.blobs import BlobStore
from everlearn.cli.services import provided
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.tracking import Tracking
from everlearn.tracking.commands import app
from everlearn.tracking.model import RunNotFoundError


@pytest.fixture
def tracking(sqlite_db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Tracking:
    tracking = Tracking(sqlite_db, log, blobs, clock)
    start(tracking, run_id="mine")
    tracking.log_batch("mine", params={"depth": "6"}, metrics=[measured(8.5)])
    tracking.log_artifact("mine", "model/model.onnx", b"weights")
    return tracking


def told(tracking: Tracking, *arguments: str) -> Any:
    with provided(lambda _: tracking):
        return CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_runs_are_listed_as_table_and_as_json(tracking: Tracking) -> None:
    assert "mine" in told(tracking, "list").stdout
    assert [run["id"] for run in json.loads(told(tracking, "list", "--json").stdout)["items"]] == ["mine"]
    assert json.loads(told(tracking, "list", "--json", "--project", "other").stdout)["items"] == []


def test_a_run_is_shown_with_everything_it_logged(tracking: Tracking) -> None:
    shown = told(tracking, "show", "mine").stdout
    as_json = json.loads(told(tracking, "show", "mine", "--json").stdout)

    assert all(text in shown for text in ("depth", "mae", "8.5", "model/model.onnx", "RUNNING"))
    assert as_json["detail"]["params"] == {"depth": "6"}
    assert [one["path"] for one in as_json["artifacts"]] == ["model/model.onnx"]


def test_a_run_of_another_project_is_not_shown(tracking: Tracking) -> None:
    with pytest.raises(RunNotFoundError):
        told(tracking, "show", "mine", "--project", "other")

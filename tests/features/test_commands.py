import json
from dataclasses import replace
from typing import Any

import pytest
from tests.features.test_computing import DELAYS
from typer.testing import CliRunner

from everlearn.cli.services import provided
from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.features import Features, ViewNotFoundError
from everlearn.features.commands import app


@pytest.fixture
def features(sqlite_db: Database, log: EventLog, clock: ManualClock) -> Features:
    features = Features(sqlite_db, log, clock)
    for view in (replace(DELAYS, known_at="landed_at"), DELAYS):
        features.define("default", view, actor=Actor("user:alice"))
    return features


def told(features: Features, *arguments: str) -> Any:
    with provided(lambda _: features):
        return CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_views_are_listed(features: Features) -> None:
    listed = json.loads(told(features, "list", "--json").stdout)["items"]

    assert [(one["name"], one["revision"]) for one in listed] == [("carrier-delays", 2)]
    assert "landed" in told(features, "list").stdout


def test_the_newest_revision_is_shown_unless_another_is_named(features: Features) -> None:
    assert json.loads(told(features, "show", "carrier-delays", "--json").stdout)["view"]["known_at"] == "known_at"
    assert json.loads(told(features, "show", "carrier-delays", "1", "--json").stdout)["revision"] == 1
    shown = told(features, "show", "carrier-delays").stdout
    assert all(text in shown for text in ("last_", "delay_mean_3h", DELAYS.digest))
    with pytest.raises(ViewNotFoundError):
        told(features, "show", "nothing")

import json
from typing import Any

import pytest
from tests.registry.test_registry import point, register
from typer.testing import CliRunner

from everlearn.blobs import BlobStore
from everlearn.cli.services import provided
from everlearn.core.clock import ManualClock
from everlearn.core.errors import InvalidError
from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.registry import Registry
from everlearn.registry.commands import app


@pytest.fixture
def registry(sqlite_db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Registry:
    registry = Registry(sqlite_db, log, blobs, clock)
    register(registry)
    register(registry, source_key="prun_2")
    point(registry, 1)
    return registry


def told(registry: Registry, *arguments: str) -> Any:
    with provided(lambda _: registry):
        return CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_models_and_versions_are_listed(registry: Registry) -> None:
    models = json.loads(told(registry, "list", "--json").stdout)["items"]
    versions = json.loads(told(registry, "versions", "eta", "--json").stdout)["items"]

    assert [(model["name"], model["newest"], model["champion"]) for model in models] == [("eta", 2, 1)]
    assert [version["number"] for version in versions] == [2, 1]
    assert "candidate" in told(registry, "versions", "eta").stdout


def test_the_newest_version_is_shown_unless_another_is_named(registry: Registry) -> None:
    assert json.loads(told(registry, "show", "eta", "--json").stdout)["version"]["number"] == 2
    assert json.loads(told(registry, "show", "eta", "1", "--json").stdout)["version"]["number"] == 1
    assert "registered" in told(registry, "show", "eta").stdout


def test_an_alias_is_looked_at_and_moved_with_a_reason(registry: Registry) -> None:
    moved = told(registry, "alias", "eta", "champion", "2", "--reason", "by hand")

    assert "champion of eta is version 2 now" in moved.stderr
    assert json.loads(told(registry, "alias", "eta", "--json").stdout)["items"] == [{"alias": "champion", "number": 2}]
    history = json.loads(told(registry, "alias", "eta", "champion", "--json").stdout)["items"]
    assert [(one["before"], one["after"], one["reason"]) for one in history] == [
        (1, 2, "by hand"),
        (None, 1, "a reason"),
    ]
    with pytest.raises(InvalidError, match="reason"):
        told(registry, "alias", "eta", "champion", "1")

import json
from typing import Any

import pytest
from tests.registry.test_registry import point, register
from tests.tracking.protocol import aliases_of
from typer.testing import CliRunner

from everlearn.blobs import BlobStore
from everlearn.cli.services import provided
from everlearn.core.clock import ManualClock
from everlearn.core.errors import InvalidError
from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.registry import Aliases, Approvals, Registry
from everlearn.registry.commands import app
from everlearn.registry.model import AliasNotFoundError


@pytest.fixture
def registry(sqlite_db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Registry:
    registry = Registry(sqlite_db, log, blobs, clock)
    register(registry)
    register(registry, source_key="prun_2")
    point(registry, 1)
    return registry


def told(registry: Registry, *arguments: str) -> Any:
    db, log, clock = registry.db, registry.log, registry.clock
    approvals, aliases = Approvals(db, log, clock), aliases_of(db, log, registry.blobs, clock)
    services = {Registry: registry, Aliases: aliases, Approvals: approvals}
    with provided(lambda wanted: services[wanted]):
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
    told(registry, "alias", "eta", "best", "1", "--reason", "the first")
    moved = told(registry, "alias", "eta", "best", "2", "--reason", "by hand")

    assert "best of eta is version 2 now" in moved.stderr
    named = json.loads(told(registry, "alias", "eta", "--json").stdout)["items"]
    assert named == [{"alias": "best", "number": 2}, {"alias": "champion", "number": 1}]
    history = json.loads(told(registry, "alias", "eta", "best", "--json").stdout)["items"]
    assert [(one["before"], one["after"], one["reason"]) for one in history] == [
        (1, 2, "by hand"),
        (None, 1, "the first"),
    ]
    with pytest.raises(InvalidError, match="reason"):
        told(registry, "alias", "eta", "best", "1")


def test_a_move_is_checked_approved_looked_up_and_rolled_back(registry: Registry) -> None:
    told(registry, "alias", "eta", "best", "1", "--reason", "the first")
    told(registry, "alias", "eta", "best", "2", "--reason", "by hand")

    refused = told(registry, "check", "eta", "2", "--alias", "champion", "--json")
    assert refused.exit_code == 1
    assert [one["condition"] for one in json.loads(refused.stdout)["conditions"]] == ["moved_by_rollout"]
    assert told(registry, "check", "eta", "2", "--alias", "best").exit_code == 0
    approved = json.loads(told(registry, "approve", "eta", "2", "--alias", "best", "--json").stdout)["items"]
    assert [(one["alias"], one["number"]) for one in approved] == [("best", 2)]
    assert json.loads(told(registry, "approve", "eta", "2", "--alias", "best", "--withdraw", "--json").stdout) == {
        "items": [],
        "next": None,
    }
    assert json.loads(told(registry, "resolve", "models:/eta@best", "--json").stdout)["number"] == 2
    assert "version 1 again" in told(registry, "rollback", "eta", "best", "--reason", "worse").stderr
    with pytest.raises(AliasNotFoundError, match="named no version"):
        told(registry, "resolve", "eta@best", "--as-of", "2012-12-31T23:59:59Z")

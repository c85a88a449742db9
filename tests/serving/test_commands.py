import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from tests.serving.models import Shelf, plane
from typer.testing import CliRunner, Result

from everlearn.cli.services import provided
from everlearn.core.clock import ManualClock
from everlearn.core.errors import NotFoundError
from everlearn.db import Database
from everlearn.eventlog import Catalogue, EventLog
from everlearn.registry import Registry
from everlearn.serving import Deployments
from everlearn.serving.commands import app
from everlearn.serving.events import EVENTS
from everlearn.serving.model import NotDeployedError

FIRST = ("set", "eta", "--champion", "1", "--reason", "first")


@pytest.fixture(autouse=True)
def platform(sqlite_db: Database) -> Iterator[None]:
    """Versions 1 and 2 of `eta` exist."""
    clock = ManualClock(datetime(2013, 2, 1, 12, tzinfo=UTC))
    services = {
        Deployments: Deployments(sqlite_db, EventLog(Catalogue(EVENTS), clock), clock),
        Registry: Shelf({1: plane(1.0, 0.0), 2: plane(0.0, 1.0)}),
    }
    with provided(services.__getitem__):
        yield


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_traffic_is_set_and_shown() -> None:
    run(*FIRST)

    shown = json.loads(run("show", "eta", "--json").stdout)

    assert (shown["generation"], shown["traffic"]["champion"], shown["traffic"]["phase"]) == (1, 1, "none")


@pytest.mark.parametrize(("weight", "phase"), [((), "shadow"), (("--weight", "0.2"), "canary")])
def test_a_candidate_without_a_weight_is_a_shadow(weight: tuple[str, ...], phase: str) -> None:
    run(*FIRST)

    answer = run("set", "eta", "--champion", "1", "--candidate", "2", *weight, "--reason", "try", "--json")

    assert json.loads(answer.stdout)["traffic"]["phase"] == phase


def test_the_history_is_a_table_of_changes() -> None:
    run(*FIRST)

    assert "first" in run("history", "eta").stdout


def test_what_is_not_deployed_or_not_there_is_told() -> None:
    assert isinstance(run("show", "eta").exception, NotDeployedError)
    assert isinstance(run("set", "eta", "--champion", "9", "--reason", "x").exception, NotFoundError)

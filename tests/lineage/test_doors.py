"""Lineage over HTTP and from the command line."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.lineage.history import History, history_over
from typer.testing import CliRunner

from everlearn.access.gate import OpenGate
from everlearn.blobs import open_blobs
from everlearn.cli.services import provided
from everlearn.core.clock import ManualClock, iso
from everlearn.core.errors import InvalidError
from everlearn.db import Database
from everlearn.lineage.api import HANDLERS
from everlearn.lineage.commands import app
from everlearn.serving import Traffic
from everlearn.web.application import Site, make_litestar
from everlearn.web.metrics import http_metrics

Client = TestClient[Litestar]


@pytest.fixture
def history(sqlite_db: Database, tmp_path: Path) -> History:
    """One run of one commit on one data set, its model in traffic, and a run that nothing came of."""
    made = history_over(sqlite_db, open_blobs(f"file://{tmp_path}"), ManualClock(datetime(2013, 1, 1, tzinfo=UTC)))
    run = made.run("morning", commit="abc")
    made.read(run, "flights", "aaaa1111")
    made.register("eta", model=made.log_model(run))
    made.direct("eta", Traffic(champion=1))
    made.read(made.run("noon"), "flights", "aaaa1111", context="eval")
    return made


@pytest.fixture
def client(history: History) -> Iterator[Client]:
    site = Site(handlers=HANDLERS, services={"lineage": history.lineage}, gate=OpenGate(), metrics=http_metrics())
    with TestClient(make_litestar(site), base_url="http://127.0.0.1", raise_server_exceptions=False) as opened:
        yield opened


def asked(client: Client, history: History, path: str, **query: Any) -> Any:
    return client.get(f"/api/projects/{history.project}/lineage/{path}", params=query)


def told(history: History, *arguments: str) -> Any:
    with provided(lambda _: history.lineage):
        return CliRunner().invoke(app, [*arguments, "--project", history.project], catch_exceptions=False)


def test_pages_of_an_answer_hold_each_node_once(client: Client, history: History) -> None:
    whole = asked(client, history, "downstream", node="dataset:flights").json()
    nodes, after = [], None
    while True:
        onward: dict[str, Any] = {"after": after} if after else {}
        page = asked(client, history, "downstream", node="dataset:flights", limit=2, **onward)
        nodes += page.json()["items"]
        after = page.json()["next"]
        if after is None:
            break

    assert nodes == whole["items"]
    assert [node["kind"] for node in nodes] == ["dataset", "run", "run", "logged-model", "version", "deployment"]
    assert len(whole["edges"]) == 5
    assert whole["is_complete"]


def test_the_learners_in_traffic_are_told_with_the_way_to_them(client: Client, history: History) -> None:
    before = iso(history.clock.at)
    history.direct("eta", Traffic(champion=2))

    now = asked(client, history, "learned-from", node="dataset:flights@aaaa1111").json()
    then = asked(client, history, "learned-from", node="digest:aaaa1111", as_of=before).json()

    assert now["items"] == []
    (one,) = then["items"]
    assert (one["model"], one["version"], one["role"]) == ("eta", 1, "champion of")
    assert [edge["relation"] for edge in one["path"]] == ["read by", "made", "registered as", "champion of"]


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("downstream", {"node": "dataset:none"}, 404),
        ("downstream", {"node": "flights"}, 400),
        ("sideways", {"node": "dataset:flights"}, 400),
        ("upstream", {}, 400),
        ("upstream", {"node": "dataset:flights", "depth": -1}, 400),
        ("upstream", {"node": "dataset:flights", "limit": 0}, 400),
        ("upstream", {"node": "dataset:flights", "kind": "thing"}, 400),
        ("upstream", {"node": "dataset:flights", "after": "x"}, 400),
        ("upstream", {"node": "dataset:flights", "as_of": "yesterday"}, 400),
        ("learned-from", {"node": "code:abc"}, 400),
        ("learned-from", {"node": "digest:none"}, 404),
    ],
)
def test_odd_questions(client: Client, history: History, path: str, query: dict[str, Any], status: int) -> None:
    answer = asked(client, history, path, **query)

    assert answer.status_code == status
    assert set(answer.json()) == {"code", "message", "details"}


def test_the_terminal_shows_a_tree(history: History) -> None:
    lines = told(history, "downstream", "dataset:flights").stdout.splitlines()

    assert lines[0].startswith("flights aaaa1111 [data, code] dataset:flights@aaaa1111")
    assert "├─ " in lines[1]
    assert any("└─ champion of: eta [v1] deployment:eta" in line for line in lines)
    assert any("evaluated with eval: noon [running, first]" in line for line in lines)


def test_the_terminal_lists_the_deployments_that_live(history: History) -> None:
    command = ("downstream", "dataset:flights", "--kind", "deployment", "--live", "--json")

    before = json.loads(told(history, *command).stdout)["items"]
    history.direct("eta", Traffic(champion=2))
    after = json.loads(told(history, *command).stdout)["items"]

    assert [node["node"] for node in before] == ["deployment:eta"]
    assert after == []
    assert "until" in told(history, "downstream", "dataset:flights").stdout
    assert (
        "champion"
        in told(
            history, "learned-from", "dataset:flights", "--as-of", iso(history.clock.at - timedelta(seconds=2))
        ).stdout
    )


def test_the_terminal_refuses_what_is_no_kind(history: History) -> None:
    with pytest.raises(InvalidError, match="deployment"):
        told(history, "upstream", "dataset:flights", "--kind", "thing")

"""The page of lineage, as somebody sees it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.lineage.history import History, history_over

from everlearn.access.gate import OpenGate
from everlearn.blobs import open_blobs
from everlearn.core.clock import ManualClock
from everlearn.core.lineage import Edge, Node, NodeKind, Relation
from everlearn.db import Database
from everlearn.lineage.drawing import Part, draw
from everlearn.lineage.model import Told
from everlearn.lineage.pages import PAGES
from everlearn.serving import Traffic
from everlearn.web.application import Site, make_litestar
from everlearn.web.metrics import http_metrics

AT = datetime(2013, 1, 1, tzinfo=UTC)


@pytest.fixture
def history(sqlite_db: Database, tmp_path: Path) -> History:
    made = history_over(sqlite_db, open_blobs(f"file://{tmp_path}"), ManualClock(AT))
    for number in range(12):
        run = made.run(f"try {number}", commit="abc")
        made.read(run, "flights", "aaaa1111")
    made.register("eta", model=made.log_model(run))
    made.direct("eta", Traffic(champion=1))
    return made


@pytest.fixture
def client(history: History) -> Iterator[TestClient[Litestar]]:
    site = Site(
        handlers=(),
        pages=PAGES,
        services={"lineage": history.lineage},
        gate=OpenGate(),
        metrics=http_metrics(),
        template_packages=("everlearn.lineage",),
    )
    with TestClient(make_litestar(site), base_url="http://127.0.0.1") as opened:
        yield opened


def seen(client: TestClient[Litestar], history: History, **query: str) -> str:
    answer = client.get(f"/projects/{history.project}/lineage", params=query, headers={"accept": "text/html"})
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_data_says_first_who_in_traffic_learned_from_it(client: TestClient[Litestar], history: History) -> None:
    text = seen(client, history, node="dataset:flights")

    assert "dataset flights aaaa1111 in traffic" in text
    assert "Learned by eta v1 (champion)." in text
    assert "eta v1 champion 2013-01-01 00:00 flights aaaa1111 → try 11 → m → eta v1" in text


def test_runs_that_lead_nowhere_are_one_box_and_the_others_are_shown(
    client: TestClient[Litestar], history: History
) -> None:
    drawing = seen(client, history, node="dataset:flights").partition("Numbers")[0]

    assert "11 runs see the table" in drawing
    assert "try 11" in drawing
    assert "try 3" not in drawing


def test_steps_and_ways_narrow_what_is_shown(client: TestClient[Litestar], history: History) -> None:
    assert "code" in seen(client, history, node="version:eta/1", way="upstream").partition("Numbers")[0]
    assert "v1" not in seen(client, history, node="dataset:flights", depth="1").partition("Relations")[2]


@pytest.mark.parametrize(("node", "problem"), [("version:eta/9", "nothing is known"), ("eta", "not a node")])
def test_what_is_not_there_is_said_beside_the_field(
    client: TestClient[Litestar], history: History, node: str, problem: str
) -> None:
    assert problem in seen(client, history, node=node)


def test_without_a_question_the_page_says_what_can_be_asked(client: TestClient[Litestar], history: History) -> None:
    assert "What can be asked" in seen(client, history)


def test_a_ring_is_drawn_without_the_edge_that_closes_it() -> None:
    job, first, second = (Node(NodeKind.JOB, "a/b"), Node(NodeKind.DATASET, "x"), Node(NodeKind.DATASET, "y"))
    edges = [
        Edge(first, job, Relation.READ, AT),
        Edge(job, second, Relation.WROTE, AT),
        Edge(second, job, Relation.READ, AT),
        Edge(job, first, Relation.WROTE, AT),
    ]
    nodes = {
        node: Told(node=node, depth=depth, title=node.id, note="") for depth, node in enumerate((job, first, second))
    }

    drawing = draw("Ring", Part("default", frozenset({job}), nodes, edges))

    assert len(drawing.nodes) == 3
    assert len(drawing.edges) == 2


def test_hundreds_of_nodes_make_a_drawing_that_fits_a_page() -> None:
    data = Node(NodeKind.DATASET, "flights")
    runs = [Node(NodeKind.RUN, f"{number}") for number in range(900)]
    versions = [Node(NodeKind.VERSION, f"eta/{number}") for number in range(20)]
    edges = [Edge(data, run, Relation.READ, AT) for run in runs]
    edges += [Edge(run, version, Relation.REGISTERED, AT) for run, version in zip(runs, versions, strict=False)]
    depths = {data: 0} | dict.fromkeys(runs, 1) | dict.fromkeys(versions, 2)
    nodes = {node: Told(node=node, depth=depth, title=node.id, note="") for node, depth in depths.items()}

    drawing = draw("Many", Part("default", frozenset({data}), nodes, edges))

    assert len(drawing.nodes) == 1 + 20 + 1 + 20
    assert drawing.height < 1_600

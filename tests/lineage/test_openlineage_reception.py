"""Events of other systems: taken once, kept whole, refused when malformed, and part of the graph."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import JobFacet, documentation_job, schema_dataset
from openlineage.client.transport.http import HttpConfig, HttpTransport
from tests.lineage.history import History, history_over
from tests.serving.running import served

from everlearn.access.gate import OpenGate
from everlearn.blobs import open_blobs
from everlearn.core.clock import ManualClock
from everlearn.core.lineage import Node, NodeKind
from everlearn.db import Database
from everlearn.lineage import Direction, Question
from everlearn.lineage.openlineage import Reception
from everlearn.lineage.openlineage.api import HANDLERS
from everlearn.lineage.openlineage.event import BadEventError, read_event
from everlearn.serving import Traffic
from everlearn.web.application import Site, make_app, make_litestar
from everlearn.web.metrics import http_metrics

RUN = "01234567-89ab-7def-8123-456789abcdef"


def event(**changes: Any) -> dict[str, Any]:
    return {
        "eventTime": "2013-01-01T00:00:00Z",
        "eventType": "COMPLETE",
        "producer": "https://example.org/spark",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": RUN},
        "job": {"namespace": "spark", "name": "clean"},
        "inputs": [{"namespace": "s3://raw", "name": "flights"}],
        "outputs": [{"namespace": "s3://data", "name": "flights/2013"}],
    } | changes


def reception_of(history: History) -> Reception:
    return Reception(history.db, history.clock)


def test_an_external_job_is_upstream_of_the_models_that_read_its_output(history: History) -> None:
    run = history.run()
    history.read(run, "flights", "aaaa1111", source='{"uri": "s3a://data/flights/2013/"}')
    history.register("eta", model=history.log_model(run))
    history.direct("eta", Traffic(champion=1))
    reception_of(history).accept(history.project, event())

    raw = history.lineage.learned_from(history.project, "dataset:s3://raw/flights")
    above = history.lineage.ask(history.project, Question(start="deployment:eta", direction=Direction.UPSTREAM))

    assert [(one.model, one.version) for one in raw.deployments] == [("eta", 1)]
    assert {"job:spark/clean", "dataset:s3://raw/flights"} <= {str(one.node) for one in above.nodes}


def test_a_job_that_reads_what_it_writes_is_a_ring_that_ends(history: History) -> None:
    data = {"namespace": "s3://data", "name": "flights/2013"}
    reception_of(history).accept(history.project, event(inputs=[data], outputs=[data]))

    answer = history.lineage.ask(history.project, Question(start="job:spark/clean", direction=Direction.DOWNSTREAM))

    assert [str(one.node) for one in answer.nodes] == ["job:spark/clean", "dataset:s3://data/flights/2013"]
    assert [one.title for one in answer.nodes] == ["clean", "flights/2013"]


def test_the_same_event_again_changes_nothing_and_unknown_facets_stay(history: History) -> None:
    reception = reception_of(history)
    odd = {"ours": {"_producer": "x:y", "_schemaURL": "x:y", "deep": {"cost": 1.5}}}
    sent = event(job={"namespace": "spark", "name": "clean", "facets": odd}, more={"kept": True})
    reception.accept(history.project, sent)
    reception.accept(history.project, dict(reversed(sent.items())))
    reception.accept(history.project, event(eventType="START", job={"namespace": "spark", "name": "clean"}))

    kept = reception.events(history.project).items
    assert [one.get("eventType") for one in kept] == ["COMPLETE", "START"]
    assert kept[0] == sent
    assert reception.facets(history.project, Node(NodeKind.JOB, "spark/clean")) == odd


@pytest.mark.parametrize(
    "changes",
    [
        {"eventTime": "yesterday"},
        {"eventTime": None},
        {"eventType": "DONE"},
        {"producer": 1},
        {"run": {"runId": "7"}},
        {"run": {}},
        {"run": []},
        {"job": None},
        {"job": {"namespace": "spark"}},
        {"job": {"namespace": "spark", "name": "x" * 1_000}},
        {"inputs": {}},
        {"inputs": [{"namespace": "s3://raw"}]},
        {"inputs": [{"namespace": "s3://raw", "name": f"{number}"} for number in range(1_001)]},
        {"outputs": [{"namespace": "s3://raw", "name": "x", "facets": []}]},
        {"more": "x" * 1_000_001},
        {"more": float("nan")},
    ],
)
def test_what_is_no_event_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadEventError):
        read_event(event(**changes))


def test_events_about_jobs_and_data_alone_are_taken(history: History) -> None:
    reception = reception_of(history)
    reception.accept(
        history.project, {name: value for name, value in event().items() if name not in {"run", "eventType"}}
    )
    about_data = {"dataset": {"namespace": "hive", "name": "db.flights"}}
    said = {name: event()[name] for name in ("eventTime", "producer", "schemaURL")}
    reception.accept(history.project, said | about_data)

    answer = history.lineage.ask(
        history.project, Question(start="dataset:hive/db.flights", direction=Direction.UPSTREAM)
    )

    assert [one.title for one in answer.nodes] == ["db.flights"]
    assert len(reception.events(history.project).items) == 2


@pytest.fixture
def local(sqlite_db: Database, tmp_path: Path) -> History:
    made = history_over(sqlite_db, open_blobs(f"file://{tmp_path}"), ManualClock(datetime(2013, 1, 1, tzinfo=UTC)))
    made.project = "default"
    return made


@pytest.fixture
def site(local: History) -> Site:
    services = {"reception": reception_of(local), "emission": None}
    return Site(handlers=HANDLERS, services=services, gate=OpenGate(), metrics=http_metrics())


@pytest.fixture
def client(site: Site) -> Iterator[TestClient[Litestar]]:
    with TestClient(make_litestar(site), base_url="http://127.0.0.1", raise_server_exceptions=False) as opened:
        yield opened


def test_a_batch_tells_what_was_not_taken(client: TestClient[Litestar], local: History) -> None:
    answer = client.post("/api/v1/lineage/batch", json=[event(), event(job=None), event(eventType="START")])

    assert answer.status_code == 200
    assert answer.json()["status"] == "partial_success"
    assert answer.json()["summary"] == {"received": 3, "successful": 2, "failed": 1}
    assert [one["index"] for one in answer.json()["failed_events"]] == [1]
    assert len(reception_of(local).events("default").items) == 2


def test_a_base_address_names_the_project(client: TestClient[Litestar], local: History) -> None:
    assert client.post("/api/v1/lineage", json=event()).status_code == 201
    assert client.post("/projects/other/api/v1/lineage", json=event(eventType="START")).status_code == 201
    refused = client.post("/projects/other/api/v1/lineage", json=event(eventType="DONE"))

    assert (refused.status_code, refused.json()["code"]) == (400, "lineage.bad_event")
    received = client.get("/api/projects/other/openlineage/received").json()
    assert [one["eventType"] for one in received["items"]] == ["START"]
    assert len(reception_of(local).events("default").items) == 1


def test_the_clients_own_transport_is_understood(site: Site, local: History) -> None:
    with served(make_app(site)) as port:
        transport = HttpTransport(HttpConfig(url=f"http://127.0.0.1:{port}"))
        client = OpenLineageClient(transport=transport)
        described: dict[str, JobFacet] = {
            "documentation": documentation_job.DocumentationJobFacet(description="Cleans flights.")
        }
        columns = [schema_dataset.SchemaDatasetFacetFields(name="distance", type="BIGINT")]
        for state in (RunState.START, RunState.COMPLETE):
            client.emit(
                RunEvent(
                    eventType=state,
                    eventTime="2013-01-01T00:00:00Z",
                    run=Run(runId=str(uuid4())),
                    job=Job(namespace="spark", name="clean", facets=described),
                    inputs=[InputDataset(namespace="s3://raw", name="flights")],
                    outputs=[
                        OutputDataset(
                            namespace="s3://data",
                            name="flights/2013",
                            facets={"schema": schema_dataset.SchemaDatasetFacet(fields=columns)},
                        )
                    ],
                    producer="https://example.org/spark",
                )
            )
        client.close()

    answer = local.lineage.ask("default", Question(start="dataset:s3://raw/flights", direction=Direction.DOWNSTREAM))
    assert [(one.title, one.note) for one in answer.nodes] == [
        ("flights", "s3://raw"),
        ("clean", "spark, complete"),
        ("flights/2013", "s3://data"),
    ]
    assert len(reception_of(local).events("default").items) == 2

"""What happens here as OpenLineage, read by OpenLineage's own classes."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from openlineage.client.event_v2 import RunState
from tests.lineage.history import ADA, History, history_over
from tests.lineage.rebuilt import check

from everlearn.app.events import CATALOGUE
from everlearn.core.errors import InvalidError
from everlearn.eventlog import EventLog
from everlearn.lineage.openlineage import Emission
from everlearn.pipelines import RunFinished, RunSubmitted
from everlearn.pipelines import RunState as PipelineState
from everlearn.tracking import RunStatus

COLUMNS = {
    "mlflow_colspec": [{"type": "long", "name": "distance", "required": True}, {"type": "double", "name": "hour"}]
}


def emission_of(history: History) -> Emission:
    return Emission(history.db, EventLog(CATALOGUE, history.clock), "everlearn")


def emitted(history: History) -> list[Any]:
    return list(emission_of(history).events(history.project).items)


def test_a_tracked_run_is_told_at_its_start_and_its_end(history: History) -> None:
    run = history.run("morning", commit="abc")
    history.tracking.set_tags(
        run,
        {
            "mlflow.source.git.repoURL": "https://me:secret@example.org/eta.git",
            "mlflow.source.name": "train.py",
            "mlflow.note.content": "Learns the *air time*.",
        },
    )
    history.read(
        run, "flights", "aaaa1111", source='{"uri": "s3://data/flights/2013"}', schema=json.dumps(COLUMNS), rows=336_776
    )
    history.read(run, "weather", "bbbb2222")
    model = history.log_model(run)
    history.tracking.end_run(run, RunStatus.FINISHED)

    start, end = emitted(history)
    began, ended = check(start), check(end)

    assert (began.eventType, ended.eventType) == (RunState.START, RunState.COMPLETE)
    assert began.run.runId == ended.run.runId == str(UUID(began.run.runId))
    assert (ended.job.namespace, ended.job.name) == (f"everlearn/{history.project}", "first")
    flights, weather = ended.inputs
    assert (flights.namespace, flights.name) == ("s3://data", "flights/2013")
    assert (weather.namespace, weather.name) == (f"everlearn/{history.project}", "weather")
    assert flights.facets["version"].datasetVersion == "aaaa1111"
    assert flights.facets["dataSource"].uri == "s3://data/flights/2013"
    assert [(one.name, one.type) for one in flights.facets["schema"].fields] == [
        ("distance", "long"),
        ("hour", "double"),
    ]
    assert flights.inputFacets["inputStatistics"].rowCount == 336_776
    assert [(one.name, one.facets["datasetType"].datasetType) for one in ended.outputs] == [
        (f"logged-models/{model}", "MODEL")
    ]
    assert began.outputs == []
    location = ended.job.facets["sourceCodeLocation"]
    assert (location.url, location.version, location.path) == ("https://example.org/eta.git", "abc", "train.py")
    assert ended.job.facets["documentation"].description == "Learns the *air time*."
    assert "secret" not in json.dumps([start, end])


@pytest.mark.parametrize(("status", "told"), [(RunStatus.FAILED, RunState.FAIL), (RunStatus.KILLED, RunState.ABORT)])
def test_a_run_that_ends_badly_is_told_so(history: History, status: RunStatus, told: RunState) -> None:
    parent = history.run()
    run = history.run(parent=parent)
    history.tracking.end_run(run, status)

    above, below, ended = (check(one) for one in emitted(history))

    assert ended.eventType is told
    assert ended.run.facets["parent"].run.runId == above.run.runId
    assert below.run.runId == ended.run.runId


def test_a_pipeline_run_is_told_with_what_its_steps_gave(history: History) -> None:
    asked = {"project": history.project, "pipeline": "eta-training", "pipeline_run_id": "prun_1", "parameters": {}}
    about = datetime(2013, 2, 1, tzinfo=UTC)
    submitted = RunSubmitted(**asked, effective_at=about)  # type: ignore[arg-type]  # fields of the event
    failed = RunFinished(
        **asked,  # type: ignore[arg-type]  # as above
        run_id="run_1",
        state=PipelineState.FAILED,
        outputs={"rows": "sha256:1"},
        error="step fit: no rows",
        effective_at=about,
    )
    log = EventLog(CATALOGUE, history.clock)
    history.train("eta", ("flights", 3, "text"), run="run_1", pipeline_run="prun_1")
    with history.db.write() as tx:
        log.append(tx, submitted, actor=ADA, subject="pipeline")
        log.append(tx, failed, actor=ADA, subject="pipeline")

    start, end = (check(one) for one in emitted(history))

    assert (start.eventType, end.eventType) == (RunState.START, RunState.FAIL)
    assert end.run.facets["errorMessage"].message == "step fit: no rows"
    assert end.run.facets["nominalTime"].nominalStartTime == "2013-02-01T00:00:00.000000Z"
    assert [one.name for one in end.inputs] == ["flights"]
    assert [(one.name, one.facets["version"].datasetVersion) for one in end.outputs] == [
        ("pipelines/eta-training/rows", "sha256:1")
    ]


def test_pages_hold_each_event_of_the_project_once(history: History) -> None:
    other = history_over(history.db, history.tracking.blobs, history.clock)
    for _ in range(3):
        history.run()
        other.run()

    found: list[Any] = []
    after = None
    while True:
        page = emission_of(history).events(history.project, after=after, limit=2)
        found += page.items
        after = page.next
        if after is None:
            break

    assert found == emitted(history)
    assert len(found) == 3
    with pytest.raises(InvalidError):
        emission_of(history).events(history.project, after="x")

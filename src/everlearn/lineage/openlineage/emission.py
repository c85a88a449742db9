"""What happens here, as events of OpenLineage: made from the log when they are read or sent, never kept twice."""

from dataclasses import dataclass

import everlearn
from everlearn.core.clock import iso
from everlearn.core.errors import InvalidError
from everlearn.core.json import JSONObject, JSONValue
from everlearn.core.page import Page, checked_limit
from everlearn.db import Database, Tx
from everlearn.eventlog import Entry, EventLog
from everlearn.eventlog.store import record_by_id
from everlearn.lineage.openlineage.data import learned_by_version, made_model, read_by_run, step_output
from everlearn.lineage.openlineage.naming import repository_url, run_uuid
from everlearn.lineage.openlineage.schema import PRODUCER, RUN_EVENT, facet
from everlearn.pipelines import RunFinished, RunState, RunSubmitted
from everlearn.pipelines.store.lineage import pipeline_runs_of_runs, told_pipeline_runs
from everlearn.registry.store.lineage import data_of_versions, versions_of_pipeline_runs
from everlearn.tracking import RunEnded, RunStarted, RunStatus
from everlearn.tracking.store import inputs
from everlearn.tracking.store import runs as run_store
from everlearn.tracking.store.labels import TAGS
from everlearn.tracking.store.lineage import COMMIT, PARENT, models_of_runs

EMITTED = (RunStarted, RunEnded, RunSubmitted, RunFinished)
_ENDINGS = {RunStatus.FINISHED: "COMPLETE", RunStatus.FAILED: "FAIL", RunStatus.KILLED: "ABORT"}
_REPOSITORY, _BRANCH, _NOTE = "mlflow.source.git.repoURL", "mlflow.source.git.branch", "mlflow.note.content"
_CHUNK, _MOST_SCANNED = 500, 20_000  # entries of the log

Happened = RunStarted | RunEnded | RunSubmitted | RunFinished


@dataclass(frozen=True, slots=True)
class Emission:
    """Tracked runs and pipeline runs as RunEvents, each START and each end."""

    db: Database
    log: EventLog
    namespace: str  # of this platform; a project's is NAMESPACE/PROJECT

    def events(self, project: str, *, after: str | None = None, limit: int = 100) -> Page[JSONObject]:
        """Give the events of a project in the order in which they happened, each with what is known of it now.

        A page may hold less than `limit` events and still not be the last: of a log in which much else happened,
        one page looks through 20,000 entries at the most.
        """
        size, position = checked_limit(limit), _position(after)
        found, scanned = list[JSONObject](), 0
        names = [event.name for event in EMITTED]
        with self.db.read() as tx:
            while True:
                entries = self.log.read(tx, after=position, limit=_CHUNK, names=names)
                for entry in entries:
                    position = entry.position
                    if isinstance(entry.event, EMITTED) and entry.event.project == project:
                        found.append(self.event_of(tx, entry, entry.event))
                    if len(found) == size:
                        return Page(items=found, next=str(position))
                scanned += len(entries)
                if len(entries) < _CHUNK:
                    return Page(items=found, next=None)
                if scanned >= _MOST_SCANNED:
                    return Page(items=found, next=str(position))

    def of_entry(self, entry_id: str) -> JSONObject | None:
        """Give the event that an entry of the log makes; None where it makes none."""
        with self.db.read() as tx:
            record = record_by_id(tx, entry_id)
            entry = None if record is None else self.log.catalogue.entry(record)
            if entry is None or not isinstance(entry.event, EMITTED):
                return None
            return self.event_of(tx, entry, entry.event)

    def event_of(self, tx: Tx, entry: Entry, happened: Happened) -> JSONObject:
        """Make the event of an entry."""
        namespace = f"{self.namespace}/{happened.project}"
        match happened:
            case RunStarted() | RunEnded():
                told = _tracked(tx, namespace, happened)
            case RunSubmitted() | RunFinished():
                told = _pipeline(tx, namespace, happened)
        return {"eventTime": iso(entry.at), "producer": PRODUCER, "schemaURL": RUN_EVENT, **told}


def _tracked(tx: Tx, namespace: str, happened: RunStarted | RunEnded) -> JSONObject:
    project, run_id = happened.project, happened.run_id
    row = run_store.find(tx, run_id)
    tags = {} if row is None else TAGS.read(tx, row.no)
    uses = [] if row is None else inputs.read_many(tx, [row.no]).get(row.no, [])
    is_over = isinstance(happened, RunEnded)
    made = sorted({edge.target.id for edge in models_of_runs(tx, project, [run_id])}) if is_over else []
    run_facets = _engine() | _parent(tx, namespace, happened, tags)
    if happened.effective_at is not None:
        run_facets |= facet("nominalTime", nominalStartTime=iso(happened.effective_at))
    job_facets = _job_type("RUN") | _source(tags)
    if note := tags.get(_NOTE):
        job_facets |= facet("documentation", description=note, contentType="text/markdown")
    return {
        "eventType": _ENDINGS.get(happened.status, "OTHER") if isinstance(happened, RunEnded) else "START",
        "run": {"runId": run_uuid(run_id), "facets": run_facets},
        "job": {"namespace": namespace, "name": happened.experiment, "facets": job_facets},
        "inputs": [read_by_run(namespace, use) for use in uses],
        "outputs": [made_model(namespace, model_id) for model_id in made],
    }


def _pipeline(tx: Tx, namespace: str, happened: RunSubmitted | RunFinished) -> JSONObject:
    project, run_id = happened.project, happened.pipeline_run_id
    versions = [edge.target.id for edge in versions_of_pipeline_runs(tx, project, [run_id])]
    learned = data_of_versions(tx, project, versions) if versions else []
    run_facets = _engine() | facet("nominalTime", nominalStartTime=iso(happened.effective_at))
    outputs: list[JSONValue] = []
    kind = "START"
    if isinstance(happened, RunFinished):
        kind = "COMPLETE" if happened.state is RunState.FINISHED else "FAIL"
        outputs = [step_output(namespace, happened.pipeline, *one) for one in sorted(happened.outputs.items())]
        if happened.error is not None:
            run_facets |= facet("errorMessage", message=happened.error, programmingLanguage="PYTHON")
    return {
        "eventType": kind,
        "run": {"runId": run_uuid(run_id), "facets": run_facets},
        "job": {"namespace": namespace, "name": happened.pipeline, "facets": _job_type("PIPELINE")},
        "inputs": [learned_by_version(namespace, edge) for edge in learned],
        "outputs": outputs,
    }


def _parent(tx: Tx, namespace: str, happened: RunStarted | RunEnded, tags: dict[str, str]) -> JSONObject:
    parent, job = tags.get(PARENT), happened.experiment
    if not parent:
        for edge in pipeline_runs_of_runs(tx, happened.project, [happened.run_id]):
            parent = edge.source.id
            job = told_pipeline_runs(tx, happened.project, [parent])[parent][0]
    if not parent:
        return {}
    return facet("parent", run={"runId": run_uuid(parent)}, job={"namespace": namespace, "name": job})


def _source(tags: dict[str, str]) -> JSONObject:
    url = repository_url(tags.get(_REPOSITORY, ""))
    if url is None:
        return {}
    known = {"version": tags.get(COMMIT), "branch": tags.get(_BRANCH), "path": tags.get("mlflow.source.name")}
    return facet("sourceCodeLocation", type="git", url=url, **{key: value for key, value in known.items() if value})


def _engine() -> JSONObject:
    return facet("processing_engine", name="Everlearn", version=everlearn.__version__)


def _job_type(kind: str) -> JSONObject:
    return facet("jobType", processingType="BATCH", integration="EVERLEARN", jobType=kind)


def _position(key: str | None) -> int:
    if key is None:
        return 0
    if not key.isascii() or not key.isdecimal() or len(key) > 18:
        raise InvalidError("not a key of this list; take `next` from the page before")
    return int(key)

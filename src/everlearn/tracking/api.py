"""Experiments, runs and artifacts over JSON. Files are always downloads, never shown: they may be anybody's HTML."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Annotated
from urllib.parse import quote

import msgspec
from litestar import get, post, put
from litestar.openapi.spec import OpenAPIMediaType, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.openapi.spec.operation import Operation
from litestar.params import RawBody
from litestar.response import Stream

from everlearn.access import Role
from everlearn.core.actor import Actor
from everlearn.core.json import finite_or_none
from everlearn.core.page import Page
from everlearn.tracking.comparison import Comparison, Comparisons, Correction
from everlearn.tracking.experiments import Experiments
from everlearn.tracking.metric_schema import Direction, MetricSchema
from everlearn.tracking.model import Artifact, Experiment, Metric, Run, RunStatus
from everlearn.tracking.service import Tracking
from everlearn.web import FromPath, FromQuery, JSONBody, Service, needs

_LOOK = [needs(Role.VIEWER)]
_LOG = [needs(Role.CONTRIBUTOR)]
_RUN = "/api/projects/{project:str}/runs/{run_id:str}"

Step = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Aware = Annotated[datetime, msgspec.Meta(tz=True)]


class NewExperiment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to call it."""

    name: str


class NewRun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run to be started; with an id of your choice you may send it again."""

    experiment: str
    run_id: str | None = None
    name: str = ""
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    effective_at: Aware | None = None


class NewMetric(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One measured number; without a time it was measured now."""

    key: str
    value: float
    step: Step = 0
    at: Aware | None = None


class NewEntries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to add to a run, all or none."""

    params: dict[str, str] = msgspec.field(default_factory=dict)
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    metrics: list[NewMetric] = msgspec.field(default_factory=list)


class NewEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a run ended: FINISHED, FAILED or KILLED."""

    status: RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricView:
    """A measurement; the value is null where JSON has no word for it (not a number, infinite)."""

    key: str
    value: float | None
    step: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run with its parameters, tags and the newest value of each metric."""

    run: Run
    params: dict[str, str]
    tags: dict[str, str]
    metrics: list[MetricView]


class NewMetricSchema(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a metric is; everything but its name may be left out."""

    metric: str
    unit: str = ""
    direction: Direction | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSchemaView:
    """What is declared of a metric."""

    metric: str
    unit: str
    direction: Direction | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSchemas:
    """All that is declared."""

    items: list[MetricSchemaView]


@get("/api/projects/{project:str}/experiments", guards=_LOOK, sync_to_thread=True)
def list_experiments(
    project: FromPath[str],
    tracking: Service[Tracking],
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[Experiment]:
    """List the experiments of a project by name."""
    return tracking.experiments(project, after=after, limit=limit)


@post("/api/projects/{project:str}/experiments", guards=_LOG, sync_to_thread=True)
def create_experiment(project: FromPath[str], data: JSONBody[NewExperiment], tracking: Service[Tracking]) -> Experiment:
    """Make an experiment, or give the one of that name."""
    return tracking.ensure_experiment(project, data.name)


@get("/api/projects/{project:str}/runs", guards=_LOOK, sync_to_thread=True)
def list_runs(
    project: FromPath[str],
    tracking: Service[Tracking],
    experiment: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[Run]:
    """List runs, newest first: of one experiment, or of all."""
    return tracking.runs(project, experiment, after=after, limit=limit)


@post("/api/projects/{project:str}/runs", guards=_LOG, sync_to_thread=True)
def start_run(
    project: FromPath[str], data: JSONBody[NewRun], tracking: Service[Tracking], actor: Service[Actor]
) -> Run:
    """Start a run, and its experiment with it if need be."""
    return tracking.start_run(
        project,
        data.experiment,
        run_id=data.run_id,
        name=data.name,
        tags=data.tags,
        effective_at=data.effective_at,
        actor=actor,
    )


@get(_RUN, guards=_LOOK, sync_to_thread=True)
def show_run(project: FromPath[str], run_id: FromPath[str], tracking: Service[Tracking]) -> RunView:
    """Show a run with everything it logged but its files."""
    detail = tracking.detail(tracking.run_of(project, run_id).id)
    return RunView(
        run=detail.run,
        params=dict(detail.params),
        tags=dict(detail.tags),
        metrics=[_metric_view(metric) for metric in detail.metrics.values()],
    )


@post(f"{_RUN}/log", guards=_LOG, sync_to_thread=True)
def log_to_run(
    project: FromPath[str], run_id: FromPath[str], data: JSONBody[NewEntries], tracking: Service[Tracking]
) -> None:
    """Add parameters, tags and measurements to a run, all or none; sending the same again changes nothing."""
    now = tracking.clock.now()
    tracking.log_batch(
        tracking.run_of(project, run_id).id,
        params=data.params,
        tags=data.tags,
        metrics=[Metric(key=one.key, value=one.value, step=one.step, at=one.at or now) for one in data.metrics],
    )


@post(f"{_RUN}/end", guards=_LOG, sync_to_thread=True)
def end_run(
    project: FromPath[str],
    run_id: FromPath[str],
    data: JSONBody[NewEnd],
    tracking: Service[Tracking],
    actor: Service[Actor],
) -> Run:
    """End a run."""
    return tracking.end_run(tracking.run_of(project, run_id).id, data.status, actor=actor)


@get(f"{_RUN}/metrics", guards=_LOOK, sync_to_thread=True)
def list_metrics(  # one of them is the service
    project: FromPath[str],
    run_id: FromPath[str],
    key: FromQuery[str],
    tracking: Service[Tracking],
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 1_000,
) -> Page[MetricView]:
    """List every measurement of one metric by step, then time."""
    page = tracking.metric_history(tracking.run_of(project, run_id).id, key, after=after, limit=limit)
    return Page(items=[_metric_view(metric) for metric in page.items], next=page.next)


@get("/api/projects/{project:str}/comparison", guards=_LOOK, sync_to_thread=True)
def compare_runs(
    project: FromPath[str],
    run: FromQuery[list[str]],
    comparisons: Service[Comparisons],
    by: FromQuery[list[str] | None] = None,
    metric: FromQuery[list[str] | None] = None,
    correction: FromQuery[Correction] = Correction.HOLM,
) -> Comparison:
    """Test whether settings differ: runs grouped by all parameters but the seed, paired by it.

    `by` names the parameters or tags that make pairs; left out, those named seed, random_state or fold. Too few pairs
    give the verdict `not_evaluated` and its reason.
    """
    return comparisons.compare(project, run, by=by or (), metrics=metric or (), correction=correction)


@get("/api/projects/{project:str}/experiments/{experiment_id:int}/metrics", guards=_LOOK, sync_to_thread=True)
def list_metric_schemas(
    project: FromPath[str], experiment_id: FromPath[int], experiments: Service[Experiments]
) -> MetricSchemas:
    """List what an experiment declares of its metrics."""
    found = experiments.metric_schemas(project, experiment_id)
    return MetricSchemas(items=[_schema_view(metric, schema) for metric, schema in found.items()])


@put("/api/projects/{project:str}/experiments/{experiment_id:int}/metrics", guards=_LOG, sync_to_thread=True)
def declare_metric(
    project: FromPath[str],
    experiment_id: FromPath[int],
    data: JSONBody[NewMetricSchema],
    experiments: Service[Experiments],
) -> MetricSchemaView:
    """Declare a metric of an experiment: its unit, which way is better, its range. The newest word counts."""
    schema = MetricSchema(unit=data.unit, direction=data.direction, low=data.low, high=data.high)
    experiments.declare_metric(project, experiment_id, data.metric, schema)
    return _schema_view(data.metric, schema)


@get(f"{_RUN}/artifacts", guards=_LOOK, sync_to_thread=True)
def list_artifacts(
    project: FromPath[str],
    run_id: FromPath[str],
    tracking: Service[Tracking],
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[Artifact]:
    """List the files of a run by path."""
    return tracking.artifacts(tracking.run_of(project, run_id).id, after=after, limit=limit)


@get(f"{_RUN}/artifacts/content", guards=_LOOK, media_type="application/octet-stream", sync_to_thread=True)
def download_artifact(
    project: FromPath[str], run_id: FromPath[str], path: FromQuery[str], tracking: Service[Tracking]
) -> Stream:
    """Download a file of a run. What is damaged breaks off before its end."""
    artifact, chunks = tracking.open_artifact(tracking.run_of(project, run_id).id, path)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(artifact.path.rpartition('/')[2], safe='')}",
        "Content-Length": str(artifact.size_bytes),
        "X-Content-Type-Options": "nosniff",
    }
    return Stream(_begun(chunks), headers=headers, media_type="application/octet-stream")


# uploads have another path: Litestar 2.25 wraps handlers twice when one path has two methods, which breaks streams
@dataclass
class _RawBody(Operation):
    """Says that the body is a file."""

    def __post_init__(self) -> None:
        media = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        self.request_body = RequestBody(content={"application/octet-stream": media}, required=True)


@put(f"{_RUN}/artifacts", guards=_LOG, sync_to_thread=True, operation_class=_RawBody)
def upload_artifact(
    project: FromPath[str], run_id: FromPath[str], path: FromQuery[str], body: RawBody, tracking: Service[Tracking]
) -> Artifact:
    """Keep the body as a file of a run; at the same path the newest one wins."""
    run = tracking.run_of(project, run_id)
    tracking.log_artifact(run.id, path, body)
    return tracking.find_artifact(run.id, path)


def _metric_view(metric: Metric) -> MetricView:
    return MetricView(key=metric.key, value=finite_or_none(metric.value), step=metric.step, at=metric.at)


def _schema_view(metric: str, schema: MetricSchema) -> MetricSchemaView:
    return MetricSchemaView(
        metric=metric, unit=schema.unit, direction=schema.direction, low=schema.low, high=schema.high
    )


def _begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Read the first chunk now: what is missing can still be answered with an error."""
    return chain([next(chunks, b"")], chunks)


HANDLERS = (
    list_experiments,
    create_experiment,
    list_runs,
    start_run,
    show_run,
    log_to_run,
    end_run,
    list_metrics,
    compare_runs,
    list_metric_schemas,
    declare_metric,
    list_artifacts,
    download_artifact,
    upload_artifact,
)

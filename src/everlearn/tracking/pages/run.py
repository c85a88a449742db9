"""One run: how it stands, what it was started with, what it measured, read, made and left behind."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from litestar import get

from everlearn.access import Role
from everlearn.core.page import Page
from everlearn.tracking.curves import Curves
from everlearn.tracking.journal import RunRecord
from everlearn.tracking.metric_schema import UNDECLARED, MetricSchema, metric_schemas
from everlearn.tracking.model import Artifact, Run
from everlearn.tracking.pages import relations
from everlearn.tracking.pages.curves import CurvesQuery, choices, chosen_keys, draw, read_query
from everlearn.tracking.pages.words import (
    PIPELINE_RUN_TAG,
    TONES,
    cut,
    cut_cell,
    ended_as,
    hazard_cell,
    is_own_tag,
    metric_cell,
    run_name,
    short_id,
    took,
)
from everlearn.tracking.searching import Search
from everlearn.tracking.service import Tracking
from everlearn.tracking.store.points import Newest, value_of
from everlearn.tracking.store.runs import instant_of, run_of
from everlearn.web import HTML, FromPath, PageRenderer, Service, needs
from everlearn.web.formats import duration, instant, minute, number, short, size
from everlearn.web.links import asked, path_of
from everlearn.web.plots.line import LineDrawing
from everlearn.web.view import Cell, Column, EmptyState, Filter, Link, PageHead, Pair, Status, Table

_ARTIFACTS_SHOWN = 100
_LONGEST_TAG = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveParts:
    """What changes while a run is under way."""

    head: PageHead
    metrics: Table
    curves: tuple[LineDrawing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """Context of the page."""

    live: LiveParts
    live_href: str  # where what changes is sent; empty: nothing changes any more
    facts: tuple[Pair, ...]
    params: Table
    choices: tuple[Filter, ...]  # of ways to draw; none when nothing is drawn
    data: Table | None
    models: Table | None
    children: Table | None
    artifacts: Table
    tags: tuple[Pair, ...]
    client_tags: tuple[Pair, ...]  # bookkeeping of clients and ours


@get("/projects/{project:str}/runs/{run_id:str}", guards=[needs(Role.VIEWER)], sync_to_thread=True)
def run_page(
    project: FromPath[str],
    run_id: FromPath[str],
    tracking: Service[Tracking],
    search: Service[Search],
    curves: Service[Curves],
    page: Service[PageRenderer],
) -> HTML:
    """Show one run with everything it logged."""
    path = path_of("projects", project, "runs", run_id)
    query = read_query(path, page.said)
    record = search.records_of(project, [run_id])[0]
    drawable = curves.with_history(project, run_id, [one.key for one in record.newest])
    context = RunPage(
        live=live_parts(project, record, search, curves, query),
        live_href="" if record.run.end_ms is not None else replace(query, path=f"{path}/live").href(),
        facts=_facts(project, record, search),
        params=_params(record),
        choices=choices(drawable, query) if drawable else (),
        data=relations.data_table(record.inputs),
        models=relations.models_table(record.models),
        children=relations.children_table(project, search, record),
        artifacts=_artifacts(project, run_id, tracking.artifacts(run_id, limit=_ARTIFACTS_SHOWN)),
        tags=_tags(record, are_own=False),
        client_tags=_tags(record, are_own=True),
    )
    return page.show("tracking/run.html", context, section="runs")


def live_parts(project: str, record: RunRecord, search: Search, curves: Curves, query: CurvesQuery) -> LiveParts:
    """Show what changes while a run is under way, as it is now."""
    run = run_of(record.run)
    chosen = search.experiment_named(project, run.experiment)
    schemas = metric_schemas(chosen.tags) if chosen else {}
    drawable = curves.with_history(project, run.id, [one.key for one in record.newest])
    page_query = replace(query, path=path_of("projects", project, "runs", run.id))
    shapes = curves.read(project, run.id, chosen_keys(drawable, query))
    return LiveParts(
        head=_head(project, record, run, schemas),
        metrics=_metrics(record.newest, schemas, set(drawable), page_query),
        curves=draw(shapes, query, begun_ms=record.run.start_ms, schemas=schemas, is_live=run.ended_at is None),
    )


def _head(project: str, record: RunRecord, run: Run, schemas: Mapping[str, MetricSchema]) -> PageHead:
    runs = path_of("projects", project, "runs")
    return PageHead(
        kind="run",
        title=run_name(run),
        status=_status(record, run, schemas),
        crumbs=(
            Link(text="experiments", href=path_of("projects", project, "experiments")),
            Link(text=run.experiment, href=asked(runs, experiment=run.experiment)),
        ),
        links=(
            Link(text="Files", href=f"{runs}/{run.id}/files"),
            Link(text="JSON", href=f"/api{runs}/{run.id}"),
        ),
    )


def _status(record: RunRecord, run: Run, schemas: Mapping[str, MetricSchema]) -> Status:
    logged = f"{len(record.params)} parameters and {len(record.newest)} metrics"
    if run.ended_at is None:
        why = f"Running since {instant(run.started_at)}; {logged} so far."
    else:
        spent = duration(took(run.started_at, run.ended_at))
        why = f"{ended_as(run.status).capitalize()} after {spent} with {logged}."
    outside = [one.key for one in record.newest if not schemas.get(one.key, UNDECLARED).admits(value_of(one.point))]
    if outside:
        why += f" Outside of its declared range: {', '.join(outside[:3])}{' and more' if len(outside) > 3 else ''}."
    return Status(word=run.status.lower(), tone=TONES[run.status], why=why)


def _facts(project: str, record: RunRecord, search: Search) -> tuple[Pair, ...]:
    run = run_of(record.run)
    facts = [
        Pair(label="Run", value=Cell(text=run.id, is_code=True)),
        Pair(label="Started", value=Cell(text=instant(run.started_at))),
        Pair(label="Ended", value=Cell(text="still running" if run.ended_at is None else instant(run.ended_at))),
        Pair(label="By", value=Cell(text=run.user or run.started_by, title=run.started_by)),
    ]
    if run.effective_at is not None:
        facts.append(Pair(label="About", value=Cell(text=instant(run.effective_at))))
    pipeline_run = record.tags.get(PIPELINE_RUN_TAG)
    if pipeline_run:
        href = path_of("projects", project, "pipeline-runs", pipeline_run)
        facts.append(Pair(label="Pipeline run", value=Cell(text=short_id(pipeline_run), href=href, title=pipeline_run)))
    return (*facts, *relations.parent_of(project, search, record), *relations.source_of(record.tags))


def _params(record: RunRecord) -> Table:
    return Table(
        caption="Parameters",
        columns=(Column(title="parameter"), Column(title="value")),
        rows=tuple((Cell(text=key), cut_cell(value)) for key, value in sorted(record.params.items())),
        empty=EmptyState(title="No parameters", text="The run logged none."),
    )


def _metrics(
    newest: Sequence[Newest], schemas: Mapping[str, MetricSchema], drawable: Collection[str], query: CurvesQuery
) -> Table:
    is_declared = any(one.key in schemas for one in newest)
    return Table(
        caption="Metrics",
        columns=(
            Column(title="metric"),
            Column(title="newest value", is_number=True),
            *((Column(title="unit"), Column(title="better")) if is_declared else ()),
            Column(title="step", is_number=True),
            Column(title="measured", unit="UTC"),
        ),
        rows=tuple(
            (
                Cell(text=one.key, href=replace(query, metric=one.key).href() if one.key in drawable else ""),
                metric_cell(value_of(one.point), schema := schemas.get(one.key, UNDECLARED)),
                *((Cell(text=schema.unit), Cell(text=schema.direction or "")) if is_declared else ()),
                Cell(text=number(one.point.step)),
                Cell(text=minute(instant_of(one.point.at_ms))),
            )
            for one in newest
        ),
        empty=EmptyState(title="No metrics", text="The run logged none."),
    )


def _artifacts(project: str, run_id: str, found: Page[Artifact]) -> Table:
    here = path_of("projects", project, "runs", run_id, "files")
    content = f"/api{path_of('projects', project, 'runs', run_id, 'artifacts', 'content')}"
    return Table(
        caption="Files",
        columns=(
            Column(title="path"),
            Column(title="size", is_number=True),
            Column(title="digest"),
            Column(title="warning"),
            Column(title="preview"),
        ),
        rows=tuple(
            (
                Cell(text=artifact.path, href=asked(content, path=artifact.path), title="Download"),
                Cell(text=size(artifact.size_bytes)),
                Cell(text=short(artifact.digest), is_code=True, title=artifact.digest),
                hazard_cell(artifact.hazard),
                Cell(text="look", href=asked(here, path=artifact.path)),
            )
            for artifact in found.items
        ),
        empty=EmptyState(title="No files", text="The run left none behind."),
        next_href=here if found.next else "",
    )


def _tags(record: RunRecord, *, are_own: bool) -> tuple[Pair, ...]:
    return tuple(
        Pair(label=key, value=Cell(text=cut(value, _LONGEST_TAG)))
        for key, value in sorted(record.tags.items())
        if key != PIPELINE_RUN_TAG and is_own_tag(key) == are_own
    )


PAGES = (run_page,)

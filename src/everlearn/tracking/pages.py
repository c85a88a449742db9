"""Pages of tracked runs: what was tried, how it came out, and what it left behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from litestar import get

from everlearn.access import Role
from everlearn.core.json import finite_or_none
from everlearn.core.page import Page
from everlearn.tracking.model import Artifact, Metric, Run, RunDetail, RunStatus
from everlearn.tracking.service import Tracking
from everlearn.web import HTML, FromPath, FromQuery, PageRenderer, Service, needs
from everlearn.web.formats import duration, instant, minute, number, short, size
from everlearn.web.links import asked, pager, path_of
from everlearn.web.plots import LinePlot, Point, Series, draw_lines
from everlearn.web.plots.line import LineDrawing
from everlearn.web.view import Cell, Choice, Column, EmptyState, Filter, Link, PageHead, Pair, Status, Table, Tone

_LOOK = [needs(Role.VIEWER)]
_RUNS_SHOWN = 50
_ARTIFACTS_SHOWN = 200
_METRICS_DRAWN = 12
_POINTS_DRAWN = 1_000
_EXPERIMENTS_SHOWN = 12

PIPELINE_RUN_TAG = "everlearn.pipeline_run"
"""The tag that names the pipeline run which a run was tracked for."""

TONES: Mapping[RunStatus, Tone] = {
    RunStatus.RUNNING: Tone.WATCH,
    RunStatus.FINISHED: Tone.GOOD,
    RunStatus.FAILED: Tone.STOPPED,
    RunStatus.KILLED: Tone.ACT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsPage:
    """Context of the list."""

    head: PageHead
    filters: tuple[Filter, ...]
    runs: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """Context of one run."""

    head: PageHead
    facts: tuple[Pair, ...]
    params: Table
    metrics: Table
    curves: tuple[LineDrawing, ...]
    artifacts: Table
    tags: tuple[Pair, ...]


@get("/projects/{project:str}/runs", guards=_LOOK, sync_to_thread=True)
def runs_page(
    project: FromPath[str],
    tracking: Service[Tracking],
    page: Service[PageRenderer],
    experiment: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
) -> HTML:
    """Show the runs of a project, newest first."""
    found = tracking.runs(project, experiment, after=after, limit=_RUNS_SHOWN)
    experiments = [one.name for one in tracking.experiments(project, limit=_EXPERIMENTS_SHOWN).items]
    here = path_of("projects", project, "runs")
    context = RunsPage(
        head=PageHead(
            title="Runs",
            status=_list_status(found.items, experiment),
            links=(Link(text="JSON", href=asked(f"/api{here}", experiment=experiment)),),
        ),
        filters=(_experiment_filter(here, experiments, experiment),) if experiments else (),
        runs=_runs_table(here, found, experiment=experiment, after=after),
    )
    return page.show("tracking/runs.html", context, section="runs")


@get("/projects/{project:str}/runs/{run_id:str}", guards=_LOOK, sync_to_thread=True)
def run_page(
    project: FromPath[str], run_id: FromPath[str], tracking: Service[Tracking], page: Service[PageRenderer]
) -> HTML:
    """Show one run with everything it logged."""
    detail = tracking.detail(tracking.run_of(project, run_id).id)
    here = path_of("projects", project, "runs")
    artifacts = tracking.artifacts(run_id, limit=_ARTIFACTS_SHOWN)
    run = detail.run
    context = RunPage(
        head=PageHead(
            kind="run",
            title=run.name or short_id(run.id),
            status=_run_status(detail, artifacts),
            crumbs=(
                Link(text="runs", href=here),
                Link(text=run.experiment, href=asked(here, experiment=run.experiment)),
            ),
            links=(Link(text="JSON", href=f"/api{here}/{run.id}"),),
        ),
        facts=_facts(project, detail),
        params=_params_table(detail),
        metrics=_metrics_table(detail),
        curves=_curves(tracking, detail),
        artifacts=_artifacts_table(f"/api{here}/{run.id}/artifacts/content", artifacts),
        tags=tuple(
            Pair(label=key, value=Cell(text=_cut(value, 200)))
            for key, value in sorted(detail.tags.items())
            if key != PIPELINE_RUN_TAG
        ),
    )
    return page.show("tracking/run.html", context, section="runs")


def short_id(run_id: str) -> str:
    """Cut a long id to its beginning; the whole belongs into a title or an address."""
    return run_id if len(run_id) <= 16 else f"{run_id[:16]}\u2026"


def _list_status(runs: Sequence[Run], experiment: str | None) -> Status | None:
    if not runs:
        return None
    of = f" of {experiment}" if experiment else ""
    running = sum(run.status is RunStatus.RUNNING for run in runs)
    newest = runs[0]
    if running:
        why = f"{running} of the newest {len(runs)} runs{of} under way, the newest since {instant(newest.started_at)}."
        return Status(word="running", tone=Tone.WATCH, why=why)
    why = f"The newest run{of} {_ended_as(newest)} {instant(newest.ended_at)}."
    return Status(word=newest.status.lower(), tone=TONES[newest.status], why=why)


def _ended_as(run: Run) -> str:
    return "finished" if run.status is RunStatus.FINISHED else f"ended as {run.status.lower()}"


def _experiment_filter(here: str, experiments: Sequence[str], chosen: str | None) -> Filter:
    named = [*experiments, chosen] if chosen and chosen not in experiments else experiments
    choices = [Choice(text="all", href=here, is_chosen=not chosen)]
    choices += [Choice(text=name, href=asked(here, experiment=name), is_chosen=name == chosen) for name in named]
    return Filter(label="Experiment", choices=tuple(choices))


def _runs_table(here: str, found: Page[Run], *, experiment: str | None, after: str | None) -> Table:
    ways = pager(here, found, after=after, experiment=experiment)
    return Table(
        caption="Runs, newest first",
        is_caption_shown=False,
        columns=(
            Column(title="run"),
            Column(title="status"),
            Column(title="experiment"),
            Column(title="about", unit="UTC"),
            Column(title="started", unit="UTC"),
            Column(title="took", is_number=True),
            Column(title="by"),
        ),
        rows=tuple(_run_row(here, run) for run in found.items),
        empty=_no_runs(experiment),
        first_href=ways.first_href,
        next_href=ways.next_href,
    )


def _run_row(here: str, run: Run) -> tuple[Cell, ...]:
    took = None if run.ended_at is None else run.ended_at - run.started_at
    return (
        Cell(text=run.name or short_id(run.id), href=f"{here}/{run.id}", title=run.id),
        Cell(text=run.status.lower(), tone=TONES[run.status]),
        Cell(text=run.experiment, href=asked(here, experiment=run.experiment)),
        Cell(text=minute(run.effective_at)),
        Cell(text=minute(run.started_at)),
        Cell(text=duration(took)),
        Cell(text=run.started_by),
    )


def _no_runs(experiment: str | None) -> EmptyState:
    if experiment:
        return EmptyState(title=f"No runs of {experiment[:80]}", text="No run of this experiment was started yet.")
    return EmptyState(
        title="No runs yet",
        text="A run appears when a pipeline trains, or when training code logs one over HTTP.",
        command="everlearn pipelines run PIPELINE",
    )


def _run_status(detail: RunDetail, artifacts: Page[Artifact]) -> Status:
    run = detail.run
    more = "+" if artifacts.next else ""
    left = f"{len(detail.params)} parameters, {len(detail.metrics)} metrics, {len(artifacts.items)}{more} files"
    if run.ended_at is None:
        why = f"Running since {instant(run.started_at)}; {left} so far."
    else:
        why = f"{_ended_as(run).capitalize()} after {duration(run.ended_at - run.started_at)} with {left}."
    return Status(word=run.status.lower(), tone=TONES[run.status], why=why)


def _facts(project: str, detail: RunDetail) -> tuple[Pair, ...]:
    run = detail.run
    facts = [
        Pair(label="Run", value=Cell(text=run.id, is_code=True)),
        Pair(label="Started", value=Cell(text=instant(run.started_at))),
        Pair(label="Ended", value=Cell(text="still running" if run.ended_at is None else instant(run.ended_at))),
        Pair(label="About", value=Cell(text=instant(run.effective_at))),
        Pair(label="Started by", value=Cell(text=run.started_by)),
    ]
    pipeline_run = detail.tags.get(PIPELINE_RUN_TAG)
    if pipeline_run:
        href = path_of("projects", project, "pipeline-runs", pipeline_run)
        facts.append(Pair(label="Pipeline run", value=Cell(text=short_id(pipeline_run), href=href, title=pipeline_run)))
    return tuple(facts)


def _params_table(detail: RunDetail) -> Table:
    return Table(
        caption="Parameters",
        columns=(Column(title="parameter"), Column(title="value")),
        rows=tuple(
            (Cell(text=key), Cell(text=_cut(value), is_code=True, title=value if _cut(value) != value else ""))
            for key, value in sorted(detail.params.items())
        ),
        empty=EmptyState(title="No parameters", text="The run logged none."),
    )


def _cut(value: str, longest: int = 60) -> str:
    return value if len(value) <= longest else f"{value[: longest - 1]}\u2026"


def _metrics_table(detail: RunDetail) -> Table:
    return Table(
        caption="Metrics",
        columns=(
            Column(title="metric"),
            Column(title="newest value", is_number=True),
            Column(title="step", is_number=True),
            Column(title="measured", unit="UTC"),
        ),
        rows=tuple(
            (
                Cell(text=key),
                Cell(text=number(finite_or_none(metric.value), 4), title=repr(metric.value)),
                Cell(text=number(metric.step)),
                Cell(text=minute(metric.at)),
            )
            for key, metric in sorted(detail.metrics.items())
        ),
        empty=EmptyState(title="No metrics", text="The run logged none."),
    )


def _curves(tracking: Tracking, detail: RunDetail) -> tuple[LineDrawing, ...]:
    """Draw the metrics that were measured at more than one step."""
    drawn = []
    for key in sorted(name for name, metric in detail.metrics.items() if metric.step != 0)[:_METRICS_DRAWN]:
        history = tracking.metric_history(detail.run.id, key, limit=_POINTS_DRAWN).items
        if len({metric.step for metric in history}) > 1:
            drawn.append(_curve(key, history))
    return tuple(drawn)


def _curve(key: str, history: Sequence[Metric]) -> LineDrawing:
    points = tuple(Point(float(one.step), finite_or_none(one.value)) for one in history)
    return draw_lines(
        LinePlot(
            title=key,
            x_title="step",
            series=(Series(name=_cut(key, 16), points=points),),
            width=560,
            height=220,
        )
    )


def _artifacts_table(content: str, found: Page[Artifact]) -> Table:
    return Table(
        caption="Files",
        columns=(Column(title="path"), Column(title="size", is_number=True), Column(title="digest")),
        rows=tuple(
            (
                Cell(text=artifact.path, href=asked(content, path=artifact.path), title="Download"),
                Cell(text=size(artifact.size_bytes)),
                Cell(text=short(artifact.digest), is_code=True, title=artifact.digest),
            )
            for artifact in found.items
        ),
        empty=EmptyState(title="No files", text="The run left none behind."),
    )


PAGES = (runs_page, run_page)

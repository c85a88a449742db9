"""Pages of pipeline runs: the graph of steps with what was computed and what was used again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from litestar import get

from everlearn.access import Role
from everlearn.core.json import canonical_json
from everlearn.core.page import Page
from everlearn.pipelines.model import PipelineRun, RunState, StepRun, StepState
from everlearn.pipelines.service import Pipelines
from everlearn.web import HTML, FromPath, FromQuery, PageRenderer, Service, needs
from everlearn.web.formats import MISSING, day, duration, instant, minute, number, short
from everlearn.web.links import asked, pager, path_of
from everlearn.web.plots import Edge, GraphPlot, Node, draw_graph
from everlearn.web.plots.graph import GraphDrawing
from everlearn.web.view import (
    Cell,
    Choice,
    Column,
    EmptyState,
    Filter,
    Link,
    PageHead,
    Pair,
    Status,
    Table,
    Tile,
    Tone,
)

_LOOK = [needs(Role.VIEWER)]
_RUNS_SHOWN = 50
_ERROR_SHOWN = 200  # characters

RUN_TONES: Mapping[RunState, Tone] = {
    RunState.SUBMITTED: Tone.IDLE,
    RunState.RUNNING: Tone.WATCH,
    RunState.FINISHED: Tone.GOOD,
    RunState.FAILED: Tone.STOPPED,
}
STEP_TONES: Mapping[StepState, Tone] = {
    StepState.WAITING: Tone.IDLE,
    StepState.RUNNING: Tone.WATCH,
    StepState.DONE: Tone.GOOD,
    StepState.FAILED: Tone.STOPPED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineRunsPage:
    """Context of the list."""

    head: PageHead
    filters: tuple[Filter, ...]
    runs: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineRunPage:
    """Context of one run."""

    head: PageHead
    error: str  # of the step that failed; empty when none did
    numbers: tuple[Tile, ...]
    graph: GraphDrawing
    steps: Table
    parameters: tuple[Pair, ...]
    facts: tuple[Pair, ...]


@get("/projects/{project:str}/pipeline-runs", guards=_LOOK, sync_to_thread=True)
def pipeline_runs_page(
    project: FromPath[str],
    pipelines: Service[Pipelines],
    page: Service[PageRenderer],
    pipeline: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
) -> HTML:
    """Show the pipeline runs of a project, newest first."""
    found = pipelines.runs(project, pipeline, after=after, limit=_RUNS_SHOWN)
    here = path_of("projects", project, "pipeline-runs")
    names = sorted({*pipelines.catalogue, *({pipeline} if pipeline else ())})
    context = PipelineRunsPage(
        head=PageHead(
            title="Pipelines",
            status=_list_status(found.items),
            links=(Link(text="JSON", href=asked(f"/api{here}", pipeline=pipeline)),),
        ),
        filters=(_pipeline_filter(here, names, pipeline),) if names else (),
        runs=_runs_table(project, here, found, pipeline=pipeline, after=after, installed=names),
    )
    return page.show("pipelines/runs.html", context, section="pipelines")


@get("/projects/{project:str}/pipeline-runs/{run_id:str}", guards=_LOOK, sync_to_thread=True)
def pipeline_run_page(
    project: FromPath[str], run_id: FromPath[str], pipelines: Service[Pipelines], page: Service[PageRenderer]
) -> HTML:
    """Show one run: what each step did, and what it cost."""
    run = pipelines.run_of(project, run_id)
    steps = pipelines.steps(run.id)
    here = path_of("projects", project, "pipeline-runs")
    tracked = path_of("projects", project, "runs", run.tracking_run_id)
    context = PipelineRunPage(
        head=PageHead(
            kind="pipeline run",
            title=f"{run.pipeline} of {day(run.effective_at)}",
            status=_run_status(run, steps),
            crumbs=(
                Link(text="pipelines", href=here),
                Link(text=run.pipeline, href=asked(here, pipeline=run.pipeline)),
            ),
            links=(
                *((Link(text="Tracked run", href=tracked),) if run.started_at else ()),
                Link(text="JSON", href=f"/api{here}/{run.id}"),
            ),
        ),
        error=run.error or "",
        numbers=_numbers(run, steps),
        graph=_graph(run, steps),
        steps=_steps_table(steps),
        parameters=tuple(
            Pair(
                label=key,
                value=Cell(text=str(value) if isinstance(value, str) else canonical_json(value), is_code=True),
            )
            for key, value in sorted(run.parameters.items())
        ),
        facts=_facts(run, tracked),
    )
    return page.show("pipelines/run.html", context, section="pipelines")


def _list_status(runs: Sequence[PipelineRun]) -> Status | None:
    if not runs:
        return None
    newest = runs[0]
    failed = sum(run.state is RunState.FAILED for run in runs)
    why = f"The newest run, of {newest.pipeline}, is {newest.state}; {failed} of the {len(runs)} below failed."
    return Status(word=newest.state, tone=RUN_TONES[newest.state], why=why)


def _pipeline_filter(here: str, names: Sequence[str], chosen: str | None) -> Filter:
    choices = [Choice(text="all", href=here, is_chosen=not chosen)]
    choices += [Choice(text=name, href=asked(here, pipeline=name), is_chosen=name == chosen) for name in names]
    return Filter(label="Pipeline", choices=tuple(choices))


def _runs_table(
    project: str,
    here: str,
    found: Page[PipelineRun],
    *,
    pipeline: str | None,
    after: str | None,
    installed: Sequence[str],
) -> Table:
    ways = pager(here, found, after=after, pipeline=pipeline)
    return Table(
        caption="Pipeline runs, newest first",
        is_caption_shown=False,
        columns=(
            Column(title="about", unit="UTC"),
            Column(title="pipeline"),
            Column(title="state"),
            Column(title="submitted", unit="UTC"),
            Column(title="took", is_number=True),
            Column(title="by"),
            Column(title="tracked run"),
            Column(title="what went wrong", is_prose=True),
        ),
        rows=tuple(_run_row(project, here, run) for run in found.items),
        empty=_no_runs(installed),
        first_href=ways.first_href,
        next_href=ways.next_href,
    )


def _run_row(project: str, here: str, run: PipelineRun) -> tuple[Cell, ...]:
    tracked = path_of("projects", project, "runs", run.tracking_run_id) if run.started_at else ""
    return (
        Cell(text=minute(run.effective_at), href=f"{here}/{run.id}", title=run.id),
        Cell(text=run.pipeline),
        Cell(text=run.state, tone=RUN_TONES[run.state]),
        Cell(text=minute(run.submitted_at)),
        Cell(text=duration(_took(run))),
        Cell(text=run.submitted_by),
        Cell(text="parameters, metrics" if tracked else MISSING, href=tracked),
        _error_cell(run.error),
    )


def _error_cell(error: str | None) -> Cell:
    if error is None:
        return Cell(text="")
    return Cell(
        text=error if len(error) <= _ERROR_SHOWN else f"{error[:_ERROR_SHOWN]}\u2026",
        title=error if len(error) > _ERROR_SHOWN else "",
    )


def _no_runs(installed: Sequence[str]) -> EmptyState:
    if not installed:
        return EmptyState(
            title="No pipelines are installed",
            text="The setting pipelines names the modules that offer them in an attribute PIPELINES; "
            "then start the platform again.",
            command="EVERLEARN_PIPELINES=my_company.training everlearn up",
        )
    return EmptyState(
        title="No runs yet",
        text="A run begins when retraining is worth its cost, or when somebody asks for one.",
        command=f"everlearn pipelines run {installed[0]}",
    )


def _took(run: PipelineRun) -> float | None:
    if run.started_at is None or run.ended_at is None:
        return None
    return (run.ended_at - run.started_at).total_seconds()


def _run_status(run: PipelineRun, steps: Sequence[StepRun]) -> Status:
    done = sum(step.state is StepState.DONE for step in steps)
    reused = sum(step.is_reused for step in steps)
    progress = f"{done} of {len(steps)} steps done, {reused} of them used again"
    match run.state:
        case RunState.FAILED:
            failed = next((step.name for step in steps if step.state is StepState.FAILED), "a step")
            why = f"Step {failed} failed; {progress}. What is done is kept: another run goes on from there."
        case RunState.FINISHED:
            why = f"Finished in {duration(_took(run))}; {progress}."
        case RunState.RUNNING:
            why = f"Running since {instant(run.started_at)}; {progress}."
        case RunState.SUBMITTED:
            why = "Waiting for a worker. If it stays so, see whether one runs: everlearn worker"
    return Status(word=run.state, tone=RUN_TONES[run.state], why=why)


def _numbers(run: PipelineRun, steps: Sequence[StepRun]) -> tuple[Tile, ...]:
    reused = sum(step.is_reused for step in steps)
    failures = sum(step.failures for step in steps)
    return (
        Tile(label="Took", value=duration(_took(run)), note="from its first beginning to its end"),
        Tile(label="CPU", value=duration(sum(step.cpu_s or 0.0 for step in steps)), note="of the steps computed"),
        Tile(label="Used again", value=number(reused), unit=f"of {len(steps)} steps", note="same code, same inputs"),
        Tile(
            label="Failures",
            value=number(failures),
            note="attempts that ended in an error",
            tone=Tone.ACT if failures else None,
        ),
    )


def _graph(run: PipelineRun, steps: Sequence[StepRun]) -> GraphDrawing:
    names = {step.name for step in steps}
    return draw_graph(
        GraphPlot(
            title=f"Steps of {run.pipeline}",
            nodes=tuple(
                Node(id=step.name, label=step.name, note=_note(step), tone=STEP_TONES[step.state]) for step in steps
            ),
            edges=tuple(Edge(need, step.name) for step in steps for need in step.needs if need in names),
        )
    )


def _note(step: StepRun) -> str:
    match step.state:
        case StepState.DONE if step.is_reused:
            return "used again"
        case StepState.DONE:
            return f"computed, {duration(step.wall_s)}"
        case StepState.FAILED:
            return "failed"
        case StepState.RUNNING:
            return f"running, attempt {step.attempt}"
        case _:
            return "waiting"


def _steps_table(steps: Sequence[StepRun]) -> Table:
    return Table(
        caption="Steps",
        columns=(
            Column(title="#", is_number=True),
            Column(title="step"),
            Column(title="state"),
            Column(title="result"),
            Column(title="wall", is_number=True),
            Column(title="CPU", is_number=True),
            Column(title="attempts", is_number=True),
            Column(title="output"),
            Column(title="error", is_prose=True),
        ),
        rows=tuple(_step_row(step) for step in steps),
        empty=EmptyState(title="No steps"),
    )


def _step_row(step: StepRun) -> tuple[Cell, ...]:
    result = "" if step.state is not StepState.DONE else "used again" if step.is_reused else "computed"
    return (
        Cell(text=str(step.position)),
        Cell(text=step.name),
        Cell(text=step.state, tone=STEP_TONES[step.state]),
        Cell(text=result),
        Cell(text=duration(step.wall_s)),
        Cell(text=duration(step.cpu_s)),
        Cell(text=number(step.attempt)),
        Cell(text=short(step.output), is_code=step.output is not None, title=step.output or ""),
        _error_cell(step.error),
    )


def _facts(run: PipelineRun, tracked: str) -> tuple[Pair, ...]:
    return (
        Pair(label="Run", value=Cell(text=run.id, is_code=True)),
        Pair(label="About", value=Cell(text=instant(run.effective_at))),
        Pair(label="Submitted", value=Cell(text=f"{instant(run.submitted_at)} by {run.submitted_by}")),
        Pair(label="Started", value=Cell(text=instant(run.started_at))),
        Pair(label="Ended", value=Cell(text=instant(run.ended_at))),
        Pair(
            label="Tracked run",
            value=Cell(text=short(run.tracking_run_id) + "\u2026", href=tracked, title=run.tracking_run_id)
            if run.started_at
            else Cell(text="not begun"),
        ),
        Pair(label="Code", value=Cell(text=short(run.code_digest), is_code=True, title=run.code_digest)),
    )


PAGES = (pipeline_runs_page, pipeline_run_page)

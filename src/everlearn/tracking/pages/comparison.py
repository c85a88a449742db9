"""Runs side by side: what differs first, then what came out, whether that is more than chance, and how it went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from litestar import get

from everlearn.access import Role
from everlearn.tracking.comparison import Comparison, Comparisons
from everlearn.tracking.comparison.service import MOST_RUNS, BadComparisonError, compared, trial_of
from everlearn.tracking.curves import Curves
from everlearn.tracking.journal import RunRecord
from everlearn.tracking.metric_schema import MetricSchema
from everlearn.tracking.pages.compared import MOST_SIDE_BY_SIDE, ComparisonQuery, read_comparison
from everlearn.tracking.pages.curves import ways_to_draw
from everlearn.tracking.pages.matrix import Matrix, files_matrix, metrics_matrix, params_matrix
from everlearn.tracking.pages.overlays import ScatterChoice, hue_of, overlaid, parallel, scatter
from everlearn.tracking.pages.statistics import Statistics, statistics_section
from everlearn.tracking.pages.words import TONES, run_name
from everlearn.tracking.service import Tracking
from everlearn.tracking.store.runs import run_of
from everlearn.web import HTML, FromPath, PageRenderer, Service, needs
from everlearn.web.links import asked, path_of
from everlearn.web.plots.line import LineDrawing
from everlearn.web.plots.parallel import ParallelDrawing
from everlearn.web.view import EmptyState, Filter, Link, PageHead, Pair, Status, Tone

_FILES_READ = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRun:
    """The head of a run's column."""

    name: str
    href: str
    tone: Tone
    word: str
    hue: int
    without_href: str  # the comparison without it


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonPage:
    """Context of the page."""

    head: PageHead
    runs: tuple[ComparedRun, ...]
    params: Matrix
    same: tuple[Pair, ...]
    metrics: Matrix
    statistics: Statistics
    error: str  # why the statistics could not be made as asked
    curves: tuple[LineDrawing, ...]
    curve_choices: tuple[Filter, ...]
    scatter: ScatterChoice | None
    parallel: ParallelDrawing | None
    files: Matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingPage:
    """Context of the page when there is nothing to compare."""

    head: PageHead
    empty_state: EmptyState


@get("/projects/{project:str}/comparison", guards=[needs(Role.VIEWER)], sync_to_thread=True)
def comparison_page(
    project: FromPath[str],
    comparisons: Service[Comparisons],
    tracking: Service[Tracking],
    curves: Service[Curves],
    page: Service[PageRenderer],
) -> HTML:
    """Compare runs: up to 20 side by side, up to 200 in the statistics."""
    query = read_comparison(
        project, page.said, runs=page.said_all("run"), by=page.said_all("by"), metrics=page.said_all("metric")
    )
    if len(query.runs) < 2:
        return page.show("tracking/nothing_compared.html", _nothing(query), section="runs")
    records = comparisons.read(project, query.runs)
    schemas = comparisons.schemas(project, records)
    comparison, error = _compared(query, records, schemas)
    shown = records[:MOST_SIDE_BY_SIDE]
    files = [tracking.artifacts(record.run.id, limit=_FILES_READ).items for record in shown]
    params, same = params_matrix(shown)
    metrics = metrics_matrix(shown, schemas)
    drawn = overlaid(curves, query, shown, schemas)
    context = ComparisonPage(
        head=_head(query, records, params, comparison),
        runs=tuple(_run(query, place, record) for place, record in enumerate(shown)),
        params=params,
        same=same,
        metrics=metrics,
        statistics=statistics_section(query, comparison, records),
        error=error,
        curves=drawn,
        curve_choices=ways_to_draw(query.curves, lambda other: query.drawn(other).href()) if drawn else (),
        scatter=scatter(query, records, comparison.metrics),
        parallel=parallel(query, records, comparison.metrics, schemas),
        files=files_matrix(path_of("projects", project, "runs"), shown, files),
    )
    return page.show("tracking/comparison.html", context, section="runs", status=400 if error else 200)


def _compared(
    query: ComparisonQuery, records: Sequence[RunRecord], schemas: Mapping[str, MetricSchema]
) -> tuple[Comparison, str]:
    """Make the statistics; what cannot be made as asked is made by default and said."""
    trials = [trial_of(record) for record in records]
    try:
        found = compared(trials, schemas, by=query.by, metrics=query.metrics, correction=query.correction)
    except BadComparisonError as error:
        return compared(trials, schemas, by=(), metrics=(), correction=query.correction), error.message
    return found, ""


def _head(query: ComparisonQuery, records: Sequence[RunRecord], params: Matrix, comparison: Comparison) -> PageHead:
    experiments = [*dict.fromkeys(record.run.experiment for record in records)]
    runs = path_of("projects", query.project, "runs")
    return PageHead(
        title=f"Comparison of {len(records)} runs",
        status=_status(records, params, comparison),
        crumbs=(
            Link(text="experiments", href=path_of("projects", query.project, "experiments")),
            *(Link(text=name, href=asked(runs, experiment=name)) for name in experiments[:3]),
        ),
        links=(Link(text="JSON", href=_json_href(query)),),
    )


def _json_href(query: ComparisonQuery) -> str:
    return "/api" + replace(query, across="", up="", curves=replace(query.curves, axis="", scale="", smooth="")).href()


def _status(records: Sequence[RunRecord], params: Matrix, comparison: Comparison) -> Status:
    names = [row.label for row in params.rows]
    some = f"{', '.join(names[:4])}{' and more' if len(names) > 4 else ''}"
    differ = f"{some} {'differs' if len(names) == 1 else 'differ'}" if names else "No parameter differs"
    shown = f" The first {MOST_SIDE_BY_SIDE} are shown side by side." if len(records) > MOST_SIDE_BY_SIDE else ""
    found = [one for one in comparison.pairs if one.verdict == "different"]
    if found:
        return Status(word="different", tone=Tone.GOOD, why=f"{found[0].reason} {differ}.{shown}")
    if any(one.verdict == "not_shown" for one in comparison.pairs):
        return Status(word="not shown", tone=Tone.IDLE, why=f"{differ}; no difference of a metric is shown.{shown}")
    why = comparison.reason or next((one.reason for one in comparison.pairs), "")
    return Status(word="not evaluated", tone=Tone.IDLE, why=f"{differ}. {why}{shown}")


def _run(query: ComparisonQuery, place: int, record: RunRecord) -> ComparedRun:
    run = run_of(record.run)
    return ComparedRun(
        name=run_name(run),
        href=path_of("projects", query.project, "runs", run.id),
        tone=TONES[run.status],
        word=run.status.lower(),
        hue=hue_of(place),
        without_href=query.without(run.id).href(),
    )


def _nothing(query: ComparisonQuery) -> NothingPage:
    runs = path_of("projects", query.project, "runs")
    return NothingPage(
        head=PageHead(title="Comparison", crumbs=(Link(text="runs", href=runs),)),
        empty_state=EmptyState(
            title="Choose at least two runs",
            text=f"Tick them in the table of runs and compare them; up to {MOST_RUNS} go together.",
            link=Link(text="To the runs", href=runs),
        ),
    )


PAGES = (comparison_page,)

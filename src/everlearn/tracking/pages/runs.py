"""The table of runs: filtered, sorted, paged and with the columns one wants, all of it in the address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from litestar import get

from everlearn.access import Role
from everlearn.core.errors import InvalidError
from everlearn.tracking.journal import RunRecord
from everlearn.tracking.metric_schema import UNDECLARED, MetricSchema, metric_schemas
from everlearn.tracking.model import Experiment, RunStatus
from everlearn.tracking.pages.columns import field_cell, is_numeric, offered_columns, varying_columns
from everlearn.tracking.pages.examples import filter_examples
from everlearn.tracking.pages.query import Field, RunsQuery, read_fields, read_query
from everlearn.tracking.pages.words import TONES, ended_as, is_own_tag, run_name, took
from everlearn.tracking.searching import Keys, Search
from everlearn.tracking.service import Tracking
from everlearn.tracking.store.runs import instant_of, run_of
from everlearn.web import HTML, FromPath, PageRenderer, Service, needs
from everlearn.web.formats import duration, instant, minute
from everlearn.web.links import asked, path_of
from everlearn.web.view import Cell, Choice, Column, EmptyState, Filter, Link, PageHead, Status, Tone

RUNS_SHOWN = 50
MOST_EXPORTED = 10_000
_EXPERIMENTS_OFFERED = 12
_NAME, _STATUS, _STARTED, _USER = (Field("attribute", key) for key in ("run_name", "status", "start_time", "user_id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchBar:
    """The filter as a field: what stands in it, what is wrong with it, what one could ask."""

    text: str
    kept: tuple[tuple[str, str], ...]  # what else is in the address
    error: str = ""
    pointer: str = ""  # a line under the text that points at the mistake
    examples: tuple[Link, ...] = ()
    clear_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChoice:
    """A column that can be shown."""

    name: str
    text: str
    is_shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPicker:
    """All columns there are, by kind."""

    groups: tuple[tuple[str, tuple[ColumnChoice, ...]], ...]
    kept: tuple[tuple[str, str], ...]
    default_href: str  # empty: they are the default ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head of a column; leads to the table sorted by it."""

    column: Column
    href: str = ""
    sorted: str = ""  # ascending, descending, or empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One run as a row that can be chosen."""

    id: str
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsTable:
    """The rows and the ways on."""

    caption: str
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    compare_path: str
    empty: EmptyState
    first_href: str
    next_href: str
    csv_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsPage:
    """Context of the page."""

    head: PageHead
    filters: tuple[Filter, ...]
    search: SearchBar
    columns: ColumnPicker
    runs: RunsTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search gave, or why it could not be made."""

    records: Sequence[RunRecord]
    next: str | None
    error: InvalidError | None = None


@get("/projects/{project:str}/runs", guards=[needs(Role.VIEWER)], sync_to_thread=True)
def runs_page(
    project: FromPath[str],
    tracking: Service[Tracking],
    search: Service[Search],
    page: Service[PageRenderer],
) -> HTML:
    """Show runs: of one experiment or of all, newest first unless another order is asked for."""
    query = read_query(project, page.said, columns=page.said_all("columns"))
    found = find(search, query)
    known = tracking.experiments(project, limit=_EXPERIMENTS_OFFERED).items
    chosen, keys = search.experiment_named(project, query.experiment), search.keys(project, query.experiment)
    others = found if found.error is None else find(search, query.filtered("").unordered())
    context = _page(query, found, known, chosen, keys, exemplary=others.records)
    return page.show("tracking/runs.html", context, section="runs", status=200 if found.error is None else 400)


def find(search: Search, query: RunsQuery, *, limit: int = RUNS_SHOWN) -> Found:
    """Search for runs; a question that cannot be read is an answer too."""
    try:
        records, following = search.of_experiment(
            query.project,
            query.experiment,
            filter_text=query.filter or None,
            order_by=query.order_by,
            limit=limit,
            token=query.after,
        )
    except InvalidError as error:
        return Found(records=(), next=None, error=error)
    return Found(records=records, next=following)


def shown_fields(
    query: RunsQuery, records: Sequence[RunRecord], schemas: Mapping[str, MetricSchema]
) -> tuple[Field, ...]:
    """Give the columns: those asked for, or those that vary."""
    return read_fields(query.columns) or varying_columns(records, schemas)


def _page(
    query: RunsQuery,
    found: Found,
    known: Sequence[Experiment],
    chosen: Experiment | None,
    keys: Keys,
    *,
    exemplary: Sequence[RunRecord],
) -> RunsPage:
    schemas = metric_schemas(chosen.tags) if chosen else {}
    fields = shown_fields(query, found.records, schemas)
    named = [one.name for one in known]
    json_href = asked(f"/api{query.path}", experiment=query.experiment)
    return RunsPage(
        head=PageHead(
            title=query.experiment or "Runs",
            kind="runs of" if query.experiment else "",
            status=_status(query, found),
            crumbs=_crumbs(query),
            links=(Link(text="JSON", href=json_href),),
        ),
        filters=(_experiments(query, named),) if named else (),
        search=_search_bar(query, found.error, filter_examples(exemplary, schemas)),
        columns=_picker(query, found, fields, keys),
        runs=_table(query, found, fields, schemas),
    )


def _crumbs(query: RunsQuery) -> tuple[Link, ...]:
    return (Link(text="experiments", href=path_of("projects", query.project, "experiments")),)


def _status(query: RunsQuery, found: Found) -> Status | None:
    if found.error is not None:
        return Status(word="not asked", tone=Tone.ACT, why="The filter or the order cannot be read; see below.")
    if not found.records:
        return None
    runs = [record.run for record in found.records]
    running = sum(run.status == RunStatus.RUNNING for run in runs)
    of = f" of {query.experiment}" if query.experiment else ""
    if query.filter or query.order or query.after:
        more = "and more follow" if found.next else "and no more follow"
        words = f"{len(runs)} runs{of} {'fulfil the filter' if query.filter else 'on this page'}, {more}."
        return Status(word="found", tone=Tone.IDLE, why=words)
    if running:
        since = instant(instant_of(runs[0].start_ms))
        why = f"{running} of the newest {len(runs)} runs{of} under way, the newest run began {since}."
        return Status(word="running", tone=Tone.WATCH, why=why)
    newest = RunStatus(runs[0].status)
    at = "" if runs[0].end_ms is None else f" {instant(instant_of(runs[0].end_ms))}"
    return Status(word=newest.lower(), tone=TONES[newest], why=f"The newest run{of} {ended_as(newest)}{at}.")


def _experiments(query: RunsQuery, names: Sequence[str]) -> Filter:
    chosen = query.experiment
    named = [*names, chosen] if chosen and chosen not in names else names
    choices = [Choice(text="all", href=query.path, is_chosen=not chosen)]
    choices += [Choice(text=name, href=asked(query.path, experiment=name), is_chosen=name == chosen) for name in named]
    return Filter(label="Experiment", choices=tuple(choices))


def _search_bar(query: RunsQuery, error: InvalidError | None, examples: Sequence[str]) -> SearchBar:
    at = None if error is None or error.code == "search.bad_order" else error.details.get("at")
    return SearchBar(
        text=query.filter,
        kept=tuple(pair for pair in query.given() if pair[0] != "filter"),
        error="" if error is None else error.message,
        pointer=f"{' ' * (at - 1)}^" if isinstance(at, int) and 1 <= at <= 500 else "",
        examples=tuple(Link(text=text, href=query.filtered(text).href()) for text in examples),
        clear_href=query.filtered("").href() if query.filter else "",
    )


def _picker(query: RunsQuery, found: Found, fields: Sequence[Field], keys: Keys) -> ColumnPicker:
    shown = set(fields)
    offered = dict.fromkeys((*_known(keys), *offered_columns(found.records), *fields))
    groups = []
    for kind, title in (("param", "Parameters"), ("metric", "Metrics"), ("tag", "Tags")):
        choices = tuple(
            ColumnChoice(name=field.name, text=field.key, is_shown=field in shown)
            for field in offered
            if field.kind == kind
        )
        groups += [(title, choices)] if choices else []
    kept = tuple(pair for pair in query.given() if pair[0] != "columns")
    default = replace(query, columns=(), after=None).href()
    return ColumnPicker(groups=tuple(groups), kept=kept, default_href=default if query.columns else "")


def _known(keys: Keys) -> list[Field]:
    tags = [key for key in keys.tags if not is_own_tag(key)]
    pairs = (("param", keys.params), ("metric", keys.metrics), ("tag", tags))
    return [Field(kind, key) for kind, names in pairs for key in names]


def _table(query: RunsQuery, found: Found, fields: Sequence[Field], schemas: Mapping[str, MetricSchema]) -> RunsTable:
    records = found.records
    has_event_time = any(record.run.effective_at is not None for record in records)
    heads = [
        _head(query, _NAME, Column(title="run")),
        _head(query, _STATUS, Column(title="status")),
        *([] if query.experiment else [Head(column=Column(title="experiment"))]),
    ]
    for field in fields:
        unit = schemas.get(field.key, UNDECLARED).unit if field.kind == "metric" else ""
        heads.append(_head(query, field, Column(title=field.key, unit=unit, is_number=is_numeric(records, field))))
    heads += [
        *([Head(column=Column(title="about", unit="UTC"))] if has_event_time else []),
        _head(query, _STARTED, Column(title="started", unit="UTC")),
        Head(column=Column(title="took", is_number=True)),
        _head(query, _USER, Column(title="by")),
    ]
    return RunsTable(
        caption="Runs",
        heads=tuple(heads),
        lines=tuple(_line(query, record, fields, schemas, has_event_time=has_event_time) for record in records),
        compare_path=path_of("projects", query.project, "comparison"),
        empty=_nothing(query, found),
        first_href=query.first().href() if query.after else "",
        next_href=replace(query, after=found.next).href() if found.next else "",
        csv_href=query.first().href(f"{query.path}.csv") if records else "",
    )


def _head(query: RunsQuery, field: Field, column: Column) -> Head:
    return Head(column=column, href=query.ordered(field).href(), sorted=query.direction_of(field))


def _line(
    query: RunsQuery,
    record: RunRecord,
    fields: Sequence[Field],
    schemas: Mapping[str, MetricSchema],
    *,
    has_event_time: bool,
) -> Line:
    run = run_of(record.run)
    name = run_name(run)
    cells = [
        Cell(text=name, href=path_of("projects", query.project, "runs", run.id), title=run.id),
        Cell(text=run.status.lower(), tone=TONES[run.status]),
        *([] if query.experiment else [Cell(text=run.experiment, href=asked(query.path, experiment=run.experiment))]),
        *(field_cell(record, field, schemas.get(field.key, UNDECLARED)) for field in fields),
        *([Cell(text=minute(run.effective_at))] if has_event_time else []),
        Cell(text=minute(run.started_at)),
        Cell(text=duration(took(run.started_at, run.ended_at))),
        Cell(text=run.user or run.started_by, title=run.started_by),
    ]
    return Line(id=run.id, name=name, cells=tuple(cells))


def _nothing(query: RunsQuery, found: Found) -> EmptyState:
    if found.error is not None:
        return EmptyState(title="Nothing was looked up", text="Correct the filter, or take one of the examples.")
    if query.filter:
        return EmptyState(
            title="No run fulfils the filter",
            text="All clauses must hold together; values of parameters and tags are text.",
            link=Link(text="Show all runs", href=query.filtered("").href()),
        )
    if query.experiment:
        return EmptyState(
            title=f"No runs of {query.experiment[:80]}", text="No run of this experiment was started yet."
        )
    return EmptyState(
        title="No runs yet",
        text="A run appears when a pipeline trains, or when code logs one: point mlflow's client at this server.",
        command="everlearn pipelines run PIPELINE",
    )


PAGES = (runs_page,)

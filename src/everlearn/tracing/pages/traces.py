"""The table of traces: of one experiment or of all, filtered in the protocol's grammar, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import get

from everlearn.access import Role
from everlearn.core.errors import InvalidError
from everlearn.tracing.model import State, TraceInfo
from everlearn.tracing.pages.words import TONES, WORDS, said, started, tokens, trace_name
from everlearn.tracing.searching import Asked
from everlearn.tracing.services import Tracing
from everlearn.tracking import Experiment
from everlearn.tracking.pages.runs import SearchBar
from everlearn.tracking.pages.words import cut, cut_cell
from everlearn.tracking.service import Tracking
from everlearn.web import HTML, FromPath, FromQuery, PageRenderer, Service, needs
from everlearn.web.formats import MISSING, duration, instant, minute
from everlearn.web.links import asked, path_of
from everlearn.web.view import Cell, Choice, Column, EmptyState, Filter, Link, PageHead, Status, Table

_SHOWN = 50
_EXPERIMENTS_OFFERED = 12
_EXAMPLES = (
    "status = 'ERROR'", "execution_time_ms > 5000", "span.type = 'LLM' AND span.status = 'ERROR'",
    "trace.text ILIKE '%refund%'", "feedback.correct = 'false'",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TracesPage:
    """Context of the page."""

    head: PageHead
    filters: tuple[Filter, ...]
    search: SearchBar
    traces: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
    """What is asked, as it stands in the address."""

    project: str
    experiment: str
    filter: str
    after: str

    @property
    def path(self) -> str:
        return path_of("projects", self.project, "traces")

    def href(self, **changes: str) -> str:
        given = {"experiment": self.experiment, "filter": self.filter} | changes
        return asked(self.path, **given)


@get("/projects/{project:str}/traces", guards=[needs(Role.VIEWER)], sync_to_thread=True)
def traces_page(
    project: FromPath[str],
    tracing: Service[Tracing],
    tracking: Service[Tracking],
    page: Service[PageRenderer],
    experiment: FromQuery[str] = "",
    filter: FromQuery[str] = "",  # noqa: A002  # as the protocol calls it
    after: FromQuery[str] = "",
) -> HTML:
    """Show traces, newest first."""
    query = _Query(project=project, experiment=experiment, filter=filter.strip(), after=after)
    known = tracking.experiments(project, limit=_EXPERIMENTS_OFFERED).items
    searched = [int(one.id) for one in known if experiment in {"", one.name}]
    found, following, error = list[TraceInfo](), None, None
    try:
        found, following = tracing.finder.find(
            project, searched, Asked(filter=query.filter, order_by=(), limit=_SHOWN, token=query.after or None)
        )
    except InvalidError as refused:
        error = refused
    context = TracesPage(
        head=_head(query, found),
        filters=(_experiments(query, known),) if known else (),
        search=_search_bar(query, error),
        traces=_table(query, found, following, is_asked=error is None),
    )
    return page.show("tracing/traces.html", context, section="traces", status=200 if error is None else 400)


def _head(query: _Query, found: Sequence[TraceInfo]) -> PageHead:
    return PageHead(
        title=query.experiment or "Traces",
        kind="traces of" if query.experiment else "",
        status=_status(found),
    )


def _status(found: Sequence[TraceInfo]) -> Status | None:
    if not found:
        return None
    failed = [one for one in found if one.state is State.ERROR]
    newest = started(found[0])
    if failed:
        why = f"{len(failed)} of the newest {len(found)} failed, the last {instant(started(failed[0]))}."
        return Status(word="failures", tone=TONES[State.ERROR], why=why)
    state = found[0].state
    return Status(
        word=WORDS[state], tone=TONES[state], why=f"None of the newest {len(found)} failed; {instant(newest)}."
    )


def _experiments(query: _Query, known: Sequence[Experiment]) -> Filter:
    choices = [Choice(text="all", href=query.href(experiment=""), is_chosen=not query.experiment)]
    choices += [
        Choice(text=one.name, href=query.href(experiment=one.name), is_chosen=one.name == query.experiment)
        for one in known
    ]
    return Filter(label="Experiment", choices=tuple(choices))


def _search_bar(query: _Query, error: InvalidError | None) -> SearchBar:
    at = None if error is None else error.details.get("at")
    return SearchBar(
        text=query.filter,
        kept=(("experiment", query.experiment),) if query.experiment else (),
        error="" if error is None else error.message,
        pointer=f"{' ' * (at - 1)}^" if isinstance(at, int) and 1 <= at <= 500 else "",
        examples=tuple(Link(text=one, href=query.href(filter=one)) for one in _EXAMPLES),
        clear_href=query.href(filter="") if query.filter else "",
    )


def _table(query: _Query, found: Sequence[TraceInfo], following: str | None, *, is_asked: bool) -> Table:
    return Table(
        caption="Traces, newest first",
        is_caption_shown=False,
        columns=(
            Column(title="trace"),
            Column(title="status"),
            Column(title="asked"),
            Column(title="answered"),
            Column(title="took", is_number=True),
            Column(title="tokens", is_number=True),
            Column(title="said of it"),
            Column(title="began", unit="UTC"),
        ),
        rows=tuple(_row(query.project, info) for info in found),
        empty=_nothing(query, following, is_asked=is_asked),
        first_href=query.href() if query.after else "",
        next_href=query.href(after=following) if following else "",
    )


def _row(project: str, info: TraceInfo) -> tuple[Cell, ...]:
    held = [one for one in info.assessments if one.is_valid]
    return (
        Cell(text=cut(trace_name(info)), href=path_of("projects", project, "traces", info.id), title=info.id),
        Cell(text=WORDS[info.state], tone=TONES[info.state]),
        cut_cell(info.request_preview or MISSING, 36),
        cut_cell(info.response_preview or MISSING, 36),
        Cell(text=duration(None if info.duration_ms is None else info.duration_ms / 1000)),
        Cell(text=tokens(info) or MISSING),
        Cell(text=cut(", ".join(f"{one.name}: {said(one)}" for one in held), 36) or MISSING),
        Cell(text=minute(started(info))),
    )


def _nothing(query: _Query, following: str | None, *, is_asked: bool) -> EmptyState:
    if not is_asked:
        return EmptyState(title="Nothing was looked up", text="Correct the filter, or take one of the examples.")
    if following:
        return EmptyState(
            title="Nothing so far", text="Many traces were looked through; older ones are on the next page."
        )
    if query.filter:
        return EmptyState(
            title="No trace fulfils the filter",
            text="All clauses must hold together; clauses on spans must hold of the same span.",
            link=Link(text="Show all traces", href=query.href(filter="")),
        )
    return EmptyState(
        title="No traces yet",
        text="A trace appears when code under @mlflow.trace runs with this server as tracking URI, or when an "
        "OpenTelemetry exporter sends spans to /v1/traces with the header x-mlflow-experiment-id.",
    )


PAGES = (traces_page,)

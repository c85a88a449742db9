"""The experiments of a project: what is being tried, how much, and when last."""

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import get

from everlearn.access import Role
from everlearn.core.errors import InvalidError
from everlearn.tracking.metric_schema import metric_schemas
from everlearn.tracking.pages.runs import SearchBar
from everlearn.tracking.pages.words import cut
from everlearn.tracking.searching import MOST_COUNTED, Asked, ExperimentState, Search
from everlearn.web import HTML, FromPath, FromQuery, PageRenderer, Service, needs
from everlearn.web.formats import MISSING, instant, minute, number
from everlearn.web.links import asked, path_of
from everlearn.web.view import Cell, Column, EmptyState, Link, PageHead, Status, Table, Tone

_SHOWN = 50
_NOTE = "mlflow.note.content"
_NEWEST_FIRST = ("last_update_time DESC",)
_EXAMPLES = ("name LIKE '%eta%'", "tags.team = 'north'")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentsPage:
    """Context of the page."""

    head: PageHead
    search: SearchBar
    experiments: Table


@get("/projects/{project:str}/experiments", guards=[needs(Role.VIEWER)], sync_to_thread=True)
def experiments_page(
    project: FromPath[str],
    search: Service[Search],
    page: Service[PageRenderer],
    filter: FromQuery[str] = "",  # noqa: A002  # as the protocol calls it
    after: FromQuery[str | None] = None,
) -> HTML:
    """Show the experiments, those that changed last first."""
    error: InvalidError | None = None
    states: Sequence[ExperimentState] = ()
    following = None
    asked_for = Asked(
        filter=filter.strip() or None, order_by=_NEWEST_FIRST, view="ACTIVE_ONLY", limit=_SHOWN, token=after or None
    )
    try:
        states, following = search.experiment_states(project, asked_for)
    except InvalidError as refused:
        error = refused
    here = path_of("projects", project, "experiments")
    context = ExperimentsPage(
        head=PageHead(
            title="Experiments",
            status=_status(states),
            links=(
                Link(text="All runs", href=path_of("projects", project, "runs")),
                Link(text="JSON", href=f"/api{here}"),
            ),
        ),
        search=_search_bar(here, filter.strip(), error),
        experiments=_table(project, here, states, filter.strip(), after=after, following=following),
    )
    return page.show("tracking/experiments.html", context, section="experiments", status=200 if error is None else 400)


def _status(states: Sequence[ExperimentState]) -> Status | None:
    running = [state for state in states if state.running_count]
    if running:
        count = sum(state.running_count for state in running)
        words = f"{count} runs under way in {len(running)} experiments"
        return Status(
            word="running",
            tone=Tone.WATCH,
            why=f"{words}: {', '.join(state.experiment.name for state in running[:3])}.",
        )
    newest = max((state.newest_at for state in states if state.newest_at), default=None)
    if newest is None:
        return None
    return Status(word="idle", tone=Tone.IDLE, why=f"No run is under way; the newest began {instant(newest)}.")


def _search_bar(here: str, text: str, error: InvalidError | None) -> SearchBar:
    at = None if error is None else error.details.get("at")
    return SearchBar(
        text=text,
        kept=(),
        error="" if error is None else error.message,
        pointer=f"{' ' * (at - 1)}^" if isinstance(at, int) and 1 <= at <= 500 else "",
        examples=tuple(Link(text=example, href=asked(here, filter=example)) for example in _EXAMPLES),
        clear_href=here if text else "",
    )


def _table(
    project: str, here: str, states: Sequence[ExperimentState], text: str, *, after: str | None, following: str | None
) -> Table:
    return Table(
        caption="Experiments, those that changed last first",
        is_caption_shown=False,
        columns=(
            Column(title="experiment"),
            Column(title="runs", is_number=True),
            Column(title="under way", is_number=True),
            Column(title="newest run", unit="UTC"),
            Column(title="metrics declared"),
            Column(title="about", is_prose=True),
        ),
        rows=tuple(_row(project, state) for state in states),
        empty=_nothing(here, text),
        first_href=asked(here, filter=text) if after else "",
        next_href=asked(here, filter=text, after=following) if following else "",
    )


def _row(project: str, state: ExperimentState) -> tuple[Cell, ...]:
    one = state.experiment
    declared = [
        f"{name} ({schema.direction})" if schema.direction else name
        for name, schema in metric_schemas(one.tags).items()
    ]
    count = number(state.run_count) if state.run_count < MOST_COUNTED else f"{number(MOST_COUNTED)}+"
    return (
        Cell(text=cut(one.name), href=asked(path_of("projects", project, "runs"), experiment=one.name), title=one.name),
        Cell(text=count),
        Cell(text=number(state.running_count) if state.running_count else MISSING),
        Cell(text=minute(state.newest_at)),
        Cell(text=cut(", ".join(declared)) or MISSING, title=", ".join(declared)),
        Cell(text=cut(one.tags.get(_NOTE, ""), 200)),
    )


def _nothing(here: str, text: str) -> EmptyState:
    if text:
        return EmptyState(title="No experiment fulfils the filter", link=Link(text="Show all experiments", href=here))
    return EmptyState(
        title="No experiments yet",
        text="An experiment appears with its first run. Code that uses MLflow needs one setting: where this server is.",
        command="export MLFLOW_TRACKING_URI=http://HOST:PORT",
    )


PAGES = (experiments_page,)

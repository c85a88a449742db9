"""All models of a project: how each is, worst first."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from litestar import get

from everlearn.access import Role
from everlearn.core.page import Page
from everlearn.governance.pages.state import (
    SPARK,
    WORST_FIRST,
    ModelState,
    state_of,
    status_of,
    step_in_words,
)
from everlearn.monitoring import Monitoring
from everlearn.registry import Model
from everlearn.web import HTML, FromPath, FromQuery, PageRenderer, Service, needs
from everlearn.web.formats import MISSING, day, fixed, number
from everlearn.web.links import pager, path_of
from everlearn.web.plots import sparkline
from everlearn.web.view import Cell, Column, EmptyState, Link, PageHead, Status, Table

_LOOK = [needs(Role.VIEWER)]
_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsPage:
    """Context of the page."""

    head: PageHead
    models: Table


@get("/projects/{project:str}/models", guards=_LOOK, sync_to_thread=True)
def models_page(
    project: FromPath[str],
    monitoring: Service[Monitoring],
    page: Service[PageRenderer],
    after: FromQuery[str | None] = None,
) -> HTML:
    """Show the models of a project with their health."""
    found = monitoring.registry.models(project, after=after, limit=_SHOWN)
    states = [state_of(model, monitoring) for model in found.items]
    states.sort(key=lambda state: (WORST_FIRST.index(state.tone), state.model.name))
    here = path_of("projects", project, "models")
    context = ModelsPage(
        head=PageHead(title="Models", status=_summed_up(states), links=(Link(text="JSON", href=f"/api{here}"),)),
        models=_table(here, found, states, after),
    )
    return page.show("governance/models.html", context, section="models")


def _summed_up(states: Sequence[ModelState]) -> Status | None:
    if not states:
        return None
    worst = states[0]
    counts = Counter(status_of(state).word for state in states)
    told = ", ".join(f"{count} {word}" for word, count in counts.items())
    if len(states) == 1:
        return None  # its one row says it
    why = f"Of {len(states)} models: {told}."
    return Status(word=status_of(worst).word, tone=worst.tone, why=why)


def _table(here: str, found: Page[Model], states: Sequence[ModelState], after: str | None) -> Table:
    ways = pager(here, found, after=after)
    return Table(
        caption="Models, worst first",
        is_caption_shown=False,
        columns=(
            Column(title="model"),
            Column(title="state"),
            Column(title="why", is_prose=True),
            Column(title="champion"),
            Column(title="error / objective", is_number=True),
            Column(title="alerts", is_number=True),
            Column(title="rollout"),
            Column(title="last decision"),
        ),
        rows=tuple(_row(here, state) for state in states),
        empty=EmptyState(
            title="No models yet",
            text="A model appears when a training pipeline has packaged its first version. "
            "The demo shows the whole life of one on real flights.",
            command="everlearn demo --keep",
        ),
        first_href=ways.first_href,
        next_href=ways.next_href,
    )


def _row(here: str, state: ModelState) -> tuple[Cell, ...]:
    own = f"{here}/{state.model.name}"
    status = status_of(state)
    return (
        Cell(text=state.model.name, href=own),
        Cell(text=status.word, tone=status.tone),
        Cell(text=status.why),
        Cell(text=MISSING if state.champion is None else f"v{state.champion}, {day(state.since)}"),
        Cell(
            text=f"{fixed(state.error)} / {fixed(state.objective)}",
            title=f"Mean absolute error of the last windows; the line shows the last {SPARK}",
            spark=sparkline(
                [window.mae for window in reversed(state.windows)], limit=state.objective, name="error by window"
            ),
        ),
        Cell(text=number(len(state.alerts)), href=f"{own}#alerts" if state.alerts else ""),
        Cell(
            text=MISSING if state.rollout is None else f"v{state.rollout.candidate} {step_in_words(state.rollout)}",
            href=f"{own}#rollouts" if state.rollout else "",
        ),
        _decision_cell(state),
    )


def _decision_cell(state: ModelState) -> Cell:
    decision = state.decision
    if decision is None:
        return Cell(text=MISSING)
    href = path_of("projects", decision.project, "decisions", decision.id)
    verdict = decision.finding.verdict.replace("_", " ")
    kind = decision.kind.rpartition(".")[2].replace("_", " ")
    return Cell(text=f"{kind}: {verdict}", href=href, title=decision.finding.reason)


PAGES = (models_page,)

"""The list of decisions, and one decision on its card."""

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import get

from everlearn.access import Role
from everlearn.core.decisions import Decision, Verdict
from everlearn.core.errors import EverlearnError
from everlearn.core.json import JSONValue
from everlearn.core.page import Page
from everlearn.decisions.pages import evidence as reading
from everlearn.decisions.pages.plots import WITH_WINDOW, Drawings, drawings_of
from everlearn.decisions.pages.words import kinds, subject_href, verdict_status, wording
from everlearn.decisions.service import Decisions
from everlearn.web import HTML, FromPath, FromQuery, PageRenderer, Service, needs
from everlearn.web.formats import instant, minute, number, short
from everlearn.web.links import asked, pager, path_of
from everlearn.web.view import (
    Cell,
    Choice,
    Column,
    EmptyState,
    Evidence,
    Filter,
    Link,
    PageHead,
    Pair,
    Status,
    Table,
    Tone,
)

_LOOK = [needs(Role.VIEWER)]
_SHOWN = 50
_NESTED_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionsPage:
    """Context of the list."""

    head: PageHead
    filters: tuple[Filter, ...]
    decisions: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPage:
    """Context of one decision."""

    head: PageHead
    replayed: Status | None  # None: nobody asked to compute it again
    card: Evidence
    drawings: Drawings
    details: Table | None  # nested evidence
    parameters: tuple[Pair, ...]
    facts: tuple[Pair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What the list is narrowed to."""

    kind: str | None
    verdict: Verdict | None
    subject: str | None


@get("/projects/{project:str}/decisions", guards=_LOOK, sync_to_thread=True)
def decisions_page(
    project: FromPath[str],
    decisions: Service[Decisions],
    page: Service[PageRenderer],
    kind: FromQuery[str | None] = None,
    verdict: FromQuery[Verdict | None] = None,
    subject: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
) -> HTML:
    """Show the decisions of a project, newest first."""
    wanted = _Wanted(kind=kind or None, verdict=verdict, subject=subject or None)
    found = decisions.list(
        project, subject=wanted.subject, kind=wanted.kind, verdict=verdict, after=after, limit=_SHOWN
    )
    here = path_of("projects", project, "decisions")
    context = DecisionsPage(
        head=PageHead(
            title="Decisions",
            status=_list_status(found.items),
            links=(Link(text="JSON", href=asked(f"/api{here}", kind=kind, verdict=verdict, subject=subject)),),
        ),
        filters=_filters(here, wanted, found.items),
        decisions=_table(project, here, found, wanted, after),
    )
    return page.show("decisions/decisions.html", context, section="decisions")


@get("/projects/{project:str}/decisions/{decision_id:str}", guards=_LOOK, sync_to_thread=True)
def decision_page(
    project: FromPath[str],
    decision_id: FromPath[str],
    decisions: Service[Decisions],
    page: Service[PageRenderer],
    replay: FromQuery[bool] = False,  # noqa: FBT002  # a query parameter
) -> HTML:
    """Show a decision; on request computed again, which changes nothing."""
    decision = decisions.get(project, decision_id)
    here = path_of("projects", project, "decisions")
    own = f"{here}/{decision.id}"
    words = wording(decision)
    verdict = verdict_status(decision)
    title = words.title(decision)
    context = DecisionPage(
        head=PageHead(
            kind="decision",
            title=title,
            status=Status(word=verdict.word, tone=verdict.tone, why=_sentence(decision.finding.reason)),
            crumbs=(
                Link(text="decisions", href=here),
                Link(text=decision.kind, href=asked(here, kind=decision.kind)),
            ),
            links=(
                Link(text="Compute it again", href=asked(own, replay="true")),
                Link(text="Data seen", href=f"/api{own}/window"),
                Link(text="JSON", href=f"/api{own}"),
            ),
        ),
        replayed=_replayed(decisions, project, decision.id) if replay else None,
        card=_card(decision, words.question, f"/api{own}/window", words.turn(decision)),
        drawings=drawings_of(decision, _window(decisions, decision)),
        details=_details(decision),
        parameters=reading.parameters_of(decision),
        facts=_facts(project, decision),
    )
    return page.show("decisions/decision.html", context, section="decisions")


def _list_status(shown: Sequence[Decision]) -> Status | None:
    if not shown:
        return None
    newest = shown[0]
    verdict = verdict_status(newest)
    why = f"Newest, about {instant(newest.effective_at)}: {wording(newest).title(newest)}: {newest.finding.reason}."
    return Status(word=verdict.word, tone=verdict.tone, why=why)


def _filters(here: str, wanted: _Wanted, shown: Sequence[Decision]) -> tuple[Filter, ...]:
    known = sorted({*kinds(), *(one.kind for one in shown), *([wanted.kind] if wanted.kind else [])})
    subjects = sorted({*(one.subject for one in shown), *([wanted.subject] if wanted.subject else [])})
    now = {"kind": wanted.kind, "verdict": wanted.verdict, "subject": wanted.subject}

    def row(label: str, name: str, values: Sequence[str]) -> Filter:
        choices = [Choice(text="all", href=asked(here, **{**now, name: None}), is_chosen=now[name] is None)]
        choices += [
            Choice(text=_plain(value), href=asked(here, **{**now, name: value}), is_chosen=now[name] == value)
            for value in values
        ]
        return Filter(label=label, choices=tuple(choices))

    rows = [row("Kind", "kind", known), row("Verdict", "verdict", [str(each) for each in Verdict])]
    if len(subjects) > 1 or wanted.subject:
        rows.append(row("About", "subject", subjects))
    return tuple(rows)


def _plain(value: str) -> str:
    return value if ":" in value else value.replace("_", " ")


def _table(project: str, here: str, found: Page[Decision], wanted: _Wanted, after: str | None) -> Table:
    ways = pager(here, found, after=after, kind=wanted.kind, verdict=wanted.verdict, subject=wanted.subject)
    return Table(
        caption="Decisions, newest first",
        is_caption_shown=False,
        columns=(
            Column(title="about", unit="UTC"),
            Column(title="verdict"),
            Column(title="decision"),
            Column(title="why", is_prose=True),
            Column(title="of"),
        ),
        rows=tuple(_row(project, here, decision) for decision in found.items),
        empty=_nothing(here, wanted),
        first_href=ways.first_href,
        next_href=ways.next_href,
    )


def _row(project: str, here: str, decision: Decision) -> tuple[Cell, ...]:
    verdict = verdict_status(decision)
    model = subject_href(project, decision.subject)
    subject = model.rpartition("/")[2] or decision.subject
    return (
        Cell(text=minute(decision.effective_at)),
        Cell(text=verdict.word, tone=verdict.tone),
        Cell(text=wording(decision).title(decision), href=f"{here}/{decision.id}", title=decision.id),
        Cell(text=decision.finding.reason),
        Cell(text=subject, href=model, title=decision.subject),
    )


def _nothing(here: str, wanted: _Wanted) -> EmptyState:
    if wanted.kind or wanted.verdict or wanted.subject:
        return EmptyState(title="No such decisions", link=Link(text="Show all decisions", href=here))
    return EmptyState(
        title="No decisions yet",
        text="Every gate, rollout step, alarm and retraining review is recorded here with its evidence. "
        "The first one is the gate of the first version, after a training run.",
        command="everlearn pipelines run PIPELINE",
    )


def _card(decision: Decision, question: str, window_href: str, turn: str) -> Evidence:
    verdict = verdict_status(decision)
    in_project = "" if decision.project == "default" else f" --project {decision.project}"
    return Evidence(
        title="Evidence",
        verdict=verdict,
        rule=decision.rule,
        rule_in_words=question,
        reason="",  # the head of the page says it
        numbers=reading.numbers_of(decision),
        window=Cell(text=short(decision.window), href=window_href, title=decision.window, is_code=True),
        decided_at=decision.decided_at,
        effective_at=decision.effective_at,
        replay=f"everlearn decisions replay {decision.id}{in_project}",
        what_would_change_it=turn,
    )


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:] + ("" if reason.endswith(".") else ".")


def _replayed(decisions: Decisions, project: str, decision_id: str) -> Status:
    try:
        replay = decisions.replay(project, decision_id)
    except EverlearnError as error:
        return Status(word="not replayed", tone=Tone.ACT, why=error.message)
    if replay.reproduced:
        why = "Computed again from the recorded data: verdict, reason and every number are the same to the last bit."
        return Status(word="reproduced", tone=Tone.GOOD, why=why)
    why = f"Computed again from the recorded data, these came out otherwise: {', '.join(replay.differences)}."
    return Status(word="differs", tone=Tone.STOPPED, why=why)


def _window(decisions: Decisions, decision: Decision) -> JSONValue:
    if decision.kind not in WITH_WINDOW:
        return None
    try:
        return decisions.window(decision)
    except EverlearnError:
        return None  # the card stands without it; replaying says what is wrong with the data


def _details(decision: Decision) -> Table | None:
    rows = list(reading.nested_numbers_of(decision))[:_NESTED_SHOWN]
    if not rows:
        return None
    names = list(dict.fromkeys(name for _, values in rows for name in values))
    return Table(
        caption="Numbers of each test",
        columns=(Column(title="test"), *(Column(title=name.replace("_", " "), is_number=True) for name in names)),
        rows=tuple(
            (Cell(text=name), *(reading.cell_of(values.get(column)) for column in names)) for name, values in rows
        ),
        empty=EmptyState(title="No numbers"),
    )


def _facts(project: str, decision: Decision) -> tuple[Pair, ...]:
    return (
        Pair(label="Decision", value=Cell(text=decision.id, is_code=True)),
        Pair(
            label="About",
            value=Cell(text=decision.subject, href=subject_href(project, decision.subject)),
        ),
        Pair(
            label="In the log",
            value=Cell(text="entries of this subject", href=asked("/audit", subject=decision.subject)),
        ),
        Pair(label="Evidence", value=Cell(text=f"{number(len(decision.finding.evidence))} fields")),
    )


PAGES = (decisions_page, decision_page)

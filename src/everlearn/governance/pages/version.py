"""One version of a model: how it stands, what it is, where it comes from and what was decided about it."""

from dataclasses import dataclass

from litestar import get

from everlearn.access import Role
from everlearn.governance.pages import version_tables as tables
from everlearn.governance.pages.tables import STAGE_TONES
from everlearn.governance.pages.version_facts import Desk, VersionFacts
from everlearn.governance.service import Cards
from everlearn.lineage import Lineage
from everlearn.lineage.pages import graph_of
from everlearn.registry import Aliases, Catalogue
from everlearn.tracking import Files
from everlearn.web import HTML, FromPath, PageRenderer, Service, needs
from everlearn.web.formats import day
from everlearn.web.links import asked, path_of
from everlearn.web.plots.graph import GraphDrawing
from everlearn.web.view import Link, Moment, PageHead, Pair, Status, Table, Tone

_LOOK = [needs(Role.VIEWER)]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPage:
    """Context of the page."""

    head: PageHead
    about: tuple[Pair, ...]
    conditions: Table
    decisions: Table
    graph: GraphDrawing
    signature: Table
    example: str
    metrics: Table
    params: Table
    moves: tuple[Moment, ...]
    files: Table
    card: str


@get("/projects/{project:str}/models/{model:str}/versions/{number:int}", guards=_LOOK, sync_to_thread=True)
def version_page(  # noqa: PLR0913, PLR0917  # services
    project: FromPath[str],
    model: FromPath[str],
    number: FromPath[int],
    catalogue: Service[Catalogue],
    aliases: Service[Aliases],
    cards: Service[Cards],
    files: Service[Files],
    lineage: Service[Lineage],
    page: Service[PageRenderer],
) -> HTML:
    """Show a version, registered by a pipeline or with mlflow's client."""
    facts = Desk(catalogue, aliases, cards, lineage, files).facts(project, model, number)
    here = path_of("projects", project, "models", model)

    def decision_href(decision_id: str) -> str:
        return path_of("projects", project, "decisions", decision_id)

    def file_href(file: str) -> str:
        run_id = facts.record.version.run_id
        return path_of("projects", project, "runs", run_id) if run_id and file else ""

    context = VersionPage(
        head=PageHead(
            kind="version",
            title=f"{model} v{number}",
            status=status_of(facts),
            crumbs=(
                Link(text="models", href=path_of("projects", project, "models")),
                Link(text=model, href=here),
            ),
            links=_links(project, facts, here),
        ),
        about=tables.about(project, facts),
        conditions=tables.conditions_table(facts.conditions),
        decisions=tables.decisions_table(facts, decision_href),
        graph=graph_of(project, facts.around),
        signature=tables.signature_table(facts),
        example=facts.example,
        metrics=tables.measures_table(facts),
        params=tables.params_table(facts),
        moves=tables.moves_of(facts, decision_href),
        files=tables.files_table(facts, file_href),
        card=facts.card,
    )
    return page.show("governance/version.html", context, section="models")


def status_of(facts: VersionFacts) -> Status:
    """Say in one word and one sentence how a version stands."""
    row, strict = facts.record.version, facts.strict
    live = [edge for edge in facts.roles if edge.ended_at is None]
    if live:
        role = f"{live[0].relation.removesuffix(' of')} {live[0].note}".strip()
        why = f"It is the {role} of {row.model} since {day(live[0].recorded_at)}."
        return Status(word="in traffic", tone=Tone.GOOD, why=why)
    names = ", ".join(f"@{one}" for one in facts.record.aliases)
    if strict is not None:
        reason = facts.stage_moves[-1].reason if facts.stage_moves else ""
        return Status(word=str(strict.stage), tone=STAGE_TONES[strict.stage], why=_sentence(reason, names))
    unmet = [alias for alias, all_of_it in facts.conditions.items() if any(not one.is_met for one in all_of_it)]
    why = f"Named {names}." if names else "No alias names it."
    if unmet:
        why += f" It does not fulfil the contract of {', '.join(f'@{one}' for one in unmet)}."
    return Status(word="named" if names else "registered", tone=Tone.WATCH if names else Tone.IDLE, why=why)


def _sentence(reason: str, names: str) -> str:
    said = f"{reason[:1].upper()}{reason[1:]}".rstrip(".")
    return ". ".join(part for part in (said, f"Named {names}" if names else "") if part) + "."


def _links(project: str, facts: VersionFacts, here: str) -> tuple[Link, ...]:
    number = facts.record.version.number
    found = [Link(text="Lineage", href=asked(path_of("projects", project, "lineage"), node=str(facts.node)))]
    if number > 1:
        found.append(
            Link(text=f"Compare with v{number - 1}", href=asked(f"{here}/compare", a=str(number - 1), b=str(number)))
        )
    if facts.strict is not None:
        found.append(Link(text="JSON", href=f"/api{here}/versions/{number}"))
    return tuple(found)


PAGES = (version_page,)

"""Two versions of a model side by side: what they take and give, how good they are, how they were made."""

from collections.abc import Mapping
from dataclasses import dataclass

from litestar import get

from everlearn.access import Role
from everlearn.core.lineage import NodeKind
from everlearn.governance.pages.version import status_of
from everlearn.governance.pages.version_facts import Desk, VersionFacts, metrics_of
from everlearn.governance.service import Cards
from everlearn.lineage import Lineage
from everlearn.registry import Aliases, Catalogue
from everlearn.tracking import Files
from everlearn.web import HTML, FromPath, FromQuery, PageRenderer, Service, needs
from everlearn.web.formats import MISSING, number, percent
from everlearn.web.links import path_of
from everlearn.web.view import Cell, Column, DiffLine, EmptyState, Link, PageHead, Status, Table, Tone

_LOOK = [needs(Role.VIEWER)]
_MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparePage:
    """Context of the page."""

    head: PageHead
    before: str
    after: str
    metrics: Table
    signature: tuple[DiffLine, ...]
    params: tuple[DiffLine, ...]
    origin: tuple[DiffLine, ...]


@get("/projects/{project:str}/models/{model:str}/compare", guards=_LOOK, sync_to_thread=True)
def compare_page(  # noqa: PLR0913, PLR0917  # services
    project: FromPath[str],
    model: FromPath[str],
    a: FromQuery[int],
    b: FromQuery[int],
    catalogue: Service[Catalogue],
    aliases: Service[Aliases],
    cards: Service[Cards],
    files: Service[Files],
    lineage: Service[Lineage],
    page: Service[PageRenderer],
) -> HTML:
    """Compare version `a` with version `b`."""
    desk = Desk(catalogue, aliases, cards, lineage, files)
    before, after = desk.facts(project, model, a), desk.facts(project, model, b)
    here = path_of("projects", project, "models", model)
    signature = _differing(_signature(before), _signature(after))
    params = _differing(_params(before), _params(after))
    context = ComparePage(
        head=PageHead(
            kind="compare",
            title=f"{model} v{a} with v{b}",
            status=_status(before, after, signature, params),
            crumbs=(Link(text="models", href=path_of("projects", project, "models")), Link(text=model, href=here)),
            links=(
                Link(text=f"v{a}", href=f"{here}/versions/{a}"),
                Link(text=f"v{b}", href=f"{here}/versions/{b}"),
            ),
        ),
        before=f"v{a}",
        after=f"v{b}",
        metrics=_metrics(before, after),
        signature=signature,
        params=params,
        origin=_differing(_origin(before), _origin(after)),
    )
    return page.show("governance/compare.html", context, section="models")


def _status(
    before: VersionFacts, after: VersionFacts, signature: tuple[DiffLine, ...], params: tuple[DiffLine, ...]
) -> Status:
    counts = f"{len(params)} parameter{'' if len(params) == 1 else 's'} differ"
    taken = (
        f"what they take and give differs in {len(signature)} columns" if signature else "both take and give the same"
    )
    states = (f"v{one.record.version.number} is {status_of(one).word}" for one in (before, after))
    why = f"{', '.join(states)}; {taken}; {counts}."
    word, tone = ("incompatible", Tone.ACT) if signature else ("compatible", Tone.GOOD)
    return Status(word=word, tone=tone, why=why)


def _metrics(before: VersionFacts, after: VersionFacts) -> Table:
    old, new = metrics_of(before), metrics_of(after)
    return Table(
        caption="Metrics",
        columns=(
            Column(title="metric"),
            Column(title=f"v{before.record.version.number}", is_number=True),
            Column(title=f"v{after.record.version.number}", is_number=True),
            Column(title="difference", is_number=True),
            Column(title="of the first", unit="%", is_number=True),
        ),
        rows=tuple(_metric(key, old.get(key), new.get(key)) for key in sorted({*old, *new})[:_MOST]),
        empty=EmptyState(title="No metrics were logged for either"),
    )


def _metric(key: str, old: float | None, new: float | None) -> tuple[Cell, ...]:
    gap = None if old is None or new is None else new - old
    return (
        Cell(text=key),
        Cell(text=MISSING if old is None else number(old, 5)),
        Cell(text=MISSING if new is None else number(new, 5)),
        Cell(text=MISSING if gap is None else number(gap, 3)),
        Cell(text=MISSING if gap is None or not old else percent(gap / abs(old), 1).rstrip("%").strip()),
    )


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[DiffLine, ...]:
    keys = [key for key in dict.fromkeys((*old, *new)) if old.get(key) != new.get(key)]
    return tuple(DiffLine(label=key, before=old.get(key, MISSING), after=new.get(key, MISSING)) for key in keys[:_MOST])


def _signature(facts: VersionFacts) -> dict[str, str]:
    return {f"{one.role} {one.name}": f"{one.datatype} {one.note}".strip() for one in facts.columns}


def _params(facts: VersionFacts) -> Mapping[str, str]:
    return {} if facts.run is None else facts.run.params


def _origin(facts: VersionFacts) -> dict[str, str]:
    """Give the data, code and environment upstream, by kind and name."""
    kinds = {NodeKind.DATASET, NodeKind.CODE, NodeKind.ENVIRONMENT, NodeKind.JOB}
    told = [one for one in facts.around.nodes.values() if one.node.kind in kinds]
    return {f"{one.node.kind} {one.title}": "stands on it" for one in sorted(told, key=lambda one: str(one.node))}


PAGES = (compare_page,)

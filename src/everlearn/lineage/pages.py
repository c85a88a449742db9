"""The page of lineage: what a node stands on and what came of it, as a drawing and as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from litestar import get

from everlearn.access import Role
from everlearn.core.lineage import Edge, Node, NodeKind
from everlearn.lineage.drawing import Part, draw, href_of, tone_of
from everlearn.lineage.model import Answer, BadNodeError, Direction, Learned, NodeNotFoundError, Question, Told
from everlearn.lineage.service import Lineage
from everlearn.lineage.words import short
from everlearn.web import HTML, FromPath, FromQuery, PageRenderer, Service, needs
from everlearn.web.formats import instant, minute
from everlearn.web.links import asked, path_of
from everlearn.web.plots.graph import GraphDrawing, GraphPlot, draw_graph
from everlearn.web.view import Cell, Choice, Column, EmptyState, Filter, Link, PageHead, Status, Table, Tone

_LOOK = [needs(Role.VIEWER)]
_ROWS = 60
_DEPTHS = {"1": 1, "2": 2, "3": 3, "5": 5}
_WAYS = {"": "both ways", "upstream": "upstream", "downstream": "downstream"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LineagePage:
    """Context of the page."""

    head: PageHead
    action: str
    node: str
    problem: str
    is_data: bool
    filters: tuple[Filter, ...]
    graph: GraphDrawing
    learned: Table
    nodes: Table
    edges: Table
    starts: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Both directions of an answer together; upstream depths are told as negative."""

    starts: Sequence[Node]
    nodes: dict[Node, Told]
    edges: Sequence[Edge]
    is_complete: bool


@get("/projects/{project:str}/lineage", guards=_LOOK, sync_to_thread=True)
def lineage_page(
    project: FromPath[str],
    lineage: Service[Lineage],
    page: Service[PageRenderer],
    node: FromQuery[str | None] = None,
    way: FromQuery[str | None] = None,
    depth: FromQuery[str | None] = None,
) -> HTML:
    """Show a node among what it stands on and what came of it."""
    wanted = (node or "").strip()
    here = path_of("projects", project, "lineage")
    found, learned, problem = None, None, ""
    if wanted:
        try:
            found = look_around(lineage, project, wanted, way=way or "", depth=_DEPTHS.get(depth or ""))
            if all(one.kind is NodeKind.DATASET for one in found.starts):
                learned = lineage.learned_from(project, wanted)
        except (BadNodeError, NodeNotFoundError) as error:
            problem = error.message
    context = LineagePage(
        head=_head(project, wanted, found, learned),
        action=here,
        node=wanted,
        problem=problem,
        is_data=learned is not None,
        filters=_filters(here, wanted, way or "", depth or ""),
        graph=graph_of(project, found),
        learned=_learned_table(project, found, learned),
        nodes=_nodes_table(project, found),
        edges=edges_table(project, found),
        starts=_starts_table(),
    )
    return page.show("lineage/graph.html", context, section="lineage")


def look_around(
    lineage: Lineage, project: str, start: str, *, way: str = "", depth: int | None = None, is_live: bool = False
) -> Found:
    """Ask in both directions, or one."""
    wanted = [Direction(way)] if way in set(Direction) else list(Direction)
    answers = [
        lineage.ask(project, Question(start=start, direction=direction, depth=depth, is_live=is_live))
        for direction in wanted
    ]
    return joined(answers)


def joined(answers: Sequence[Answer]) -> Found:
    """Put answers about the same start together."""
    return Found(
        starts=answers[0].starts,
        nodes={told.node: told for answer in reversed(answers) for told in answer.nodes},
        edges=list(dict.fromkeys(edge for answer in answers for edge in answer.edges)),
        is_complete=all(answer.is_complete for answer in answers),
    )


def graph_of(project: str, found: Found | None) -> GraphDrawing:
    """Draw what was found; nothing, where nothing was asked."""
    if found is None:
        return draw_graph(GraphPlot(title="Lineage", nodes=(), edges=()))
    return draw("Lineage", Part(project, frozenset(found.starts), found.nodes, found.edges))


def _head(project: str, wanted: str, found: Found | None, learned: Learned | None) -> PageHead:
    if found is None:
        return PageHead(title="Lineage")
    told = found.nodes[found.starts[0]]
    is_one = len(found.starts) == 1
    api = path_of("api", "projects", project, "lineage")
    return PageHead(
        kind=str(told.node.kind).replace("-", " "),
        title=told.title if is_one else wanted.partition(":")[2],
        status=_status(found, learned),
        crumbs=(Link(text="lineage", href=path_of("projects", project, "lineage")),),
        links=tuple(Link(text=f"JSON {way}", href=asked(f"{api}/{way}", node=wanted)) for way in Direction),
    )


def _status(found: Found, learned: Learned | None) -> Status:
    counts: dict[NodeKind, int] = {}
    for node in found.nodes:
        if node not in found.starts:
            counts[node.kind] = counts.get(node.kind, 0) + 1
    around = ", ".join(
        f"{count:,} {kind.replace('-', ' ')}{'s' if count > 1 else ''}" for kind, count in counts.items()
    )
    more = "" if found.is_complete else " There is more than is looked at here."
    if found.starts[0].kind is NodeKind.DEPLOYMENT:
        answers = found.nodes[found.starts[0]].note or "nothing answers"
        return Status(word="in traffic", tone=Tone.GOOD, why=f"{answers}; connected with {around}.{more}")
    if learned is None:
        return Status(word="known", tone=Tone.IDLE, why=f"Connected with {around or 'nothing'}.{more}")
    if not learned.deployments:
        return Status(word="not in traffic", tone=Tone.IDLE, why=f"No version in traffic learned from it.{more}")
    told = ", ".join(f"{one.model} v{one.version} ({one.role.removesuffix(' of')})" for one in learned.deployments[:5])
    rest = len(learned.deployments) - 5
    return Status(
        word="in traffic",
        tone=Tone.WATCH,
        why=f"Learned by {told}{f' and {rest} more' if rest > 0 else ''}.{more}",
    )


def _filters(here: str, node: str, way: str, depth: str) -> tuple[Filter, ...]:
    ways = tuple(
        Choice(text=text, href=asked(here, node=node, way=key, depth=depth), is_chosen=key == way)
        for key, text in _WAYS.items()
    )
    depths = tuple(
        Choice(text=text, href=asked(here, node=node, way=way, depth=key), is_chosen=key == depth)
        for key, text in (("", "all"), *((key, key) for key in _DEPTHS))
    )
    return Filter(label="Way", choices=ways), Filter(label="Steps", choices=depths)


def _learned_table(project: str, found: Found | None, learned: Learned | None) -> Table:
    words = {} if found is None else found.nodes
    rows = () if learned is None else learned.deployments
    return Table(
        caption="Versions in traffic that learned from it",
        columns=(
            Column(title="version"),
            Column(title="role"),
            Column(title="since", unit="UTC"),
            Column(title="by way of", is_prose=True),
        ),
        rows=tuple(
            (
                Cell(
                    text=f"{one.model} v{one.version}",
                    href=href_of(project, Node(NodeKind.VERSION, f"{one.model}/{one.version}")),
                ),
                Cell(text=one.role.removesuffix(" of")),
                Cell(text=minute(one.since), title=instant(one.since)),
                Cell(text=" \u2192 ".join(_title(edge.source, words) for edge in one.path)),
            )
            for one in rows[:_ROWS]
        ),
        empty=EmptyState(title="No version in traffic learned from it"),
    )


def _nodes_table(project: str, found: Found | None) -> Table:
    told = [] if found is None else sorted(found.nodes.values(), key=_by_interest)
    return Table(
        caption=f"Nodes{f' (the first {_ROWS} of {len(told):,})' if len(told) > _ROWS else ''}",
        columns=(
            Column(title="steps", is_number=True),
            Column(title="kind"),
            Column(title="what"),
            Column(title="state"),
            Column(title="node"),
        ),
        rows=tuple(
            (
                Cell(text=str(one.depth)),
                Cell(text=one.node.kind.replace("-", " ")),
                Cell(text=one.title, href=href_of(project, one.node)),
                Cell(text=one.note, tone=tone_of(one)) if one.note else Cell(text=""),
                Cell(
                    text=_named(one.node),
                    title=str(one.node),
                    is_code=True,
                    href=asked(path_of("projects", project, "lineage"), node=str(one.node)),
                ),
            )
            for one in told[:_ROWS]
        ),
        empty=EmptyState(title="Nothing is connected with it"),
    )


def edges_table(project: str, found: Found | None) -> Table:
    """List what was what to whom."""
    edges = [] if found is None else found.edges
    words = {} if found is None else found.nodes
    return Table(
        caption=f"Relations{f' (the first {_ROWS} of {len(edges):,})' if len(edges) > _ROWS else ''}",
        columns=(
            Column(title="what"),
            Column(title="was"),
            Column(title="whose"),
            Column(title="from", unit="UTC"),
            Column(title="to", unit="UTC"),
        ),
        rows=tuple(
            (
                _node_cell(project, edge.source, words),
                Cell(text=f"{edge.relation} {edge.note}".strip()),
                _node_cell(project, edge.target, words),
                Cell(text=minute(edge.recorded_at), title=instant(edge.recorded_at)),
                Cell(text="" if edge.ended_at is None else minute(edge.ended_at)),
            )
            for edge in edges[:_ROWS]
        ),
        empty=EmptyState(title="Nothing is connected with it"),
    )


def _by_interest(told: Told) -> tuple[bool, int, str]:
    """Versions and deployments first, of the rest the nearest."""
    return told.node.kind not in {NodeKind.VERSION, NodeKind.DEPLOYMENT}, told.depth, str(told.node)


def _node_cell(project: str, node: Node, words: Mapping[Node, Told]) -> Cell:
    return Cell(text=_title(node, words), href=href_of(project, node), title=str(node))


def _title(node: Node, words: Mapping[Node, Told]) -> str:
    return words[node].title if node in words else _named(node)


def _starts_table() -> Table:
    examples = (
        ("deployment:MODEL", "what answers for a model stands on: versions, runs, data, code, decisions"),
        ("dataset:NAME or dataset:NAME@VERSION", "what came of data, and which versions in traffic learned from it"),
        ("digest:DIGEST", "the same, for whatever has these bytes under any name"),
        ("version:MODEL/NUMBER, models:/MODEL@ALIAS", "a version among both"),
        ("code:COMMIT", "everything that was started from a commit"),
        ("job:NAMESPACE/NAME", "a job of another system that told us in OpenLineage"),
    )
    return Table(
        caption="What can be asked",
        columns=(Column(title="node"), Column(title="shows", is_prose=True)),
        rows=tuple((Cell(text=node, is_code=True), Cell(text=shows)) for node, shows in examples),
        empty=EmptyState(title="Nothing"),
    )


def _named(node: Node) -> str:
    name, _, digest = node.id.rpartition("@")
    cut = f"{name}@{short(digest)}" if name else short(node.id) if len(node.id) > 60 else node.id
    return f"{node.kind}:{cut}"


PAGES = (lineage_page,)

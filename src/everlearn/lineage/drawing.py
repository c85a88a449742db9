"""An answer as a drawing: from left to right, what many look-alikes would hide put together into one box."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from everlearn.core.lineage import Edge, Node, NodeKind
from everlearn.lineage.model import Told
from everlearn.web.links import asked, path_of
from everlearn.web.plots.graph import Edge as DrawnEdge
from everlearn.web.plots.graph import GraphDrawing, GraphPlot, draw_graph
from everlearn.web.plots.graph import Node as Box
from everlearn.web.view import Tone

ALIKE = 4  # boxes of one kind that come of the same; more are put together
_MOST_KEPT = 150  # boxes that are kept because they lead to something in traffic
_ENDS = frozenset({NodeKind.VERSION, NodeKind.DEPLOYMENT})
_TONES = {
    "live": Tone.GOOD,
    "finished": Tone.GOOD,
    "pass": Tone.GOOD,
    "promoted": Tone.GOOD,
    "complete": Tone.GOOD,
    "running": Tone.WATCH,
    "candidate": Tone.WATCH,
    "submitted": Tone.WATCH,
    "failed": Tone.STOPPED,
    "fail": Tone.STOPPED,
    "rejected": Tone.STOPPED,
    "rolled back": Tone.STOPPED,
}
_PLURALS = {
    NodeKind.DATASET: "data sets",
    NodeKind.CODE: "commits",
    NodeKind.ENVIRONMENT: "environments",
    NodeKind.JOB: "jobs",
    NodeKind.PIPELINE_RUN: "pipeline runs",
    NodeKind.RUN: "runs",
    NodeKind.LOGGED_MODEL: "logged models",
    NodeKind.DECISION: "decisions",
    NodeKind.ROLLOUT: "rollouts",
    NodeKind.VERSION: "versions",
    NodeKind.DEPLOYMENT: "deployments",
}


@dataclass(frozen=True, slots=True)
class Part:
    """Nodes and edges to draw, with where they were asked from."""

    project: str
    starts: frozenset[Node]
    nodes: Mapping[Node, Told]
    edges: Sequence[Edge]


@dataclass(slots=True)
class _Boxes:
    """Which box stands for which node."""

    of: dict[Node, str] = field(default_factory=dict)
    boxes: dict[str, Box] = field(default_factory=dict)


def draw(title: str, part: Part) -> GraphDrawing:
    """Draw a part of the graph. Edges that close a ring are left to the table beside it."""
    placed = _placed(part)
    between = {
        (placed.of[edge.source], placed.of[edge.target])
        for edge in part.edges
        if edge.source in placed.of and edge.target in placed.of
    }
    edges = _without_rings(sorted(one for one in between if one[0] != one[1]))
    return draw_graph(
        GraphPlot(
            title=title,
            nodes=tuple(placed.boxes.values()),
            edges=tuple(DrawnEdge(source, target) for source, target in edges),
        )
    )


def href_of(project: str, node: Node) -> str:
    """Give the page of a node; what has none of its own, its place in the graph."""
    own = ("projects", project)
    match node.kind:
        case NodeKind.RUN:
            return path_of(*own, "runs", node.id)
        case NodeKind.PIPELINE_RUN:
            return path_of(*own, "pipeline-runs", node.id)
        case NodeKind.DECISION:
            return path_of(*own, "decisions", node.id)
        case NodeKind.VERSION:
            model, _, number = node.id.rpartition("/")
            return path_of(*own, "models", model, "versions", number)
        case NodeKind.DEPLOYMENT:
            return path_of(*own, "models", node.id)
        case _:
            return asked(path_of(*own, "lineage"), node=str(node))


def tone_of(told: Told) -> Tone:
    """Read how urgent a node is out of its state."""
    words = told.note.lower().replace(",", " ").split()
    known = [_TONES[word] for word in ("rolled back", *words) if word in _TONES and word in told.note.lower()]
    return Tone.GOOD if told.node.kind is NodeKind.DEPLOYMENT else known[0] if known else Tone.IDLE


def _placed(part: Part) -> _Boxes:
    """Give every node its box, level by level from the starts, so that look-alikes of look-alikes meet."""
    placed, kept = _Boxes(), _kept(part)
    nearer = _nearer(part)
    levels: dict[int, list[Told]] = {}
    for told in part.nodes.values():
        levels.setdefault(told.depth, []).append(told)
    for _, level in sorted(levels.items()):
        alike: dict[tuple[NodeKind, frozenset[str]], list[Told]] = {}
        for told in level:
            key = (
                told.node.kind,
                frozenset(placed.of[near] for near in nearer.get(told.node, ()) if near in placed.of),
            )
            alike.setdefault(key, []).append(told)
        for (kind, _), members in alike.items():
            rest = [one for one in members if one.node not in kept]
            single = members if len(rest) <= ALIKE else [one for one in members if one.node in kept]
            for told in single:
                _put_single(placed, part, told)
            if len(rest) > ALIKE:
                _put_together(placed, kind, rest)
    return placed


def _put_single(placed: _Boxes, part: Part, told: Told) -> None:
    name = str(told.node)
    placed.of[told.node] = name
    note = told.note or _PLURALS[told.node.kind].removesuffix("s")
    label = f"\u25b8 {told.title}" if told.node in part.starts else told.title
    placed.boxes[name] = Box(id=name, label=label, note=note, tone=tone_of(told), href=href_of(part.project, told.node))


def _put_together(placed: _Boxes, kind: NodeKind, members: Sequence[Told]) -> None:
    name = f"{len(members)} {_PLURALS[kind]} like {members[0].node}"
    placed.of |= {told.node: name for told in members}
    placed.boxes[name] = Box(id=name, label=f"{len(members):,} {_PLURALS[kind]}", note="see the table")


def _kept(part: Part) -> frozenset[Node]:
    """Give what lies on a way from a start to a version or a deployment, as long as that is not too much."""
    nearer = _nearer(part)
    kept = dict.fromkeys(part.starts)
    for end in [node for node in part.nodes if node.kind in _ENDS]:
        way, queue = [end], [end]
        while queue:
            for near in nearer.get(queue.pop(), ()):
                if near not in way and near not in kept:
                    way.append(near)
                    queue.append(near)
        if len(kept) + len(way) > _MOST_KEPT:
            break
        kept |= dict.fromkeys(way)
    return frozenset(kept)


def _nearer(part: Part) -> Mapping[Node, list[Node]]:
    """Give for each node its neighbours that are nearer to the starts."""
    found: dict[Node, list[Node]] = {}
    for edge in part.edges:
        for node, near in ((edge.source, edge.target), (edge.target, edge.source)):
            if node in part.nodes and near in part.nodes and part.nodes[near].depth < part.nodes[node].depth:
                found.setdefault(node, []).append(near)
    return found


def _without_rings(edges: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out the edges that close rings, one for each ring that is found."""
    left = list(edges)
    while True:
        needs: dict[str, set[str]] = {}
        for source, target in left:
            needs.setdefault(target, set()).add(source)
        try:
            TopologicalSorter(needs).prepare()
        except CycleError as error:
            ring = error.args[1]  # each needs the one before it, and the last is the first again
            left.remove((ring[-2], ring[-1]))
        else:
            return left

"""A graph of steps from left to right: each step stands after all that it needs.

Layers by longest path; long edges get invisible way-points, so that they run between the boxes and not over them;
the order within a layer follows the neighbours' (barycentres, a few sweeps; Sugiyama, Tagawa and Toda 1981).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from everlearn.core.errors import InvalidError
from everlearn.web.plots.paths import curve

_NODE_WIDTH, _NODE_HEIGHT = 168, 48
_GAP_X, _GAP_Y = 44, 18
_MARGIN = 8
_SWEEPS = 6
_LABEL_LIMIT, _NOTE_LIMIT = 17, 21


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One step."""

    id: str
    label: str
    note: str = ""  # second line: "2.1 s, cached"
    tone: str = "idle"
    href: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """`target` needs `source`."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphPlot:
    """What to draw."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnNode:
    """A step as a box."""

    x: float
    y: float
    width: float
    height: float
    label: str
    note: str
    title: str
    tone: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphDrawing:
    """Ready for the template `web/plots/graph.html`."""

    title: str
    width: int
    height: int
    nodes: tuple[DrawnNode, ...]
    edges: tuple[str, ...]  # path data
    rows: tuple[tuple[str, str, str], ...]  # step, note, needs
    is_empty: bool
    unit: str = ""
    csv_href: str = ""


def draw_graph(plot: GraphPlot) -> GraphDrawing:
    """Compute the whole plot.

    Raises
    ------
    InvalidError
        When the edges form a ring or name a step that is not there.
    """
    layers = _layers(plot)
    chains = [_chain(edge, layers) for edge in plot.edges]
    columns = _ordered(_columns(layers, chains), chains)
    tallest = max((len(column) for column in columns), default=1)
    places = _places(columns, tallest)
    return GraphDrawing(
        title=plot.title,
        width=2 * _MARGIN + len(columns) * _NODE_WIDTH + max(len(columns) - 1, 0) * _GAP_X,
        height=2 * _MARGIN + tallest * _NODE_HEIGHT + (tallest - 1) * _GAP_Y,
        nodes=tuple(_drawn(node, places[node.id]) for node in plot.nodes),
        edges=tuple(_edge_path(chain, places) for chain in chains),
        rows=tuple(
            (node.label, node.note, ", ".join(edge.source for edge in plot.edges if edge.target == node.id))
            for node in plot.nodes
        ),
        is_empty=not plot.nodes,
    )


def _layers(plot: GraphPlot) -> dict[str, int]:
    known = {node.id for node in plot.nodes}
    needs: dict[str, set[str]] = {node.id: set() for node in plot.nodes}
    for edge in plot.edges:
        if not {edge.source, edge.target} <= known:
            raise InvalidError(f"the edge {edge.source} to {edge.target} names a step that is not in the graph")
        needs[edge.target].add(edge.source)
    try:
        order = list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        raise InvalidError("the steps need each other in a ring") from error
    layers: dict[str, int] = {}
    for node in order:
        layers[node] = 1 + max((layers[needed] for needed in needs[node]), default=-1)
    for node in (node for node in order if not needs[node]):  # what needs nothing stands beside what needs it first
        layers[node] = min((layers[edge.target] for edge in plot.edges if edge.source == node), default=1) - 1
    return layers


def _chain(edge: Edge, layers: Mapping[str, int]) -> tuple[str, ...]:
    between = range(layers[edge.source] + 1, layers[edge.target])
    return (edge.source, *(f"\0{edge.source}\0{edge.target}\0{layer}" for layer in between), edge.target)


def _columns(layers: Mapping[str, int], chains: Sequence[tuple[str, ...]]) -> list[list[str]]:
    columns: list[list[str]] = [[] for _ in range(max(layers.values(), default=-1) + 1)]
    for node, layer in layers.items():
        columns[layer].append(node)
    for chain in chains:
        for offset, waypoint in enumerate(chain[1:-1], start=1):
            columns[layers[chain[0]] + offset].append(waypoint)
    return columns


def _ordered(columns: list[list[str]], chains: Sequence[tuple[str, ...]]) -> list[list[str]]:
    before: dict[str, list[str]] = defaultdict(list)
    after: dict[str, list[str]] = defaultdict(list)
    for chain in chains:
        for source, target in pairwise(chain):
            before[target].append(source)
            after[source].append(target)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        neighbours = before if forward else after
        rank = {node: index for column in columns for index, node in enumerate(column)}
        for column in columns if forward else reversed(columns):
            column.sort(key=lambda node: _barycentre(node, neighbours, rank))
            rank |= {node: index for index, node in enumerate(column)}
    return columns


def _barycentre(node: str, neighbours: Mapping[str, Sequence[str]], rank: Mapping[str, int]) -> float:
    near = neighbours.get(node, ())
    return sum(rank[each] for each in near) / len(near) if near else rank[node]


def _places(columns: Sequence[Sequence[str]], tallest: int) -> dict[str, tuple[float, float]]:
    places = {}
    for index, column in enumerate(columns):
        x = _MARGIN + index * (_NODE_WIDTH + _GAP_X)
        offset = (tallest - len(column)) * (_NODE_HEIGHT + _GAP_Y) / 2
        for row, node in enumerate(column):
            places[node] = (float(x), _MARGIN + offset + row * (_NODE_HEIGHT + _GAP_Y))
    return places


def _edge_path(chain: Sequence[str], places: Mapping[str, tuple[float, float]]) -> str:
    parts = []
    for source, target in pairwise(chain):
        (x_from, y_from), (x_to, y_to) = places[source], places[target]
        start = (x_from + _NODE_WIDTH, y_from + _NODE_HEIGHT / 2)
        end = (x_to, y_to + _NODE_HEIGHT / 2)
        parts.append(curve(start, end))
        if target.startswith("\0"):  # straight through the way-point's column
            parts.append(f"L{x_to + _NODE_WIDTH:g},{end[1]:g}")
    return " ".join(parts)


def _drawn(node: Node, place: tuple[float, float]) -> DrawnNode:
    return DrawnNode(
        x=place[0],
        y=place[1],
        width=_NODE_WIDTH,
        height=_NODE_HEIGHT,
        label=_cut(node.label, _LABEL_LIMIT),
        note=_cut(node.note, _NOTE_LIMIT),
        title=f"{node.label} {node.note} ({node.tone})".replace("  ", " "),
        tone=node.tone,
        href=node.href,
    )


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "\u2026"

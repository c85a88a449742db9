"""Walking over a graph that is not in memory: level by level, each node once, so that rings end."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from everlearn.core.lineage import Edge, Node


@dataclass(frozen=True, slots=True)
class Reach:
    """Edges that leave some nodes in the direction of the walk."""

    edges: Sequence[Edge]
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk came to."""

    depths: Mapping[Node, int]  # steps from the nearest start, in the order in which nodes were found
    edges: Sequence[Edge]  # each once, both of their ends found
    is_complete: bool  # False: a bound was met, there is more


Expand = Callable[[Sequence[Node]], Reach]


def walk(starts: Iterable[Node], expand: Expand, *, is_downwards: bool, depth: int | None, most: int) -> Walked:
    """Find all that can be reached in at most `depth` steps (None: any number), `most` nodes at the most.

    Every node is expanded at most once: O(nodes + edges) edges, one call of `expand` for each level.
    """
    depths = dict.fromkeys(starts, 0)
    edges: dict[Edge, None] = {}
    frontier, level, is_complete = list(depths), 0, True
    while frontier and (depth is None or level < depth):
        level += 1
        reach = expand(frontier)
        is_complete = is_complete and reach.is_complete
        frontier = []
        for edge in sorted(reach.edges, key=_order):
            far = edge.target if is_downwards else edge.source
            if far not in depths:
                if len(depths) >= most:
                    is_complete = False
                    continue
                depths[far] = level
                frontier.append(far)
            edges[edge] = None
    return Walked(depths, list(edges), is_complete)


def _order(edge: Edge) -> tuple[Node, Node, str, datetime]:
    return edge.source, edge.target, edge.relation, edge.recorded_at


def path_to(end: Node, walked: Walked) -> list[Edge]:
    """Give a shortest way from a start of a downward walk to a node that it found."""
    into: dict[Node, Edge] = {}
    for edge in walked.edges:
        if walked.depths[edge.source] + 1 == walked.depths[edge.target]:
            into.setdefault(edge.target, edge)
    way = []
    while end in into:
        way.append(into[end])
        end = into[end].source
    return way[::-1]

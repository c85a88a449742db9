"""Answers as programs read them: the same over HTTP and from the command line."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from everlearn.core.errors import InvalidError
from everlearn.core.lineage import Edge
from everlearn.core.page import page_of
from everlearn.lineage.model import Answer, Learned


class NodeTold(msgspec.Struct, frozen=True):
    """A node that was found."""

    node: str
    kind: str
    depth: int
    title: str
    note: str


class EdgeTold(msgspec.Struct, frozen=True):
    """An edge that was walked; `ended_at` null: it still holds."""

    source: str
    relation: str
    target: str
    recorded_at: datetime
    ended_at: datetime | None
    note: str


class Graph(msgspec.Struct, frozen=True):
    """A page of the nodes, nearest first, with the edges between all nodes that were walked (on the first page)."""

    starts: Sequence[str]
    items: Sequence[NodeTold]
    edges: Sequence[EdgeTold]
    next: str | None
    is_complete: bool  # false: the graph is larger than what one question looks at


class LearnedTold(msgspec.Struct, frozen=True):
    """A version in traffic, and the way from the data to it."""

    model: str
    version: int
    role: str
    since: datetime
    path: Sequence[EdgeTold]


class LearnedList(msgspec.Struct, frozen=True):
    """Every version in traffic that learned from data."""

    data: Sequence[str]
    items: Sequence[LearnedTold]
    next: str | None
    is_complete: bool


def graph_of(answer: Answer, *, after: str | None, limit: int) -> Graph:
    """Cut a page out of an answer; keys go by depth and name."""
    rows = [
        NodeTold(node=str(one.node), kind=one.node.kind, depth=one.depth, title=one.title, note=one.note)
        for one in sorted(answer.nodes, key=lambda one: (one.depth, str(one.node)))
    ]
    if after is not None:
        depth, _, name = after.partition("~")
        if not depth.isdecimal() or len(depth) > 6:
            raise InvalidError("not a key of this list; take `next` from the page before")
        rows = [row for row in rows if (row.depth, row.node) > (int(depth), name)]
    page = page_of(rows[: limit + 1], limit=limit, key=lambda row: f"{row.depth}~{row.node}")
    return Graph(
        starts=[str(node) for node in answer.starts],
        items=page.items,
        edges=[] if after is not None else [_edge(edge) for edge in answer.edges],
        next=page.next,
        is_complete=answer.is_complete,
    )


def learned_list(found: Learned) -> LearnedList:
    """Write an answer for programs."""
    items = [
        LearnedTold(
            model=one.model,
            version=one.version,
            role=one.role,
            since=one.since,
            path=[_edge(edge) for edge in one.path],
        )
        for one in found.deployments
    ]
    return LearnedList(data=[str(node) for node in found.data], items=items, next=None, is_complete=found.is_complete)


def _edge(edge: Edge) -> EdgeTold:
    return EdgeTold(
        source=str(edge.source),
        relation=edge.relation,
        target=str(edge.target),
        recorded_at=edge.recorded_at,
        ended_at=edge.ended_at,
        note=edge.note,
    )

"""Asking where things come from and what came of them, in one consistent state of all tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from everlearn.core.clock import Clock
from everlearn.core.lineage import NOT_LEARNED, Edge, Node, NodeKind, split_version
from everlearn.db import Database, Tx
from everlearn.lineage.growth import grown_data
from everlearn.lineage.model import (
    MOST_NODES,
    Answer,
    BadNodeError,
    Direction,
    Learned,
    LearnedBy,
    Question,
    Told,
)
from everlearn.lineage.starts import starts_of
from everlearn.lineage.threads import DOWN, UP, expansion
from everlearn.lineage.walk import Reach, Walked, path_to, walk
from everlearn.lineage.words import short, told
from everlearn.serving.store.lineage import deployed_models

_DEPLOYMENTS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Lineage:
    """The graph of everything, read from the tables of all domains when it is asked for."""

    db: Database
    clock: Clock

    def ask(self, project: str, question: Question) -> Answer:
        """Walk from a node as far as the question goes; at most `MOST_NODES` nodes are looked at.

        Raises
        ------
        BadNodeError, NodeNotFoundError
            When the start names nothing.
        """
        is_downwards = question.direction is Direction.DOWNSTREAM
        admits = _admission(
            question.as_of or self.clock.now(), is_live=question.is_live, is_learned=question.is_learned
        )
        with self.db.read() as tx:
            starts = starts_of(tx, project, question.start)
            expand = expansion(tx, project, DOWN if is_downwards else UP, admits)
            walked = walk(starts, expand, is_downwards=is_downwards, depth=question.depth, most=MOST_NODES)
            return _answer(tx, project, starts, walked, question)

    def learned_from(self, project: str, data: str, *, as_of: datetime | None = None) -> Learned:
        """Tell which versions in traffic learned from data, at an instant (None: now), each with the way there.

        Asked from the deployments upwards, which are few, and not from the data downwards, which thousands of runs
        may have read: the answer is complete whatever the data was used for besides.

        Raises
        ------
        BadNodeError, NodeNotFoundError
            When `data` names no data.
        """
        at = as_of or self.clock.now()
        with self.db.read() as tx:
            starts = starts_of(tx, project, data)
            if any(node.kind is not NodeKind.DATASET for node in starts):
                raise BadNodeError(f"not data: {data[:120]!r}; name a data set or a digest")
            admits = _admission(at, is_live=True, is_learned=True)
            grown = [edge for edge in grown_data(tx, project, [node.id for node in starts]) if admits(edge)]
            found, is_complete, after = list[LearnedBy](), True, ""
            while models := deployed_models(tx, project, after=after, limit=_DEPLOYMENTS_AT_ONCE):
                ends, after = [Node(NodeKind.DEPLOYMENT, model) for model in models], models[-1]
                expand = expansion(tx, project, UP, admits)
                above = walk(ends, expand, is_downwards=False, depth=None, most=MOST_NODES)
                is_complete = is_complete and above.is_complete
                below = walk(starts, _over([*grown, *above.edges]), is_downwards=True, depth=None, most=MOST_NODES * 2)
                found += _learners(below)
        return Learned(data=starts, deployments=found, is_complete=is_complete)


def _admission(at: datetime, *, is_live: bool, is_learned: bool) -> Callable[[Edge], bool]:
    def admits(edge: Edge) -> bool:
        if edge.recorded_at > at or (is_learned and edge.relation in NOT_LEARNED):
            return False
        return not is_live or edge.ended_at is None or edge.ended_at > at

    return admits


def _over(edges: Sequence[Edge]) -> Callable[[Sequence[Node]], Reach]:
    leaving: dict[Node, list[Edge]] = {}
    for edge in edges:
        leaving.setdefault(edge.source, []).append(edge)
    return lambda nodes: Reach([edge for node in nodes for edge in leaving.get(node, ())])


def _learners(walked: Walked) -> list[LearnedBy]:
    found = []
    for edge in walked.edges:
        key = split_version(edge.source.id)
        if edge.target.kind is not NodeKind.DEPLOYMENT or key is None:
            continue
        path = (*path_to(edge.source, walked), edge)
        found.append(LearnedBy(model=key[0], version=key[1], role=edge.relation, since=edge.recorded_at, path=path))
    return sorted(found, key=lambda one: (one.model, one.version))


def _answer(tx: Tx, project: str, starts: Sequence[Node], walked: Walked, question: Question) -> Answer:
    shown = [node for node in walked.depths if not question.kinds or node.kind in question.kinds]
    words = told(tx, project, shown)
    nodes = []
    for node in shown:
        title, note = words.get(node, (short(node.id), ""))
        nodes.append(Told(node=node, depth=walked.depths[node], title=title, note=note))
    at = question.as_of
    edges = [_as_of(edge, at) for edge in walked.edges] if at is not None else walked.edges
    return Answer(starts=starts, nodes=nodes, edges=edges, is_complete=walked.is_complete)


def _as_of(edge: Edge, at: datetime) -> Edge:
    """What ended later had not ended then."""
    return edge if edge.ended_at is None or edge.ended_at <= at else replace(edge, ended_at=None)

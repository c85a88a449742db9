"""Questions about lineage and their answers, as values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from everlearn.core.errors import InvalidError, NotFoundError
from everlearn.core.lineage import Edge, Node, NodeKind

MOST_NODES = 10_000
DIGEST = "digest"
"""The kind of a start that is any data of this digest, whatever its name."""

_ALIASED = re.compile(r"models:/([^/@]+)(?:/(\d+)|@(.+))")


class NodeNotFoundError(NotFoundError):
    """Nothing is known under this name."""

    code = "lineage.node_not_found"


class BadNodeError(InvalidError):
    """The text names no node."""

    code = "lineage.bad_node"


class Direction(StrEnum):
    """Which way a question goes."""

    UPSTREAM = "upstream"  # what does it stand on?
    DOWNSTREAM = "downstream"  # what came of it?


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked about a node."""

    start: str  # "version:eta/3", "dataset:flights@52", "digest:sha256:…"
    direction: Direction
    depth: int | None = None  # None: as far as it goes
    kinds: frozenset[NodeKind] = frozenset()  # of the nodes told; empty: all
    as_of: datetime | None = None  # recorded time; None: now
    is_live: bool = False  # of deployments, only those that stood at that moment
    is_learned: bool = False  # only along what leaves a trace in a model


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A node in words."""

    node: Node
    depth: int
    title: str
    note: str  # state, kind, size


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a question found, nearest first."""

    starts: Sequence[Node]
    nodes: Sequence[Told]  # of the kinds asked for, the starts among them
    edges: Sequence[Edge]  # all that were walked, whatever kinds are told
    is_complete: bool  # False: a bound was met, there is more


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedBy:
    """A version in traffic that learned from data."""

    model: str
    version: int
    role: str  # "champion of", "canary of", "shadow of"
    since: datetime  # recorded time
    path: Sequence[Edge]  # from the data to the deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """Every version in traffic that learned from data."""

    data: Sequence[Node]
    deployments: Sequence[LearnedBy]
    is_complete: bool


def split_start(text: str) -> tuple[str, str]:
    """Give kind and id of what somebody names.

    `models:/eta/3`, `models:/eta@champion` and `runs:/ID` mean what they mean to mlflow's client.

    Raises
    ------
    BadNodeError
        When it names no kind.
    """
    if text.startswith("runs:/"):
        return NodeKind.RUN, text.removeprefix("runs:/").strip("/").partition("/")[0]
    if named := _ALIASED.fullmatch(text):
        model, number, alias = named.groups()
        return NodeKind.VERSION, f"{model}/{number}" if number else f"{model}@{alias}"
    kind, _, node_id = text.partition(":")
    if kind.startswith("sha256"):
        return DIGEST, text
    if kind not in {*NodeKind, DIGEST} or not node_id:
        kinds = ", ".join((*NodeKind, DIGEST))
        raise BadNodeError(f"not a node: {text[:120]!r}; write KIND:ID, the kind one of {kinds}")
    return kind, node_id


def checked_kinds(kinds: Sequence[str]) -> frozenset[NodeKind]:
    """Read kinds of nodes.

    Raises
    ------
    BadNodeError
        When one is none.
    """
    unknown = [kind for kind in kinds if kind not in set(NodeKind)]
    if unknown:
        raise BadNodeError(f"not a kind of node: {unknown[0][:40]!r}; there are: {', '.join(NodeKind)}")
    return frozenset(NodeKind(kind) for kind in kinds)

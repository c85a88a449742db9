"""Lineage over JSON."""

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from everlearn.access import Role
from everlearn.core.clock import parse_instant
from everlearn.core.errors import InvalidError
from everlearn.core.lineage import NodeKind
from everlearn.core.page import checked_limit
from everlearn.lineage.answers import Graph, LearnedList, graph_of, learned_list
from everlearn.lineage.model import Direction, Question
from everlearn.lineage.service import Lineage
from everlearn.web import FromPath, FromQuery, Service, needs

_LOOK = [needs(Role.VIEWER)]
_LINEAGE = "/api/projects/{project:str}/lineage"
_DEEPEST = 1_000

Kinds = Annotated[list[NodeKind] | None, QueryParameter(name="kind", description="Tell only nodes of these kinds.")]


@get(f"{_LINEAGE}/{{direction:str}}", guards=_LOOK, sync_to_thread=True)
def walk_lineage(  # noqa: PLR0913, PLR0917  # every part of a question is one of the address
    project: FromPath[str],
    direction: FromPath[str],
    lineage: Service[Lineage],
    node: FromQuery[str],
    kind: Kinds = None,
    depth: FromQuery[int | None] = None,
    as_of: FromQuery[str | None] = None,
    live: FromQuery[bool] = False,  # noqa: FBT002  # named in the address
    learned: FromQuery[bool] = False,  # noqa: FBT002  # as above
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Graph:
    """Walk `upstream` (what does it stand on?) or `downstream` (what came of it?) from a node such as `version:eta/3`.

    `depth` bounds the steps, `kind` the nodes that are told, `as_of` the recorded time of what is known; `live` leaves
    out deployments that have ended, `learned` follows only what leaves a trace in a model.
    """
    if direction not in set(Direction):
        raise InvalidError(f"lineage is asked upstream or downstream, not {direction[:40]!r}")
    question = Question(
        start=node,
        direction=Direction(direction),
        depth=checked_depth(depth),
        kinds=frozenset(kind or ()),
        as_of=None if as_of is None else parse_instant(as_of),
        is_live=live,
        is_learned=learned,
    )
    return graph_of(lineage.ask(project, question), after=after, limit=checked_limit(limit))


@get(f"{_LINEAGE}/learned-from", guards=_LOOK, sync_to_thread=True)
def list_learned(
    project: FromPath[str],
    lineage: Service[Lineage],
    node: FromQuery[str],
    as_of: FromQuery[str | None] = None,
) -> LearnedList:
    """Tell which versions in traffic learned from data, by name (`dataset:flights`, `dataset:flights@3`) or digest."""
    found = lineage.learned_from(project, node, as_of=None if as_of is None else parse_instant(as_of))
    return learned_list(found)


def checked_depth(depth: int | None) -> int | None:
    """Refuse depths that mean nothing."""
    if depth is not None and not 0 <= depth <= _DEEPEST:
        raise InvalidError(f"depth is between 0 and {_DEEPEST}, not {depth}")
    return depth


HANDLERS = (list_learned, walk_lineage)

"""OpenLineage over HTTP: where its clients send events, and where others read ours.

`POST /api/v1/lineage` is what OpenLineage's clients and Marquez call; it is about the default project. The address of
another is `/projects/NAME/api/v1/lineage`, so that a client's base URL names the project, as with MLflow's protocol.
"""

from collections.abc import Sequence

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from everlearn.access import Role
from everlearn.core.json import JSONObject
from everlearn.core.lineage import Node, NodeKind
from everlearn.core.names import DEFAULT_PROJECT
from everlearn.core.page import Page
from everlearn.lineage.model import NodeNotFoundError, checked_kinds, split_start
from everlearn.lineage.openlineage.emission import Emission
from everlearn.lineage.openlineage.reception import Reception, Refused
from everlearn.web import Service, needs

_LOOK = [needs(Role.VIEWER)]
_TELL = [needs(Role.CONTRIBUTOR, otherwise=DEFAULT_PROJECT)]
_OWN, _OTHERS = "/api/v1/lineage", "/projects/{project:str}/api/v1/lineage"


class Summary(msgspec.Struct, frozen=True):
    """How many events of a batch were taken."""

    received: int
    successful: int
    failed: int


class BatchTaken(msgspec.Struct, frozen=True):
    """What became of a batch: `success`, or `partial_success` with the events that were not taken, and why."""

    status: str
    summary: Summary
    failed_events: Sequence[Refused]


@post(_OWN, guards=_TELL, status_code=201, sync_to_thread=True)
def take_event(data: JSONBody[JSONObject], reception: Service[Reception]) -> None:
    """Take a RunEvent, JobEvent or DatasetEvent of OpenLineage in. The same event again changes nothing."""
    reception.accept(DEFAULT_PROJECT, data)


@post(_OTHERS, guards=_TELL, status_code=201, sync_to_thread=True)
def take_event_of_project(project: FromPath[str], data: JSONBody[JSONObject], reception: Service[Reception]) -> None:
    """Take an event of OpenLineage in, about this project."""
    reception.accept(project, data)


@post(f"{_OWN}/batch", guards=_TELL, status_code=200, sync_to_thread=True)
def take_events(data: JSONBody[list[JSONObject]], reception: Service[Reception]) -> BatchTaken:
    """Take up to 1,000 events of OpenLineage in; those that are not well formed are told, the others are taken."""
    return _taken(data, reception.accept_all(DEFAULT_PROJECT, data))


@post(f"{_OTHERS}/batch", guards=_TELL, status_code=200, sync_to_thread=True)
def take_events_of_project(
    project: FromPath[str], data: JSONBody[list[JSONObject]], reception: Service[Reception]
) -> BatchTaken:
    """Take up to 1,000 events of OpenLineage in, about this project."""
    return _taken(data, reception.accept_all(project, data))


def _taken(sent: Sequence[JSONObject], refused: Sequence[Refused]) -> BatchTaken:
    return BatchTaken(
        status="partial_success" if refused else "success",
        summary=Summary(received=len(sent), successful=len(sent) - len(refused), failed=len(refused)),
        failed_events=refused,
    )


@get("/api/projects/{project:str}/openlineage/events", guards=_LOOK, sync_to_thread=True)
def list_own_events(
    project: FromPath[str],
    emission: Service[Emission],
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[JSONObject]:
    """List what ran here as RunEvents of OpenLineage, in the order of the log."""
    return emission.events(project, after=after, limit=limit)


@get("/api/projects/{project:str}/openlineage/received", guards=_LOOK, sync_to_thread=True)
def list_received_events(
    project: FromPath[str],
    reception: Service[Reception],
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[JSONObject]:
    """List the events that other systems sent, as they came."""
    return reception.events(project, after=after, limit=limit)


@get("/api/projects/{project:str}/openlineage/facets", guards=_LOOK, sync_to_thread=True)
def show_facets(project: FromPath[str], node: FromQuery[str], reception: Service[Reception]) -> JSONObject:
    """Give the newest facets of a job or of data that other systems named, such as `job:NAMESPACE/NAME`."""
    kind, node_id = split_start(node)
    (known,) = checked_kinds([kind])
    found = reception.facets(project, Node(NodeKind(known), node_id))
    if found is None:
        raise NodeNotFoundError(f"no event of another system named {node[:120]!r}")
    return found


HANDLERS = (
    take_event,
    take_event_of_project,
    take_events,
    take_events_of_project,
    list_own_events,
    list_received_events,
    show_facets,
)

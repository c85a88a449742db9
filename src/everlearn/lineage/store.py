"""What other systems told: rows in, edges out."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from everlearn.core.json import JSONObject, canonical_json
from everlearn.core.lineage import MOST_EDGES, Edge, Node, NodeKind, Relation
from everlearn.db import Tx, insert_for
from everlearn.lineage.tables import events, links, named


def insert_event(tx: Tx, project: str, *, digest: str, job: str | None, document: JSONObject, at: datetime) -> bool:
    """Keep an event; False when it is there already."""
    row = {
        "project": project,
        "digest": digest,
        "job": job,
        "document": canonical_json(document),
        "recorded_at": at,
    }
    statement = insert_for(tx, events).values(row).on_conflict_do_nothing()
    return tx.execute(statement.returning(events.c.no)).one_or_none() is not None


def list_events(tx: Tx, project: str, *, after: int, limit: int) -> list[tuple[int, JSONObject]]:
    """Give events with their numbers, in the order in which they came."""
    query = sa.select(events.c.no, events.c.document).where(events.c.project == project, events.c.no > after)
    rows = tx.execute(query.order_by(events.c.no).limit(limit))
    return [(row.no, json.loads(row.document)) for row in rows]


def put_named(
    tx: Tx,
    project: str,
    node: Node,
    *,
    address: tuple[str, str],
    facets: Mapping[str, Any],
    state: str,
    at: datetime,
) -> None:
    """Keep a job or data with its newest facets; facets that this event does not name stay."""
    key = {"project": project, "kind": node.kind.value, "id": node.id}
    before = tx.execute(sa.select(named.c.facets).filter_by(**key)).scalar_one_or_none()
    known = {} if before is None else json.loads(before)
    values = {"facets": canonical_json(known | dict(facets)), "last_at": at} | ({"state": state} if state else {})
    row = key | {"namespace": address[0], "name": address[1], "first_at": at, "state": state} | values
    statement = insert_for(tx, named).values(row)
    tx.execute(statement.on_conflict_do_update(index_elements=["project", "kind", "id"], set_=values))


def put_link(tx: Tx, project: str, *, job: str, direction: str, dataset: str, at: datetime) -> None:
    """Keep that a job reads or writes data; the first time counts."""
    row = {"project": project, "job": job, "direction": direction, "dataset": dataset, "first_at": at}
    tx.execute(insert_for(tx, links).values(row).on_conflict_do_nothing())


def facets_of(tx: Tx, project: str, node: Node) -> JSONObject | None:
    """Give the newest facets of a job or data; None: no event named it."""
    query = sa.select(named.c.facets).filter_by(project=project, kind=node.kind.value, id=node.id)
    found = tx.execute(query).scalar_one_or_none()
    return None if found is None else json.loads(found)


def data_read_by_jobs(tx: Tx, project: str, ids: Sequence[str]) -> list[Edge]:
    """Tell what jobs read."""
    return _links(tx, project, "input", links.c.job.in_(ids))


def readers_of_data(tx: Tx, project: str, ids: Sequence[str]) -> list[Edge]:
    """Tell which jobs read data."""
    return _links(tx, project, "input", links.c.dataset.in_(ids))


def data_written_by_jobs(tx: Tx, project: str, ids: Sequence[str]) -> list[Edge]:
    """Tell what jobs wrote."""
    return _links(tx, project, "output", links.c.job.in_(ids))


def writers_of_data(tx: Tx, project: str, ids: Sequence[str]) -> list[Edge]:
    """Tell which jobs wrote data."""
    return _links(tx, project, "output", links.c.dataset.in_(ids))


def _links(tx: Tx, project: str, direction: str, condition: sa.ColumnElement[bool]) -> list[Edge]:
    query = sa.select(links.c.job, links.c.dataset, links.c.first_at).where(
        links.c.project == project, links.c.direction == direction, condition
    )
    found = []
    for row in tx.execute(query.limit(MOST_EDGES)):
        job, data = Node(NodeKind.JOB, row.job), Node(NodeKind.DATASET, row.dataset)
        if direction == "input":
            found.append(Edge(data, job, Relation.READ, row.first_at))
        else:
            found.append(Edge(job, data, Relation.WROTE, row.first_at))
    return found


def told_named(tx: Tx, project: str, kind: NodeKind, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Give name and namespace of jobs or data."""
    query = sa.select(named.c.id, named.c.name, named.c.namespace, named.c.state).where(
        named.c.project == project, named.c.kind == kind.value, named.c.id.in_(ids)
    )
    return {
        row.id: (row.name, f"{row.namespace}, {row.state.lower()}" if row.state else row.namespace)
        for row in tx.execute(query)
    }

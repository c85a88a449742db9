"""Stored content over JSON: collecting it, receipts of what was deleted, legal holds.

Collecting belongs to the platform, not to a project, so it needs a role in `*`.
"""

from dataclasses import dataclass

import msgspec
from litestar import get, post

from everlearn.access import Role
from everlearn.core.actor import Actor
from everlearn.core.page import Page
from everlearn.jobs import JobOptions, JobQueue
from everlearn.storage.collector import Collector
from everlearn.storage.model import Hold, Receipt
from everlearn.storage.service import Receipts
from everlearn.web import FromPath, FromQuery, JSONBody, Service, needs

COLLECT = "storage.collect"
_LOOK = [needs(Role.VIEWER)]
_DECIDE = [needs(Role.APPROVER)]
_HOLDS = "/api/projects/{project:str}/holds"


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionAsked:
    """The job that collects."""

    job_id: str


@post("/api/blobs/collections", guards=[needs(Role.OPERATOR)], status_code=202, sync_to_thread=True)
def collect_blobs(collector: Service[Collector], queue: Service[JobQueue]) -> CollectionAsked:
    """Let a worker collect what nothing refers to; asked for twice, it is done once.

    What a run moved or removed is in the log, as `storage.blobs_collected`.
    """
    with collector.db.write() as tx:
        return CollectionAsked(job_id=queue.enqueue(tx, COLLECT, {}, options=JobOptions(unique_key=COLLECT)))


class NewHold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must not go (any more), and why."""

    subject: str
    reason: str


@get("/api/projects/{project:str}/receipts", guards=_LOOK, sync_to_thread=True)
def list_receipts(
    project: FromPath[str],
    receipts: Service[Receipts],
    subject: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[Receipt]:
    """List receipts of deletions, newest first: of everything, or of one subject."""
    return receipts.list(project, subject=subject, after=after, limit=limit)


@get("/api/projects/{project:str}/receipts/{receipt_id:str}", guards=_LOOK, sync_to_thread=True)
def show_receipt(project: FromPath[str], receipt_id: FromPath[str], receipts: Service[Receipts]) -> Receipt:
    """Show what became of the bytes of something that was deleted."""
    return receipts.get(project, receipt_id)


@get(_HOLDS, guards=_LOOK, sync_to_thread=True)
def list_holds(project: FromPath[str], receipts: Service[Receipts]) -> Page[Hold]:
    """List every legal hold in a project."""
    return receipts.holds(project)


@post(_HOLDS, guards=_DECIDE, sync_to_thread=True)
def place_hold(
    project: FromPath[str], data: JSONBody[NewHold], receipts: Service[Receipts], actor: Service[Actor]
) -> Hold:
    """Place a legal hold: nothing of the subject is removed or purged until it is lifted."""
    return receipts.hold(project, data.subject, data.reason, actor=actor)


@post(f"{_HOLDS}/lift", guards=_DECIDE, status_code=200, sync_to_thread=True)
def lift_hold(
    project: FromPath[str], data: JSONBody[NewHold], receipts: Service[Receipts], actor: Service[Actor]
) -> None:
    """Lift a legal hold, saying why."""
    receipts.lift(project, data.subject, data.reason, actor=actor)


HANDLERS = (collect_blobs, list_receipts, show_receipt, list_holds, place_hold, lift_hold)

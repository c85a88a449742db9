"""Stored content over JSON. It belongs to the platform, not to a project, so roles are needed in `*`."""

from dataclasses import dataclass

from litestar import post

from everlearn.access import Role
from everlearn.jobs import JobOptions, JobQueue
from everlearn.storage.collector import Collector
from everlearn.web import Service, needs

COLLECT = "storage.collect"


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


HANDLERS = (collect_blobs,)

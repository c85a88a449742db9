"""Events of other systems, taken in: each once, bounded, with every facet that they carry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from everlearn.core.clock import Clock
from everlearn.core.digest import digest_json
from everlearn.core.errors import InvalidError
from everlearn.core.json import JSONObject
from everlearn.core.lineage import Node, NodeKind
from everlearn.core.names import checked_name
from everlearn.core.page import Page, checked_limit
from everlearn.db import Database, Tx
from everlearn.lineage import store
from everlearn.lineage.openlineage.event import BadEventError, Named, Received, read_event

MOST_IN_BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An event of a batch that was not taken."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Reception:
    """Where other systems tell what they did."""

    db: Database
    clock: Clock

    def accept(self, project: str, document: JSONObject) -> None:
        """Take an event in; the same event again changes nothing. When this returns it is durable.

        Raises
        ------
        BadEventError
            When it is no event of OpenLineage, or names more than an event may.
        """
        checked_name(project, kind="project")
        received = read_event(document)
        with self.db.write() as tx:
            self._take(tx, project, received)

    def accept_all(self, project: str, documents: Sequence[JSONObject]) -> Sequence[Refused]:
        """Take the events of a batch in, all that are well formed in one transaction; give those that are not."""
        checked_name(project, kind="project")
        if len(documents) > MOST_IN_BATCH:
            raise BadEventError(f"a batch has at most {MOST_IN_BATCH} events, not {len(documents)}; send it in parts")
        good, refused = list[Received](), list[Refused]()
        for index, document in enumerate(documents):
            try:
                good.append(read_event(document))
            except BadEventError as error:
                refused.append(Refused(index=index, reason=error.message))
        with self.db.write() as tx:
            for received in good:
                self._take(tx, project, received)
        return refused

    def events(self, project: str, *, after: str | None = None, limit: int = 100) -> Page[JSONObject]:
        """Give the events that came in, in their order, as they came."""
        size = checked_limit(limit)
        with self.db.read() as tx:
            rows = store.list_events(tx, project, after=_number(after), limit=size + 1)
        shown = rows[:size]
        return Page(items=[document for _, document in shown], next=str(shown[-1][0]) if len(rows) > size else None)

    def facets(self, project: str, node: Node) -> JSONObject | None:
        """Give the newest facets of a job or of data; None when no event named it."""
        with self.db.read() as tx:
            return store.facets_of(tx, project, node)

    def _take(self, tx: Tx, project: str, received: Received) -> None:
        job, now = received.job, self.clock.now()
        digest = digest_json(received.document)
        known = None if job is None else job.address
        if not store.insert_event(tx, project, digest=digest, job=known, document=received.document, at=now):
            return
        data = {one.address: one for one in (*received.inputs, *received.outputs, *received.data)}
        for address in sorted(data):  # in one order, so that two transactions wait for each other and never in a ring
            _put(tx, project, NodeKind.DATASET, data[address], "", now)
        if job is None:
            return
        _put(tx, project, NodeKind.JOB, job, received.state, now)
        for direction, named in (("input", received.inputs), ("output", received.outputs)):
            for address in sorted({one.address for one in named}):
                store.put_link(tx, project, job=job.address, direction=direction, dataset=address, at=now)


def _put(tx: Tx, project: str, kind: NodeKind, named: Named, state: str, at: datetime) -> None:
    node = Node(kind, named.address)
    address = (named.namespace, named.name)
    store.put_named(tx, project, node, address=address, facets=named.facets, state=state, at=at)


def _number(key: str | None) -> int:
    if key is None:
        return 0
    if not key.isascii() or not key.isdecimal() or len(key) > 18:
        raise InvalidError("not a key of this list; take `next` from the page before")
    return int(key)

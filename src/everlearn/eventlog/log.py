"""Appending to the log and reading from it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock, iso
from everlearn.core.ids import new_id
from everlearn.db import Tx
from everlearn.eventlog import store
from everlearn.eventlog.catalogue import Catalogue
from everlearn.eventlog.entry import Cause, Entry, Record, leaf_content
from everlearn.eventlog.event import Event
from everlearn.eventlog.merkle import leaf_hash, root_of
from everlearn.eventlog.store import Head
from everlearn.eventlog.tree import BLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry to be."""

    event: Event
    actor: Actor
    subject: str
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class EventLog:
    """The one log. It has no connection of its own: everything happens in the caller's transaction."""

    catalogue: Catalogue
    clock: Clock

    def append(self, tx: Tx, event: Event, *, actor: Actor, subject: str, cause: Cause | None = None) -> Entry:
        """Write down a fact; it stands in the log exactly if the transaction commits."""
        (entry,) = self.append_all(tx, [Draft(event=event, actor=actor, subject=subject, cause=cause)])
        return entry

    def append_all(self, tx: Tx, drafts: Sequence[Draft]) -> list[Entry]:
        """Write down several facts, in order; much faster than one by one."""
        if not drafts:
            return []
        now = self.clock.now()
        before = store.lock_head(tx, now)
        # clocks of several machines differ a little; along the log, time does not go back
        at = now if before.recorded_at is None else max(now, before.recorded_at)
        records = []
        for position, draft in enumerate(drafts, before.tree.size + 1):
            entry_id = new_id("evt")
            records.append(
                Record(
                    position=position,
                    id=entry_id,
                    name=draft.event.name,
                    revision=draft.event.revision,
                    subject=draft.subject,
                    actor=draft.actor,
                    at=at,
                    cause_id=None if draft.cause is None else draft.cause.id,
                    correlation_id=entry_id if draft.cause is None else draft.cause.correlation_id,
                    payload=self.catalogue.encode(draft.event),
                )
            )
        self._seal(tx, records, before)
        named = [
            (digest, record.position)
            for record, draft in zip(records, drafts, strict=True)
            for digest in set(draft.event.evidence())
        ]
        if named:
            store.insert_evidence(tx, named)
        return [_entry(record, draft.event) for record, draft in zip(records, drafts, strict=True)]

    def read(self, tx: Tx, *, after: int, limit: int, names: Collection[str] = ()) -> list[Entry]:
        """Give entries in order, beginning after a position."""
        return [self.catalogue.entry(record) for record in store.records_after(tx, after, limit=limit, names=names)]

    def about(
        self, tx: Tx, subject: str, *, before: int | None = None, limit: int = 100, names: Collection[str] = ()
    ) -> list[Entry]:
        """Give what happened to a subject, newest first."""
        found = store.records_before(tx, before, limit=limit, names=names, subject=subject)
        return [self.catalogue.entry(record) for record in found]

    def size(self, tx: Tx) -> int:
        """Count the entries."""
        return store.read_head(tx).tree.size

    def _seal(self, tx: Tx, records: Sequence[Record], before: Head) -> None:
        at = iso(records[-1].at)  # one instant for all: writing it down once makes a large batch a tenth faster
        leaves = [leaf_hash(leaf_content(record, at)) for record in records]
        size = before.tree.size
        roots = {}
        for number in range(size // BLOCK, (size + len(leaves)) // BLOCK):
            start, end = number * BLOCK, (number + 1) * BLOCK
            old = store.leaves_between(tx, start, size) if start < size else []
            roots[number] = root_of([*old, *leaves[max(start - size, 0) : end - size]])
        tree = before.tree.with_leaves(leaves)
        store.insert(tx, records, leaves, roots, Head(tree, records[-1].at))


def _entry(record: Record, event: Event) -> Entry:
    return Entry(
        position=record.position,
        id=record.id,
        name=record.name,
        revision=record.revision,
        subject=record.subject,
        actor=record.actor,
        at=record.at,
        cause_id=record.cause_id,
        correlation_id=record.correlation_id,
        event=event,
    )

"""A fact as it stands in the log."""

from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring as quoted  # as canonical JSON has it
from typing import Any

from everlearn.core.actor import Actor
from everlearn.core.clock import iso
from everlearn.eventlog.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why something was done: the entry (or job) before it, and the one that everything began with."""

    id: str
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An entry as it is kept and sealed: all text, the event as canonical JSON."""

    position: int  # from 1, without gaps, in the order of commitment
    id: str
    name: str
    revision: int
    subject: str  # what it is about: "model:default/eta"
    actor: Actor
    at: datetime  # recorded time; never decreases along the log
    cause_id: str | None
    correlation_id: str
    payload: str

    def leaf(self) -> bytes:
        """Give the exact bytes that the Merkle tree seals."""
        return leaf_content(self, iso(self.at))


def leaf_content(columns: Any, at: str) -> bytes:
    """Write every column of an entry, a `Record` or its row, as one object of canonical JSON.

    The payload goes in as it is kept, letter for letter: reading it first would forgive white space and repeated keys.
    Which column a byte came from is never in doubt, for no quoted string holds a bare quotation mark.
    """
    cause = "null" if columns.cause_id is None else quoted(columns.cause_id)
    return (
        f'{{"actor":{quoted(columns.actor)},"at":{quoted(at)},"cause_id":{cause},'
        f'"correlation_id":{quoted(columns.correlation_id)},"id":{quoted(columns.id)},"name":{quoted(columns.name)},'
        f'"payload":{columns.payload},"position":{columns.position:d},"revision":{columns.revision:d},'
        f'"subject":{quoted(columns.subject)}}}'
    ).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One entry as it is now, whether it is as it was written or not."""

    position: int | None  # None: it is no entry at all
    content: bytes
    kept_hash: bytes | None  # what was noted when it was written, where that is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry as its readers get it: the event is an object of the newest revision again."""

    position: int
    id: str
    name: str
    revision: int  # as it was written
    subject: str
    actor: Actor
    at: datetime
    cause_id: str | None
    correlation_id: str
    event: Event

    def as_cause(self) -> Cause:
        """Name this entry as the cause of what follows from it."""
        return Cause(id=self.id, correlation_id=self.correlation_id)

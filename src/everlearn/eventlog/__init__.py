"""The log is the system: every fact of the lifecycle in one ordered, append-only, sealed log.

    entry = log.append(tx, VersionRegistered(...), actor=actor, subject="model:default/eta", cause=cause)

An entry commits with the state that it tells about. Reactions are durable subscriptions; the same entries, as the
leaves of an RFC 6962 Merkle tree with signed checkpoints, are the audit trail.
"""

from everlearn.eventlog.catalogue import Catalogue
from everlearn.eventlog.entry import Cause, Entry
from everlearn.eventlog.event import Event, UnknownEvent, Upgrader
from everlearn.eventlog.log import Draft, EventLog
from everlearn.eventlog.subscriptions import Subscription, Subscriptions

__all__ = [
    "Catalogue",
    "Cause",
    "Draft",
    "Entry",
    "Event",
    "EventLog",
    "Subscription",
    "Subscriptions",
    "UnknownEvent",
    "Upgrader",
]

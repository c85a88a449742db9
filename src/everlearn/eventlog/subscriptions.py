"""Durable subscriptions: each keeps its position in the transaction of its effect, so a crash repeats nothing."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from everlearn.core.errors import ConflictError
from everlearn.db import Database, Tx
from everlearn.eventlog import store
from everlearn.eventlog.entry import Entry
from everlearn.eventlog.event import Event, UnknownEvent
from everlearn.eventlog.log import EventLog

logger = logging.getLogger(__name__)

Effect = Callable[[Tx, Entry], None]
"""What follows from an entry, in the given transaction; no network, nothing slow."""

CHUNK = 200


@dataclass(frozen=True, slots=True)
class Subscription:
    """Somebody who wants to know of some events, every one of them, once, in order."""

    name: str  # its position is kept under it
    effects: Mapping[type[Event], Effect]

    @property
    def names(self) -> list[str]:
        """Give the names of the events."""
        return [event.name for event in self.effects]


class BehindError(ConflictError):
    """An event was written by a newer Everlearn; this process must not pass it by."""

    code = "eventlog.behind"


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Brings subscribers up to date. Any number of processes may do so: a position is moved by one at a time."""

    db: Database
    log: EventLog
    subscriptions: Sequence[Subscription]

    def pump(self) -> int:
        """Hand over what is new; give the number of entries handed over.

        One subscriber that fails does not hold up the others; its error is raised when all had their turn.
        """
        with self.db.read() as tx:
            positions = store.positions_of(tx)
            waiting = [each for each in self.subscriptions if self._is_behind(tx, each, positions)]
        handed, failed = 0, None
        for subscription in waiting:
            try:
                handed += self._advance(subscription)
            except Exception as error:  # noqa: BLE001  # whatever an effect raises belongs to its subscriber alone
                logger.warning(
                    "subscription failed", extra={"action": "eventlog.failed", "subscription": subscription.name}
                )
                failed = failed or error
        if failed is not None:
            raise failed
        return handed

    def lag(self, tx: Tx) -> Mapping[str, int]:
        """Count what each subscriber has not seen yet."""
        positions = store.positions_of(tx)
        return {
            each.name: store.count_after(tx, positions.get(each.name, 0), each.names) for each in self.subscriptions
        }

    @staticmethod
    def _is_behind(tx: Tx, subscription: Subscription, positions: Mapping[str, int]) -> bool:
        return bool(store.records_after(tx, positions.get(subscription.name, 0), limit=1, names=subscription.names))

    def _advance(self, subscription: Subscription) -> int:
        with self.db.write() as tx:
            position = store.lock_position(tx, subscription.name)
            new = self.log.read(tx, after=position, limit=CHUNK, names=subscription.names)
            known = list(takewhile(lambda entry: not isinstance(entry.event, UnknownEvent), new))
            if new and not known:
                raise BehindError(f"{new[0].name}@{new[0].revision} was written by a newer Everlearn; update this one")
            for entry in known:
                subscription.effects[type(entry.event)](tx, entry)
            if known:
                store.save_position(tx, subscription.name, known[-1].position)
        return len(known)

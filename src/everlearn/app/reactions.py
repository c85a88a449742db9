"""Turning the table of `loop.py` into durable subscriptions: one for each line, each enqueues one kind of job.

A reaction's position in the log moves in the transaction that enqueues its job, and the job's key is derived from the
entry, so a crash at any instant neither loses a reaction nor repeats one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from everlearn.core.clock import iso
from everlearn.core.json import JSONObject
from everlearn.db import Tx
from everlearn.eventlog import Entry, Event, Subscription
from everlearn.jobs import JobOptions, JobQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """When this fact is recorded, that job is done, because of this reason."""

    when: type[Event]
    then: str  # the kind of the job
    because: str  # one sentence for people
    arguments: Callable[[Any], JSONObject]  # of the job, from the event
    only_if: Callable[[Any], bool] = lambda _event: True
    urgency: int = 0  # among jobs that are due, the higher number runs first

    @property
    def name(self) -> str:
        """The subscription's name; its position is kept under it, so it must not change."""
        return f"{self.when.name} -> {self.then}"


def subscriptions(reactions: Sequence[Reaction], queue: JobQueue) -> tuple[Subscription, ...]:
    """Make one durable subscription of each reaction."""
    return tuple(Subscription(reaction.name, {reaction.when: _enqueuer(reaction, queue)}) for reaction in reactions)


def iso_or_none(at: datetime | None) -> str | None:
    """Write an instant, where there is one."""
    return None if at is None else iso(at)


def _enqueuer(reaction: Reaction, queue: JobQueue) -> Callable[[Tx, Entry], None]:
    def enqueue(tx: Tx, entry: Entry) -> None:
        if reaction.only_if(entry.event):
            options = JobOptions(once_key=f"{reaction.then}:{entry.id}", priority=reaction.urgency)
            queue.enqueue(tx, reaction.then, reaction.arguments(entry.event), options=options, cause=entry.as_cause())

    return enqueue

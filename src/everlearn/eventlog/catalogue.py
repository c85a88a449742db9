"""The events that a process knows: from objects to payloads and back, across revisions."""

import json
from collections.abc import Iterable, Iterator

import msgspec

from everlearn.core.errors import DamagedError
from everlearn.core.json import JSONObject, canonical_json
from everlearn.eventlog.entry import Entry, Record
from everlearn.eventlog.event import Event, UnknownEvent


class Catalogue:
    """Event types by name."""

    def __init__(self, events: Iterable[type[Event]]) -> None:
        self._types: dict[str, type[Event]] = {}
        for each in events:
            if self._types.setdefault(each.name, each) is not each:
                raise ValueError(f"two events are named {each.name!r}")
            missing = set(range(1, each.revision)) - set(each.upgraders)
            if missing:
                raise ValueError(f"{each.name} has no upgrader from revision {min(missing)}")

    def __iter__(self) -> Iterator[type[Event]]:
        """Give the event types in order of their names."""
        return iter(self._types[name] for name in sorted(self._types))

    def encode(self, event: Event) -> str:
        """Write the payload as canonical JSON.

        Raises
        ------
        ValueError
            When the event is not in this catalogue, or holds a number that JSON has no word for.
        """
        if self._types.get(event.name) is not type(event):
            raise ValueError(f"{type(event).__name__} is not in this process's catalogue of events")
        return canonical_json(msgspec.to_builtins(event))

    def decode(self, name: str, revision: int, payload: JSONObject) -> Event:
        """Read a payload of any revision up to the newest one known.

        Raises
        ------
        DamagedError
            When the payload does not fit its own revision.
        """
        known = self._types.get(name)
        if known is None or revision > known.revision:
            return UnknownEvent(payload=payload)
        try:
            for number in range(revision, known.revision):
                payload = known.upgraders[number](payload)
            return msgspec.convert(payload, known)
        except (msgspec.ValidationError, LookupError, TypeError, ValueError) as error:  # upgraders raise the others
            raise DamagedError(f"the payload of a {name}@{revision} does not fit: {error}") from error

    def entry(self, record: Record) -> Entry:
        """Read a kept record."""
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
            event=self.decode(record.name, record.revision, json.loads(record.payload)),
        )

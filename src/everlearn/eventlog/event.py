"""What a fact looks like: a frozen dataclass with a name and a revision."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from everlearn.core.digest import Digest
from everlearn.core.json import JSONObject

Upgrader = Callable[[JSONObject], JSONObject]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact that somebody may care about, in the past tense.

    A field that is added, renamed or given another meaning makes a new `revision`; `upgraders[n]` then turns a payload
    of revision n into one of n + 1, so that what was written once can be read for ever.
    """

    name: ClassVar[str]  # `package.what_happened`, never changed
    revision: ClassVar[int]
    upgraders: ClassVar[Mapping[int, Upgrader]] = {}
    blobs: ClassVar[tuple[str, ...]] = ()  # fields with digests of blobs, alone or as the values of a mapping

    def evidence(self) -> Iterator[Digest]:
        """Give the digests of the blobs that this fact speaks of: they stay for as long as the log does."""
        for field in self.blobs:
            match getattr(self, field):
                case str() as digest:
                    yield Digest(digest)
                case Mapping() as digests:
                    yield from (Digest(digest) for digest in digests.values())
                case _:
                    continue


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent(Event):
    """A fact of which this process knows nothing: another version of Everlearn, or another role, wrote it."""

    name: ClassVar[str] = "eventlog.unknown"
    revision: ClassVar[int] = 1

    payload: JSONObject

"""Facts about what is stored."""

from dataclasses import dataclass
from typing import ClassVar

from everlearn.eventlog import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobsCollected(Event):
    """Blobs that nothing refers to were put aside, brought back or removed."""

    name: ClassVar[str] = "storage.blobs_collected"
    revision: ClassVar[int] = 1

    seen: int
    referred: int
    missing: int
    condemned: int
    condemned_bytes: int
    restored: int
    removed: int
    freed_bytes: int


EVENTS: tuple[type[Event], ...] = (BlobsCollected,)

"""Facts about what is stored."""

from dataclasses import dataclass
from typing import ClassVar

from everlearn.eventlog import Event
from everlearn.storage.model import Action


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptIssued(Event):
    """Something was deleted, restored, removed or purged; these are its bytes."""

    name: ClassVar[str] = "storage.receipt_issued"
    revision: ClassVar[int] = 1

    project: str
    receipt_id: str
    subject: str
    action: Action
    files: int
    size_bytes: int
    freed_blobs: int
    freed_bytes: int
    kept_blobs: int
    kept_bytes: int
    kept_by: dict[str, int]  # how many of what still refer to bytes of it
    held_by: list[str]  # subjects of legal holds on it
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlaced(Event):
    """Something must not go, whatever a policy says."""

    name: ClassVar[str] = "storage.hold_placed"
    revision: ClassVar[int] = 1

    project: str
    held: str  # the subject
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLifted(Event):
    """Something may go again."""

    name: ClassVar[str] = "storage.hold_lifted"
    revision: ClassVar[int] = 1

    project: str
    held: str  # the subject
    reason: str


EVENTS: tuple[type[Event], ...] = (BlobsCollected, ReceiptIssued, HoldPlaced, HoldLifted)

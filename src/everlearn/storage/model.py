"""Values of storage."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from everlearn.core.errors import ConflictError


class TablesUnknownError(ConflictError):
    """The database has tables or columns that this process knows nothing of, so it cannot tell what refers to what."""

    code = "storage.tables_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grace:
    """How long something is left alone: at least as long as the slowest writer takes from storing to referring."""

    before_aside: timedelta = timedelta(hours=24)  # since it was stored
    before_removal: timedelta = timedelta(hours=24)  # since it was put aside


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What one run of the collector saw and did; of a dry run, what it would have done."""

    is_dry_run: bool
    began_at: datetime
    ended_at: datetime
    referred: int  # digests that something referred to when it began
    missing: int  # of these, how many are not in the blob store; anything but 0 is damage
    seen: int  # blobs that are visible
    seen_bytes: int
    young: int  # nothing refers to them, but they were stored only lately
    condemned: int  # put aside now
    condemned_bytes: int
    waiting: int  # put aside earlier, and not for long enough
    restored: int  # put aside earlier, and needed after all
    removed: int
    freed_bytes: int
    drafts: int  # half-written files of killed writers, removed

    @property
    def changed_something(self) -> bool:
        """Tell whether anything was moved or removed."""
        return not self.is_dry_run and bool(self.condemned or self.restored or self.removed)

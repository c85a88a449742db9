"""Values of storage."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from everlearn.core.actor import Actor
from everlearn.core.errors import ConflictError, InvalidError, NotFoundError

LONGEST_REASON = 1_000


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """Rows of one kind that still refer to bytes."""

    noun: str  # what one row is; of other projects only that there are some
    count: int
    first: tuple[str, ...]  # names of a few, in this project


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What files that leave weigh. Bytes that several of them share are counted once, except in `size_bytes`."""

    files: int = 0
    size_bytes: int = 0  # of all files, each for itself
    freed_blobs: int = 0
    freed_bytes: int = 0  # that nothing refers to any more: collected after the grace period
    kept_blobs: int = 0
    kept_bytes: int = 0  # that something still refers to
    kept_by: tuple[Keeper, ...] = ()


class HoldExistsError(ConflictError):
    """The subject is held already."""

    code = "storage.hold_exists"


class HoldNotFoundError(NotFoundError):
    """The subject is not held."""

    code = "storage.hold_not_found"


class HeldError(ConflictError):
    """A legal hold forbids it."""

    code = "storage.held"


class BadHoldError(InvalidError):
    """A hold of something that cannot be held, or without a reason."""

    code = "storage.bad_hold"


class ReceiptNotFoundError(NotFoundError):
    """The project has no receipt of this id."""

    code = "storage.receipt_not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Somebody's word that something must not go, whatever a policy says."""

    subject: str  # run:PROJECT/ID, model:PROJECT/NAME or project:PROJECT
    reason: str
    placed_by: Actor
    placed_at: datetime


class Action(StrEnum):
    """What happened to the subject of a receipt."""

    DELETED = "deleted"  # can be restored until it is purged; the weight is what purging it would free
    RESTORED = "restored"
    REMOVED = "removed"  # for good
    PURGED = "purged"  # for good, after it was deleted
    ARTIFACTS_DROPPED = "artifacts_dropped"  # for good, of something that stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """What happened to something that had files."""

    project: str
    subject: str
    action: Action
    weight: Weight = Weight()
    holds: tuple[Hold, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of bytes when something was deleted."""

    id: str
    project: str
    subject: str
    action: Action
    weight: Weight
    holds: tuple[Hold, ...]  # that protect it now
    note: str
    actor: Actor
    at: datetime


def checked_subject(project: str, subject: str) -> str:
    """Give the subject of a hold back if it is a run, a registered model or the whole of this project."""
    kind, _, name = subject.partition(":")
    of, slash, rest = name.partition("/")
    is_whole = kind == "project" and name == project
    if not is_whole and not (kind in {"run", "model"} and of == project and slash and rest):
        raise BadHoldError(
            f"{subject[:120]!r} cannot be held; hold run:{project}/ID, model:{project}/NAME or project:{project}"
        )
    return subject


def checked_reason(reason: str) -> str:
    """Give a reason back if it says something."""
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise BadHoldError(f"a hold needs a reason of 1 to {LONGEST_REASON} characters")
    return reason.strip()

"""A database with files in it, the blobs below, a collector, and a clock that runs ahead."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from everlearn.blobs import BlobStore
from everlearn.core.actor import Actor
from everlearn.core.digest import Digest
from everlearn.db import Database
from everlearn.eventlog import Catalogue, EventLog
from everlearn.storage import Collection, Collector, Grace, Receipts
from everlearn.storage.events import EVENTS
from everlearn.tracking import Experiments, Files, NoProtection, Removals
from everlearn.tracking.events import EVENTS as TRACKING_EVENTS

ADA = Actor("user:ada")
HOUR = timedelta(hours=1)
# shelves tell the age of things by their own clock, which tests cannot set: twice as long, so that it can be waited for
GRACE = Grace(before_aside=24 * HOUR, before_removal=48 * HOUR)


@dataclass
class AheadClock:
    """The time, and as far ahead of it as a test likes."""

    ahead: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class Place:
    """What is stored, and who refers to it."""

    db: Database
    blobs: BlobStore
    clock: AheadClock
    files: Files
    collector: Collector
    receipts: Receipts
    removals: Removals

    def collect(self, *, is_dry_run: bool = False) -> Collection:
        return self.collector.collect(actor=ADA, is_dry_run=is_dry_run)

    def pass_hours(self, hours: int) -> None:
        self.clock.ahead += hours * HOUR

    def is_visible(self, content: bytes, digest: Digest) -> bool:
        return self.blobs.holds(digest, len(content))


def place_of(db: Database, blobs: BlobStore) -> Place:
    clock = AheadClock()
    log = EventLog(Catalogue((*EVENTS, *TRACKING_EVENTS)), clock)
    receipts = Receipts(db, log, clock)
    return Place(
        db=db,
        blobs=blobs,
        clock=clock,
        files=Files(db, blobs, clock),
        collector=Collector(db, blobs, log, clock, GRACE),
        receipts=receipts,
        removals=Removals(db, clock, receipts, Experiments(db, clock), NoProtection()),
    )

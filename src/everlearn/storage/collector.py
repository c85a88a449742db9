"""Collecting blobs that nothing refers to, while everybody else goes on working.

A writer stores a blob first (or finds it stored already, which is the same to it) and commits the row that refers to
it later. Nothing here locks a writer out, so the collector can never know that a blob is not about to be referred to.
It works in two steps, at least a grace period apart, and each step is harmless if it was wrong:

1. *Condemn*: a blob that was stored before the grace period and that nothing referred to when the run began is moved
   aside, under a name that is made once and never again. It is not gone: whoever asks for it moves it back.
2. *Remove*: what was put aside before a grace period that ended when the run began, and that nothing referred to when
   the run began, is removed. What something refers to by then is moved back.

References are read in one snapshot, taken after the run's beginning was noted. Let `T` be when a blob was put aside,
`R` the beginning of the run that removes it, `grace <= R - T`. Assumption: a writer commits its reference within the
grace period after it stored the blob, or after it last found it there. Then for every writer:

* It stored or found the blob before `T`: its commit is at most `grace` later, so before `R`; the snapshot has it and
  the blob is moved back. Until then whoever reads it moves it back too.
* It stored the blob after `T`: the name was not visible, so it wrote the content again. The entry aside is a second
  copy; removing it harms nobody.
* It found the blob after `T` by asking for it: asking moved it back. Where the move back met a removal, one of the two
  was first; if the removal was, the writer was told that there is no such blob, and refers to nothing.

A collector that is killed leaves a blob visible, aside, or (in a bucket) both; the next run begins from there. Two
collectors at once do what one would: a move that finds nothing is no error, and an entry is only ever removed for its
own age. A row that stops referring during a run is seen by the next.

A packed blob refers to its base. Its container is such a row: it becomes visible within the grace period after whoever
packs read the base, and is listed after the run's beginning. Only of blobs that something refers to, though: an old
version that is given up gives up its base.

What shortens the grace period: a difference between the clock of the shelf, which tells when a blob was stored and put
aside, and the collector's; and in a bucket, which has no rename, the time between the collector's copy and its delete,
during which a writer may find the name. So it should be hours, not seconds.

A process that does not know every table of the database, because it is older than that or has not declared them all,
refuses to collect: what it does not know may refer to something.

Memory is constant: references go into a temporary file, blobs stream past it in batches.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from everlearn.blobs import BlobStore, CondemnedBlob, ShelvedBlob
from everlearn.core.actor import Actor
from everlearn.core.clock import Clock
from everlearn.db import Database
from everlearn.eventlog import Cause, EventLog
from everlearn.storage.events import BlobsCollected
from everlearn.storage.marks import AT_ONCE, Marks, marked
from everlearn.storage.model import Collection, Grace

T = TypeVar("T")
_DRAFT_AGE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Collector:
    """Finds and removes what nothing refers to."""

    db: Database
    blobs: BlobStore
    log: EventLog
    clock: Clock
    grace: Grace

    def collect(
        self,
        *,
        actor: Actor,
        is_dry_run: bool = False,
        cause: Cause | None = None,
        heartbeat: Callable[[], None] = lambda: None,
    ) -> Collection:
        """Do one run. May be killed at any instant, and may run beside others.

        `heartbeat` is called between batches; what it raises ends the run.
        """
        began_at = self.clock.now()
        counts: Counter[str] = Counter()
        with marked(self.db) as marks:
            marks.follow(self.blobs.packed())
            run = _Run(self.blobs, self.clock, self.grace, marks, began_at, is_dry_run, counts)
            for step in (run.settle, run.condemn):
                step(heartbeat)
            drafts = 0 if is_dry_run else self.blobs.sweep(began_at - _DRAFT_AGE)
            report = Collection(
                is_dry_run=is_dry_run,
                began_at=began_at,
                ended_at=self.clock.now(),
                referred=marks.count(),
                missing=marks.unseen(),
                drafts=drafts,
                **{name: counts[name] for name in _COUNTED},
            )
        if report.changed_something:
            self._announce(report, actor, cause)
        return report

    def _announce(self, report: Collection, actor: Actor, cause: Cause | None) -> None:
        event = BlobsCollected(
            seen=report.seen,
            referred=report.referred,
            missing=report.missing,
            condemned=report.condemned,
            condemned_bytes=report.condemned_bytes,
            restored=report.restored,
            removed=report.removed,
            freed_bytes=report.freed_bytes,
        )
        with self.db.write() as tx:
            self.log.append(tx, event, actor=actor, subject="blobs", cause=cause)


_COUNTED = (
    "seen", "seen_bytes", "young", "condemned", "condemned_bytes", "waiting", "restored", "removed", "freed_bytes"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Run:
    blobs: BlobStore
    clock: Clock
    grace: Grace
    marks: Marks
    began_at: datetime
    is_dry_run: bool
    counts: Counter[str]

    def settle(self, heartbeat: Callable[[], None]) -> None:
        """Bring back what is needed after all, remove what nobody missed."""
        for batch in _batches(self.blobs.condemned()):
            heartbeat()
            referred = self.marks.among([one.digest for one in batch])
            for one in batch:
                is_old = one.at <= self.began_at - self.grace.before_removal
                if one.digest in referred:
                    self._restore(one, is_old=is_old)
                elif is_old:
                    self._remove(one)
                else:
                    self.counts["waiting"] += 1
            self.marks.saw([*referred])

    def condemn(self, heartbeat: Callable[[], None]) -> None:
        """Put aside what nothing refers to."""
        for batch in _batches(self.blobs.kept()):
            heartbeat()
            referred = self.marks.among([one.digest for one in batch])
            self.marks.saw([*referred])
            self.counts["seen"] += len(batch)
            self.counts["seen_bytes"] += sum(one.size_bytes for one in batch)
            for one in batch:
                if one.digest not in referred:
                    self._condemn(one)

    def _condemn(self, blob: ShelvedBlob) -> None:
        if blob.changed_at > self.began_at - self.grace.before_aside:
            self.counts["young"] += 1
            return
        if not self.is_dry_run:
            self.blobs.condemn(blob.digest)
        self.counts["condemned"] += 1
        self.counts["condemned_bytes"] += blob.size_bytes

    def _restore(self, blob: CondemnedBlob, *, is_old: bool) -> None:
        if not self.blobs.holds(blob.digest, blob.size_bytes):
            self.counts["restored"] += 1
            if self.is_dry_run or not self.blobs.restore(blob.digest):
                return
        if is_old and not self.is_dry_run:  # visible again, or stored again meanwhile: this copy serves nobody
            self.blobs.remove(blob)

    def _remove(self, blob: CondemnedBlob) -> None:
        if not self.is_dry_run:
            self.blobs.remove(blob)
        self.counts["removed"] += 1
        self.counts["freed_bytes"] += blob.size_bytes


def _batches(found: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(found)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch

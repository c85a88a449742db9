"""A log of 600 entries, signed at three sizes, the last 80 not signed; and what somebody could do to its tables."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa

from everlearn.audit import Audit
from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock, iso
from everlearn.db import Database, Tx
from everlearn.eventlog import Catalogue, Draft, Event, EventLog
from everlearn.eventlog.checkpoint import Checkpoints
from everlearn.eventlog.entry import leaf_content
from everlearn.eventlog.merkle import CompactRange, leaf_hash, root_of
from everlearn.eventlog.note import Signer
from everlearn.eventlog.tables import blocks, checkpoints, entries, head

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
SIGNED_AT = (100, 300, 520)
SIZE = 600
SIGNER = Signer.generate("everlearn/test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured(Event):
    """A number was measured."""

    name: ClassVar[str] = "t.measured"
    revision: ClassVar[int] = 1

    number: int
    remark: str = "nothing special"


@dataclass
class Trail:
    """The log and everything around it."""

    db: Database
    log: EventLog
    audit: Audit
    clock: ManualClock

    def append(self, count: int) -> None:
        with self.db.write() as tx:
            size = self.log.size(tx)
            self.log.append_all(
                tx,
                [
                    Draft(event=Measured(number=size + number), actor=Actor("user:ada"), subject=f"gauge:{number % 3}")
                    for number in range(count)
                ],
            )

    def faults(self) -> list[tuple[int | None, int | None]]:
        return [(fault.position, fault.through) for fault in self.audit.verify().faults]

    def messages(self) -> str:
        return "\n".join(fault.message for fault in self.audit.verify().faults)

    def change(self, position: int, **columns: Any) -> None:
        with self.db.write() as tx:
            tx.execute(sa.update(entries).where(entries.c.position == position).values(**columns))

    def row(self, position: int) -> dict[str, Any]:
        with self.db.read() as tx:
            row = tx.execute(sa.select(entries).where(entries.c.position == position)).one()
            return dict(row._mapping)

    def remove(self, position: int, *, closing_the_gap: bool = False) -> None:
        with self.db.write() as tx:
            tx.execute(sa.delete(entries).where(entries.c.position == position))
            if closing_the_gap:
                _shift(tx, after=position, by=-1)

    def insert(self, position: int, **columns: Any) -> None:
        """Put a forged entry in the place of one that moves on, with all that come after it."""
        forged = self.row(position) | {"id": "evt_forged", "position": position} | columns
        with self.db.write() as tx:
            _shift(tx, after=position - 1, by=1)
            tx.execute(sa.insert(entries).values(forged))

    def swap(self, first: int, second: int) -> None:
        rows = {first: self.row(second), second: self.row(first)}
        with self.db.write() as tx:
            for number in rows:  # ids are unique: make room first
                tx.execute(sa.update(entries).where(entries.c.position == number).values(id=f"evt_gone{number}"))
            for number, row in rows.items():
                there = entries.c.position == number
                tx.execute(sa.update(entries).where(there).values({**row, "position": number}))

    def reseal(self) -> None:
        """Make every hash that the database keeps fit what is there now: all that can be done without the key."""
        with self.db.write() as tx:
            rows = tx.execute(sa.select(entries).order_by(entries.c.position)).all()
            leaves = [leaf_hash(leaf_content(row, iso(row.recorded_at))) for row in rows]
            for row, leaf in zip(rows, leaves, strict=True):
                tx.execute(sa.update(entries).where(entries.c.position == row.position).values(leaf=leaf))
            tx.execute(sa.delete(blocks))
            for number in range(len(leaves) // 256):
                root = root_of(leaves[number * 256 : (number + 1) * 256])
                tx.execute(sa.insert(blocks).values(number=number, root=root))
            tree = CompactRange()
            for leaf in leaves:
                tree = tree.with_leaf(leaf)
            tx.execute(sa.update(head).values(size=tree.size, range=tree.packed()))

    def forget_checkpoints(self, *, above: int) -> None:
        with self.db.write() as tx:
            tx.execute(sa.delete(checkpoints).where(checkpoints.c.size > above))


def _shift(tx: Tx, *, after: int, by: int) -> None:
    """Give every later entry another position, by way of ones that nobody has."""
    far = 1_000_000
    beyond = sa.update(entries)
    tx.execute(beyond.where(entries.c.position > after).values(position=entries.c.position + far))
    tx.execute(beyond.where(entries.c.position > far).values(position=entries.c.position - far + by))


def trail_on(db: Database) -> Trail:
    clock = ManualClock(NOON)
    log = EventLog(Catalogue([Measured]), clock)
    return Trail(db, log, Audit(db, log, Checkpoints(SIGNER, clock), SIGNER.verifier), clock)


def signed_trail_on(db: Database) -> Trail:
    trail = trail_on(db)
    size = 0
    for signed in SIGNED_AT:
        trail.append(signed - size)
        trail.audit.checkpoint()
        size = signed
    trail.append(SIZE - size)
    return trail


@pytest.fixture
def trail(db: Database) -> Trail:
    """On each engine."""
    return signed_trail_on(db)


@pytest.fixture
def sqlite_trail(sqlite_db: Database) -> Trail:
    """On SQLite."""
    return signed_trail_on(sqlite_db)


@pytest.fixture
def empty_trail(sqlite_db: Database) -> Trail:
    """Nothing has happened yet."""
    return trail_on(sqlite_db)


def without_key(trail: Trail) -> Audit:
    return replace(trail.audit, checkpoints=None)

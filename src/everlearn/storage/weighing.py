"""Weighing files that leave: which of their bytes nothing else refers to, and who keeps the rest.

The files are collected in an unnamed temporary table by digest, with how many rows of each leave. A digest is freed
exactly if every row that names it, in every declared column, is one that leaves.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import sqlalchemy as sa

from everlearn.core.digest import Digest
from everlearn.db import Tx, marks
from everlearn.db.references import Referring, referring_columns
from everlearn.storage.marks import AT_ONCE
from everlearn.storage.model import Keeper, Weight

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TOLD = 3  # names of keepers
_LOOKED_AT = 50  # rows, to find them
ELSEWHERE = "row of another project"


class Share(NamedTuple):
    """What one of several owners takes along."""

    files: int
    size_bytes: int
    freed_bytes: int


@dataclass(frozen=True, slots=True)
class Leaving:
    """Files of a project that leave; rows of the one table that holds files."""

    tx: Tx
    project: str
    table: str  # whose rows leave
    connection: sqlite3.Connection

    def add(self, files: Iterable[tuple[str, str, int]], *, owner: int = 0) -> None:
        """Add files: path, digest, size in bytes. Owners leave in the order of their numbers."""
        rows = ((path, digest, size, owner) for path, digest, size in files)
        self.connection.executemany("insert into paths values (?, ?, ?, ?)", rows)

    def weigh(self) -> Weight:
        """Ask every table who else refers to what leaves."""
        files, size = self.connection.execute("select count(*), coalesce(sum(size), 0) from paths").fetchone()
        if not files:
            return Weight()
        self.connection.execute(
            "insert into leaving select digest, max(size), count(*), 0 from paths group by digest order by digest"
        )
        keepers = _Keepers(self)
        for referring in referring_columns():
            if referring.is_text:
                keepers.read_text(referring)
            else:
                keepers.read_column(referring)
        totals = self.connection.execute(
            "select kept, count(*), sum(size) from leaving group by kept order by kept"
        ).fetchall()
        blobs, bytes_ = {row[0]: row[1] for row in totals}, {row[0]: row[2] for row in totals}
        return Weight(
            files=files,
            size_bytes=size,
            freed_blobs=blobs.get(0, 0),
            freed_bytes=bytes_.get(0, 0),
            kept_blobs=blobs.get(1, 0),
            kept_bytes=bytes_.get(1, 0),
            kept_by=keepers.told(),
        )

    def of_owners(self) -> dict[int, Share]:
        """Tell for each owner what it takes along, after `weigh`; bytes that several share go with the last of them."""
        files = self.connection.execute("select owner, count(*), sum(size) from paths group by owner").fetchall()
        freed = dict(
            self.connection.execute(
                "select owner, sum(size) from (select max(p.owner) as owner, l.size from paths p "
                "join leaving l using (digest) where not l.kept group by digest) group by owner"
            ).fetchall()
        )
        return {owner: Share(count, size, freed.get(owner, 0)) for owner, count, size in files}

    def leaves(self, path: str) -> bool:
        """Tell whether the file at a path is one that leaves."""
        return self.connection.execute("select 1 from paths where path = ?", (path,)).fetchone() is not None

    def batches(self) -> Iterator[dict[str, int]]:
        """Give the digests that leave with how many rows of each do, in pieces that fit in a statement."""
        after = ""
        query = "select digest, rows from leaving where digest > ? order by digest limit ?"
        while found := self.connection.execute(query, (after, AT_ONCE)).fetchall():
            yield dict(found)
            after = found[-1][0]

    def keep(self, digests: Sequence[str]) -> None:
        """Note that something else refers to at most `AT_ONCE` digests."""
        statement = f"update leaving set kept = 1 where digest in ({marks(len(digests))})"  # noqa: S608  # question marks
        self.connection.execute(statement, digests)

    def among(self, digests: Sequence[str]) -> set[str]:
        """Tell which of at most `AT_ONCE` digests leave."""
        query = f"select digest from leaving where digest in ({marks(len(digests))})"  # noqa: S608  # question marks
        return {digest for (digest,) in self.connection.execute(query, digests)}


@contextmanager
def leaving(tx: Tx, project: str, *, table: str) -> Iterator[Leaving]:
    """Begin to weigh."""
    with closing(sqlite3.connect("", isolation_level=None)) as connection:  # unnamed: SQLite keeps it out of memory
        connection.execute("pragma journal_mode = off")
        connection.execute("create table paths (path text primary key, digest text, size int, owner int) without rowid")
        connection.execute("create table leaving (digest text primary key, size int, rows int, kept int) without rowid")
        yield Leaving(tx, project, table, connection)


@dataclass(frozen=True, slots=True)
class _Keepers:
    leaving: Leaving
    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, list[str]] = field(default_factory=dict)

    def told(self) -> tuple[Keeper, ...]:
        return tuple(
            Keeper(noun=noun, count=count, first=tuple(self.first.get(noun, ())))
            for noun, count in sorted(self.counts.items())
            if count
        )

    def read_column(self, referring: Referring) -> None:
        column, of_project = referring.column, referring.table.columns.get("project")
        is_ours = sa.literal(True) if of_project is None else of_project == self.leaving.project  # SQL
        of_leaving = referring.table.name == self.leaving.table
        for batch in self.leaving.batches():
            counted = sa.select(column.label("digest"), is_ours.label("is_ours"), sa.func.count().label("rows"))
            query = counted.where(column.in_(batch)).group_by(column, "is_ours")
            kept = []
            for row in self.leaving.tx.execute(query):
                others = row.rows - (batch[row.digest] if of_leaving and row.is_ours else 0)
                if others:
                    kept.append(row.digest)
                    self.counts[referring.noun if row.is_ours else ELSEWHERE] += others
            self.leaving.keep(kept)
            if kept and of_project is not None:
                self._name(referring, kept)

    def read_text(self, referring: Referring) -> None:
        query = sa.select(referring.column).where(referring.column.like("%sha256:%"))
        for text in self.leaving.tx.execute(query.execution_options(yield_per=1_000)).scalars():
            named = list(dict.fromkeys(_DIGEST.findall(text)))
            for start in range(0, len(named), AT_ONCE):
                if kept := self.leaving.among(named[start : start + AT_ONCE]):
                    self.leaving.keep([*kept])
                    self.counts[referring.noun] += 1

    def _name(self, referring: Referring, digests: Sequence[Digest]) -> None:
        told = self.first.setdefault(referring.noun, [])
        if len(told) >= _TOLD:
            return
        untold = {"project", referring.column.name}
        key = [column for column in referring.table.primary_key if column.name not in untold]
        query = sa.select(*key).where(
            referring.table.c.project == self.leaving.project, referring.column.in_(digests[:_LOOKED_AT])
        )
        rows = self.leaving.tx.execute(query.order_by(*key).limit(_LOOKED_AT)).all()
        names = ("/".join(map(str, row)) for row in rows)
        of_leaving = referring.table.name == self.leaving.table
        told += [name for name in names if not (of_leaving and self.leaving.leaves(name))][: _TOLD - len(told)]

"""Which digests the database refers to at one instant, kept outside memory."""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain

import sqlalchemy as sa

from everlearn.core.digest import Digest
from everlearn.db import Database, Tx, marks
from everlearn.db.references import Referring, referring_columns, unknown_columns
from everlearn.storage.model import TablesUnknownError

AT_ONCE = 500  # digests in one statement
_READ_AT_ONCE = 5_000  # rows
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Marks:
    """A set of digests in an unnamed temporary file, which is gone when its process is."""

    connection: sqlite3.Connection

    def add(self, digests: Iterable[str], *, must_be_there: bool = True) -> None:
        """Add digests; `must_be_there` is False for those that may be of something else than a blob."""
        rows = ((digest, must_be_there) for digest in digests)
        self.connection.executemany(
            "insert into marks values (?, ?, 0) on conflict do update set needed = needed or excluded.needed", rows
        )

    def follow(self, needs: Iterable[tuple[Digest, Sequence[Digest]]]) -> None:
        """Add what packed blobs in the set need to be read, and what those need."""
        self.connection.execute("create table needs (digest text, base text)")
        rows = ((digest, base) for digest, bases in needs for base in bases)
        self.connection.executemany("insert into needs values (?, ?)", rows)
        self.connection.execute(
            "insert or ignore into marks with recursive found (digest) as (select digest from marks "
            "union select base from needs join found using (digest)) select digest, 1, 0 from found"
        )

    def among(self, digests: Sequence[Digest]) -> set[Digest]:
        """Tell which of at most `AT_ONCE` digests are in the set."""
        query = f"select digest from marks where digest in ({marks(len(digests))})"  # noqa: S608  # question marks
        return {Digest(found) for (found,) in self.connection.execute(query, digests)}

    def saw(self, digests: Sequence[Digest]) -> None:
        """Note that the blobs of at most `AT_ONCE` digests are there."""
        statement = f"update marks set seen = 1 where digest in ({marks(len(digests))})"  # noqa: S608  # as above
        self.connection.execute(statement, digests)

    def count(self) -> int:
        """Count the digests."""
        return int(self.connection.execute("select count(*) from marks").fetchone()[0])

    def unseen(self) -> int:
        """Count those that must be there and were not seen."""
        return int(self.connection.execute("select count(*) from marks where needed and not seen").fetchone()[0])


@contextmanager
def marked(db: Database) -> Iterator[Marks]:
    """Collect every digest that the database refers to, all of one instant, in constant memory.

    Raises
    ------
    TablesUnknownError
        When there may be more than this process knows of.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as connection:  # unnamed: SQLite keeps it out of memory
        connection.execute("pragma journal_mode = off")
        connection.execute("create table marks (digest text primary key, needed int, seen int) without rowid")
        found = Marks(connection)
        connection.execute("begin")
        with db.read() as tx:
            check_all_known(tx)
            for referring in referring_columns():
                found.add(_named(tx, referring), must_be_there=not referring.is_text)
        connection.execute("commit")
        yield found


def check_all_known(tx: Tx) -> None:
    """Refuse to judge what nothing refers to when something may refer that this process knows nothing of.

    Raises
    ------
    TablesUnknownError
        When the database has a table or a column that is not declared here.
    """
    if unknown := sorted(unknown_columns(tx)):
        raise TablesUnknownError(
            f"the database has {', '.join(unknown[:5])}, which this process does not know; a newer Everlearn wrote it, "
            "and only that may collect or purge",
            unknown=[*unknown[:20]],
        )


def _named(tx: Tx, referring: Referring) -> Iterator[str]:
    column = referring.column
    query = sa.select(column).where(column.like("%sha256:%") if referring.is_text else column.is_not(None))
    rows = tx.execute(query.execution_options(yield_per=_READ_AT_ONCE)).scalars()
    return chain.from_iterable(_DIGEST.findall(text) for text in rows)

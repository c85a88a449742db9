"""Which columns name blobs. Said where the column is declared, so that nobody has to guess what must be kept.

    sa.Column("model_digest", sa.Text, nullable=False, info=names_blob("version of a model"))

Whoever collects what nothing refers to reads these marks. A column that holds a digest and has none of them fails a
test.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from everlearn.db.engine import Tx
from everlearn.db.schema import metadata

_KEY = "names_blob"
_TEXT_KEY = "mentions_blobs"
_NOT_OURS = "alembic_version"

NO_BLOB: dict[Any, Any] = {_KEY: None}
"""The digest of something that is not in the blob store under it: of code, a contract, a secret."""


def names_blob(noun: str) -> dict[Any, Any]:
    """Mark a column whose value is the digest of a blob; `noun` is what one row is, for people."""
    return {_KEY: noun}


def mentions_blobs(noun: str) -> dict[Any, Any]:
    """Mark a column of text, mostly JSON, in which digests of blobs stand; each digest in it counts."""
    return {_KEY: noun, _TEXT_KEY: True}


@dataclass(frozen=True, slots=True)
class Referring:
    """A column whose rows keep blobs."""

    column: sa.Column[Any]
    noun: str  # what one row is
    is_text: bool  # digests stand somewhere in it

    @property
    def table(self) -> sa.Table:
        """The table that it is a column of."""
        found = self.column.table
        assert isinstance(found, sa.Table)  # noqa: S101  # narrows the type: declared columns stand in tables
        return found


def referring_columns() -> Iterator[Referring]:
    """Give every declared column that names blobs, in a steady order."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if (noun := column.info.get(_KEY)) is not None:
                yield Referring(column, noun, column.info.get(_TEXT_KEY, False))


def unknown_columns(tx: Tx) -> set[str]:
    """Name the columns (`table.column`) that the database has and this process does not know.

    They may refer to something: a process that has not declared every table, or is older than the database, must not
    judge what nothing refers to.
    """
    inspected = sa.inspect(tx.connection)
    return {
        f"{table}.{column['name']}"
        for (_, table), columns in inspected.get_multi_columns().items()
        for column in columns
        if table != _NOT_OURS and (table not in metadata.tables or column["name"] not in metadata.tables[table].columns)
    }


def is_declared(column: sa.Column[Any]) -> bool:
    """Tell whether somebody said what the digests in a column are of."""
    return _KEY in column.info

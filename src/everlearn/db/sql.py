"""Statements written as SQL, for the few paths where building one from tables would cost more than running it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from everlearn.core.clock import iso
from everlearn.db.engine import Tx


class Sql:
    """One statement for both engines, with `?` for each parameter, handed to the driver itself.

    SQLAlchemy's own way to a driver costs about as much as a small statement does; the connection, its transaction and
    the translation of failures stay its and ours.
    """

    __slots__ = ("_postgresql", "_sqlite")

    def __init__(self, text: str) -> None:
        self._sqlite = text
        self._postgresql = text.replace("%", "%%").replace("?", "%s")

    def run(self, tx: Tx, *parameters: Any) -> int:
        """Run it once; give the number of rows that changed."""
        count: int = self._executed(tx, parameters).rowcount
        return count

    def run_all(self, tx: Tx, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run it once for each row."""
        if rows:
            tx.driver.cursor().executemany(self._for(tx), rows)

    def rows(self, tx: Tx, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run it and give every row as a plain tuple."""
        found: list[tuple[Any, ...]] = self._executed(tx, parameters).fetchall()
        return found

    def row(self, tx: Tx, *parameters: Any) -> tuple[Any, ...] | None:
        """Run it and give the first row."""
        found = self.rows(tx, *parameters)
        return found[0] if found else None

    def _executed(self, tx: Tx, parameters: tuple[Any, ...]) -> Any:
        cursor = tx.driver.cursor()
        cursor.execute(self._for(tx), parameters)
        return cursor

    def _for(self, tx: Tx) -> str:
        return self._postgresql if tx.is_postgresql else self._sqlite


def written(tx: Tx, at: datetime) -> datetime | str:
    """Write an instant as a column of type `Instant` holds it."""
    return at if tx.is_postgresql else iso(at)


def read_instant(stored: datetime | str) -> datetime:
    """Read an instant back, in UTC."""
    at = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return at.astimezone(UTC)


def marks(count: int) -> str:
    """Write so many parameters: `?,?,?`."""
    return ",".join("?" * count)

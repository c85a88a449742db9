"""Pages of results: every list is paged by key, never by offset."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from everlearn.core.clock import iso, parse_instant
from everlearn.core.errors import InvalidError

T = TypeVar("T")

MAX_PAGE_SIZE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some items in order, and the key to continue after (None: this was the last page)."""

    items: Sequence[T]
    next: str | None


def page_of(rows: Sequence[T], *, limit: int, key: Callable[[T], str]) -> Page[T]:
    """Cut `limit` items out of a query that asked for `limit + 1`."""
    items = rows[:limit]
    return Page(items=items, next=key(items[-1]) if len(rows) > limit else None)


def checked_limit(limit: int) -> int:
    """Refuse page sizes that would load a whole table."""
    if not 1 <= limit <= MAX_PAGE_SIZE:
        raise InvalidError(f"limit must be between 1 and {MAX_PAGE_SIZE}, not {limit}")
    return limit


def moment_key(at: datetime, name: str) -> str:
    """Write where a list in the order of time goes on: an instant, and a name among those of that instant."""
    return f"{iso(at)},{name}"


def parsed_moment_key(key: str | None) -> tuple[datetime, str] | None:
    """Read what `moment_key` wrote; None stays None.

    Raises
    ------
    InvalidError
        When it is no such key.
    """
    if key is None:
        return None
    at, _, name = key.partition(",")
    try:
        return parse_instant(at), name
    except InvalidError as error:
        raise InvalidError("not a key to continue after; take `next` from the page before") from error

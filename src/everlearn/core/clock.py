"""Time: always aware, always UTC.

Two times run through Everlearn and are never mixed: *recorded* time is when we wrote something down (this
clock), *event* time is when it happened out there (carried by the data). Rules look at event time only.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from everlearn.core.errors import InvalidError


class Clock(Protocol):
    """Whatever can say what time it is."""

    def now(self) -> datetime:
        """Give the present instant, aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Give the present instant, aware, in UTC."""
        return datetime.now(UTC)


@dataclass(slots=True)
class ManualClock:
    """A clock that stands still until it is told otherwise; for tests and replays."""

    at: datetime

    def now(self) -> datetime:
        """Give the instant it was last set to."""
        return self.at


def iso(at: datetime) -> str:
    """Write an instant as fixed-width ISO 8601 in UTC with microseconds; text order is time order.

    Raises
    ------
    InvalidError
        When the instant has no time zone.
    """
    if at.tzinfo is None:
        raise InvalidError(f"time without a zone: {at.isoformat()}")
    return f"{at.astimezone(UTC).isoformat(timespec='microseconds')[:-6]}Z"


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant; a time zone is required.

    Raises
    ------
    InvalidError
        When the text is no instant or names no zone.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidError(f"not a time: {text[:80]!r}; expected ISO 8601 such as 2013-02-01T00:00:00Z") from error
    if at.tzinfo is None:
        raise InvalidError(f"time without a zone: {text[:80]!r}; add Z or an offset")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise InvalidError(f"a time out of range: {text[:80]!r}; years run from 1 to 9999 in UTC") from error

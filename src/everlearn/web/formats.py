"""Numbers, times and sizes as people read them. Pure functions; templates know them as filters."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from everlearn.core.clock import iso

MISSING = "\u2013"
_THIN_SPACE = "\u202f"
_BYTES_STEPS = ("B", "kB", "MB", "GB", "TB")


def number(value: float | None, digits: int = 3) -> str:
    """Write a number with `digits` significant ones, or all those before the point; thousands set apart.

    >>> number(0.012345), number(3), number(999.6)
    ('0.0123', '3', '1\u202f000')
    """
    if value is None:
        return MISSING
    if isinstance(value, int) or abs(value) >= 10**digits - 0.5:  # what would be rounded to 1e+03
        return f"{value:,.0f}".replace(",", _THIN_SPACE)
    return f"{value:.{digits}g}" if value == 0 or abs(value) >= 1e-4 else f"{value:.{digits - 1}e}"


def fixed(value: float | None, places: int = 2) -> str:
    """Write a number with so many places, so that a column lines up."""
    return MISSING if value is None else f"{value:,.{places}f}".replace(",", _THIN_SPACE)


def percent(value: float | None, places: int = 1) -> str:
    """Write a share of one as a percentage."""
    return MISSING if value is None else f"{value * 100:.{places}f}{_THIN_SPACE}%"


def instant(at: datetime | None) -> str:
    """Write an instant in UTC to the minute, zone said."""
    return MISSING if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def minute(at: datetime | None) -> str:
    """Write an instant in UTC to the minute, for a column whose head says the zone."""
    return MISSING if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def day(at: datetime | None) -> str:
    """Write the day of an instant, in UTC."""
    return MISSING if at is None else at.astimezone(UTC).strftime("%Y-%m-%d")


def duration(value: timedelta | float | None) -> str:
    """Write a length of time (seconds when a number) in its two largest units."""
    if value is None:
        return MISSING
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if seconds < 1:
        return f"{seconds * 1000:.3g}{_THIN_SPACE}ms"
    if seconds < 60:
        return f"{seconds:.3g}{_THIN_SPACE}s"
    whole = round(seconds)
    for name, size, lower_name, lower_size in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // lower_size
            lower = f" {rest}{_THIN_SPACE}{lower_name}" if rest else ""
            return f"{whole // size}{_THIN_SPACE}{name}{lower}"
    return f"{whole}{_THIN_SPACE}s"


def size(count: float | None) -> str:
    """Write a number of bytes in decimal units."""
    if count is None:
        return MISSING
    step = 0
    while count >= 1000 and step < len(_BYTES_STEPS) - 1:
        count, step = count / 1000, step + 1
    return f"{count:.3g}{_THIN_SPACE}{_BYTES_STEPS[step]}"


def short(digest: str | None) -> str:
    """Cut a digest or a long identifier to what people compare; the whole belongs into a title."""
    if digest is None:
        return MISSING
    bare = digest.removeprefix("sha256:")
    return bare if len(bare) <= 12 else bare[:12]


FILTERS: dict[str, Callable[..., str]] = {
    "number": number,
    "fixed": fixed,
    "percent": percent,
    "instant": instant,
    "minute": minute,
    "day": day,
    "duration": duration,
    "size": size,
    "short": short,
    "iso": iso,
}

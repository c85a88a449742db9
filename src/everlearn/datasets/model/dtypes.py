"""The types that columns can have, by name, and the ends of ranges of them."""

import math
import re
from datetime import date, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from everlearn.core.clock import parse_instant
from everlearn.datasets.model.errors import BadContractError

Bound: TypeAlias = int | float | str

_INTEGERS = {f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)}
_NUMBERS = _INTEGERS | {"Float32", "Float64"}
_PLAIN = _NUMBERS | {"Boolean", "String", "Binary", "Date", "Time", "Duration[ms]", "Duration[us]", "Duration[ns]"}
_DATETIME = re.compile(r"Datetime\[(ms|us|ns)(?:, ?([A-Za-z0-9_+\-/]{1,60}))?\]")
# what str() of a polars type gives
_AS_PRINTED = re.compile(r"Datetime\(time_unit='(ms|us|ns)', time_zone=(?:None|'([^']+)')\)")
_DURATION_PRINTED = re.compile(r"Duration\(time_unit='(ms|us|ns)'\)")


def canonical_dtype(name: str) -> str:
    """Write a type's name as contracts keep it; what `str()` of a polars type gives is understood, too.

    >>> canonical_dtype("Datetime(time_unit='us', time_zone='UTC')")
    'Datetime[us, UTC]'

    Raises
    ------
    BadContractError
        When there is no such type, or none that a data set can hold.
    """
    if name in _PLAIN:
        return name
    if duration := _DURATION_PRINTED.fullmatch(name):
        return f"Duration[{duration[1]}]"
    if found := _DATETIME.fullmatch(name) or _AS_PRINTED.fullmatch(name):
        unit, zone = found[1], found[2]
        return f"Datetime[{unit}]" if zone is None else f"Datetime[{unit}, {_checked_zone(zone)}]"
    raise BadContractError(
        f"no data type {name[:80]!r}; there are {', '.join(sorted(_PLAIN))}, Datetime[us, UTC] and its like "
        "(ms, us or ns; the zone may be left out)"
    )


def parsed_dtype(name: str) -> tuple[str, str | None, str | None]:
    """Take a canonical name apart: `Datetime[us, UTC]` is ("Datetime", "us", "UTC")."""
    kind, _, rest = name.partition("[")
    unit, _, zone = rest.rstrip("]").partition(", ")
    return kind, unit or None, zone or None


def bound_value(bound: Bound, dtype: str) -> int | float | date | datetime:
    """Give the end of a range as a value of the column's kind.

    Raises
    ------
    BadContractError
        When it is no such value.
    """
    kind, _, zone = parsed_dtype(dtype)
    if dtype in _NUMBERS and isinstance(bound, int | float) and not isinstance(bound, bool):
        if math.isfinite(bound) and abs(bound) <= 2**64:
            return bound
    elif kind in {"Date", "Datetime"} and isinstance(bound, str):
        try:
            if kind == "Date":
                return date.fromisoformat(bound)
            at = datetime.fromisoformat(bound)
            if (at.tzinfo is None) == (zone is None):
                return at if zone is None else parse_instant(bound)
        except (ValueError, OverflowError):
            pass
    raise BadContractError(
        f"{str(bound)[:80]!r} is no end of a range of {dtype}; numbers have finite numbers, Date and Datetime have "
        "ISO 8601 text (with a zone exactly where the type has one), other types have no range"
    )


def _checked_zone(zone: str) -> str:
    if zone != "UTC":
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise BadContractError(f"no time zone {zone[:80]!r}; use UTC or a name such as Europe/Berlin") from error
    return zone

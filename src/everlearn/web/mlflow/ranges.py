"""Parts of a file, as HTTP asks for them (RFC 9110, sections 13 and 14)."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from everlearn.core.errors import InvalidError

_SINGLE = re.compile(r"bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})", re.IGNORECASE)


class RangeError(InvalidError):
    """The wanted bytes lie outside the file."""

    code = "web.range"


class Span(NamedTuple):
    """Bytes from `start` until before `stop`."""

    start: int
    stop: int


def wanted_span(headers: Mapping[bytes, bytes], etag: str, size: int) -> Span | None:
    """Give the bytes that a request wants, None meaning all of them.

    Several ranges, other units and what cannot be read are ignored, which RFC 9110 leaves to the server; so is a
    range that only makes sense for another content (`If-Range`).

    Raises
    ------
    RangeError
        When the range begins behind the end.
    """
    condition = headers.get(b"if-range", b"").decode("latin-1").strip()
    found = _SINGLE.fullmatch(headers.get(b"range", b"").decode("latin-1").strip())
    if found is None or (condition and condition != etag):
        return None
    first, last = found.groups()
    if not first:
        return _last(int(last), size) if last else None
    start, stop = int(first), min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return None  # not a range at all
    if start >= size:
        raise RangeError(f"the file has {size} bytes; the range begins at {start}")
    return Span(start, stop)


def is_known(headers: Mapping[bytes, bytes], etag: str) -> bool:
    """Tell whether the caller says that it has this very content (`If-None-Match`)."""
    tags = headers.get(b"if-none-match", b"").decode("latin-1").split(",")
    return any(tag.strip().removeprefix("W/") in {etag, "*"} for tag in tags)


def _last(count: int, size: int) -> Span:
    if count == 0 or size == 0:
        raise RangeError(f"the file has {size} bytes; the last {count} of them are none")
    return Span(max(0, size - count), size)

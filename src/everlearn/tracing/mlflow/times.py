"""Moments and spans of time as protobuf's JSON writes them, in milliseconds on our side."""

import re
from datetime import UTC, datetime, timedelta

from everlearn.web.mlflow.errors import ProtocolError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})")
_DURATION = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,9}))?s")


def moment_in(text: str, name: str) -> int:
    """Read a moment, such as `2026-11-25T10:11:04.952Z`."""
    found = _MOMENT.fullmatch(text)
    if found is not None:
        try:
            at = datetime.fromisoformat(f"{found[1]}{(found[2] or '')[:7]}{found[3].replace('Z', '+00:00')}")
            return (at - _EPOCH) // _MILLISECOND
        except (ValueError, OverflowError):
            pass  # the 30th of February, the year 0
    raise ProtocolError(f"Invalid value '{text[:60]}' for parameter '{name}' supplied: it is no moment.")


def moment_out(at_ms: int) -> str:
    """Write a moment."""
    at = _EPOCH + at_ms * _MILLISECOND
    return at.strftime(f"%Y-%m-%dT%H:%M:%S{f'.{at_ms % 1000:03}' if at_ms % 1000 else ''}Z")


def duration_in(text: str, name: str) -> int:
    """Read a span of time, such as `0.001s`."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ProtocolError(f"Invalid value '{text[:60]}' for parameter '{name}' supplied: it is no duration.")
    milliseconds = int(found[2]) * 1000 + int((found[3] or "").ljust(3, "0")[:3])
    return -milliseconds if found[1] else milliseconds


def duration_out(milliseconds: int) -> str:
    """Write a span of time."""
    seconds, rest = divmod(abs(milliseconds), 1000)
    return f"{'-' if milliseconds < 0 else ''}{seconds}{f'.{rest:03}' if rest else ''}s"

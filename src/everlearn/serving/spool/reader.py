"""Reading a spool from a position on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from everlearn.serving.spool.folder import Segment
from everlearn.serving.spool.frames import HEAD_BYTES, frame_bytes, payload_at

PORTION_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """Some records in order, and where to go on."""

    payloads: Sequence[bytes]
    end: int  # position behind them
    skipped_bytes: int  # torn by a crash or damaged since


def read_portion(segments: Sequence[Segment], position: int, until: int) -> Portion:
    """Read about a megabyte of records from `position` on, none of them beyond `until`.

    A frame that is torn or damaged hides all behind it in its segment; the rest of the segment is skipped.
    """
    segment = _segment_at(segments, position)
    if segment is None:
        return Portion(payloads=(), end=until, skipped_bytes=0)
    position = max(position, segment.start)
    end = min(segment.end, until)
    content = _content(segment.path, position - segment.start, end - position)
    payloads: list[bytes] = []
    start = 0
    while (payload := payload_at(content, start)) is not None:
        payloads.append(payload)
        start += HEAD_BYTES + len(payload)
    if payloads or position == end:
        return Portion(payloads=payloads, end=position + start, skipped_bytes=0)
    return Portion(payloads=(), end=end, skipped_bytes=end - position)


def _segment_at(segments: Sequence[Segment], position: int) -> Segment | None:
    """Give the segment that holds the byte at `position`, or else the first one behind it."""
    return next((segment for segment in segments if segment.end > position), None)


def _content(path: Path, offset: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        content = file.read(min(size, PORTION_BYTES))
        needed = frame_bytes(content, 0)
        if needed is not None and needed > len(content):
            content += file.read(min(size, needed) - len(content))
    return content

"""Looking into files that anybody may have uploaded, without running, loading or trusting any of them.

What a file is, is told by its first bytes and its name together; whatever is not surely one of a few harmless kinds is
a download. HTML and SVG are shown as text, never as pages.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from everlearn.tracking.hazards import Hazard
from everlearn.tracking.pages.words import LOADING, cut
from everlearn.web.view import Cell, Column, EmptyState, Table

LARGEST_TEXT = 64_000  # bytes that are shown
LARGEST_JSON = 256_000  # bytes; what is longer is shown as it is
LARGEST_TABLE = 8_000_000  # bytes of a Parquet file that is read at all
LARGEST_IMAGE = 8_000_000  # bytes
_ROWS, _COLUMNS, _LONGEST_FIELD = 50, 40, 200
_MOST_CELLS = 20_000_000  # that a Parquet file may claim to hold
_JSON_NAMES, _TABLE_NAMES = (".json",), {".csv": ",", ".tsv": "\t"}
_IMAGES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)


class Kind(StrEnum):
    """How a file can be shown."""

    TEXT = "text"
    TABLE = "table"
    IMAGE = "image"
    HAZARD = "hazard"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A file as a page shows it."""

    kind: Kind
    note: str  # what is shown, or why nothing is
    text: str = ""
    table: Table | None = None


def image_type(head: bytes) -> str | None:
    """Give the media type of an image by its first bytes; None when it is none of those that are shown."""
    return next((media for pattern, media in _IMAGES if pattern.match(head)), None)


def preview(path: str, size_bytes: int, hazard: Hazard | None, chunks: Iterable[bytes]) -> Preview:
    """Look into a file; reads no more of it than is needed, and nothing of one with a hazard."""
    if hazard is not None:
        return Preview(kind=Kind.HAZARD, note=f"{hazard.words.capitalize()}. {LOADING}. It is never opened here.")
    pieces = iter(chunks)
    head = _read(pieces, LARGEST_TEXT)
    if image_type(head) is not None:
        if size_bytes > LARGEST_IMAGE:
            return Preview(kind=Kind.NOTHING, note="The image is too large to be shown here; download it.")
        return Preview(kind=Kind.IMAGE, note="An image, as it was logged.")
    if head.startswith(b"PAR1") and path.lower().endswith(".parquet"):
        return _parquet(size_bytes, head, pieces)
    return _text(path, size_bytes, head, pieces)


def _text(path: str, size_bytes: int, head: bytes, rest: Iterator[bytes]) -> Preview:
    text = _decoded(head, is_whole=size_bytes <= len(head))
    if text is None:
        return Preview(kind=Kind.NOTHING, note="Not text and none of the kinds that are shown here; download it.")
    lower = path.lower()
    ending = lower[lower.rfind(".") :]
    if ending in _TABLE_NAMES:
        return _delimited(text, _TABLE_NAMES[ending], is_whole=size_bytes <= len(head))
    if ending in _JSON_NAMES and size_bytes <= LARGEST_JSON:
        whole = _decoded(head + _read(rest, LARGEST_JSON - len(head)), is_whole=True)
        if whole is not None and (pretty := _pretty(whole)) is not None:
            return Preview(kind=Kind.TEXT, note="JSON, laid out.", text=pretty[: 2 * LARGEST_TEXT])
    note = "The whole file, as text." if size_bytes <= len(head) else f"The first {len(head):,} bytes, as text."
    return Preview(kind=Kind.TEXT, note=note, text=text)


def _pretty(text: str) -> str | None:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return None


def _delimited(text: str, separator: str, *, is_whole: bool) -> Preview:
    lines = text.splitlines(keepends=True)
    if not is_whole:
        lines = lines[:-1]  # cut anywhere
    try:
        rows = [row for row, _ in zip(csv.reader(lines, delimiter=separator), range(_ROWS + 1), strict=False)]
    except csv.Error:
        return Preview(kind=Kind.TEXT, note="No table that can be read; as text.", text=text)
    if not rows:
        return Preview(kind=Kind.TEXT, note="An empty file.", text=text)
    body = rows[1:]
    return Preview(kind=Kind.TABLE, note=_table_note(len(body), None), table=_table(rows[0], body))


def _parquet(size_bytes: int, head: bytes, rest: Iterator[bytes]) -> Preview:
    if size_bytes > LARGEST_TABLE:
        return Preview(kind=Kind.NOTHING, note="The table is too large to be shown here; download it.")
    import polars as pl  # noqa: PLC0415  # heavy, and few files are tables

    content = head + _read(rest, LARGEST_TABLE)
    try:
        with _parquet_errors():
            lazy = pl.scan_parquet(io.BytesIO(content))
            names = lazy.collect_schema().names()
            count = int(lazy.select(pl.len()).collect().item())
            if count * max(1, len(names)) > _MOST_CELLS:
                return Preview(kind=Kind.NOTHING, note="The table holds too much to be shown here; download it.")
            rows = lazy.select(names[:_COLUMNS]).head(_ROWS).collect().rows()
    except _UnreadableError:
        return Preview(kind=Kind.NOTHING, note="The file says that it is Parquet and cannot be read as such.")
    shown = [["" if value is None else str(value) for value in row] for row in rows]
    return Preview(kind=Kind.TABLE, note=_table_note(len(shown), count), table=_table(names, shown))


class _UnreadableError(Exception):
    pass


@contextmanager
def _parquet_errors() -> Iterator[None]:
    """Translate what the reader raises; a damaged file can also make it panic, which is no Exception."""
    import polars as pl  # noqa: PLC0415  # see above

    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError, OverflowError) as error:
        raise _UnreadableError from error


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    width = min(_COLUMNS, max(len(names), *(len(row) for row in rows), 0) if rows else len(names))
    heads = [*names, *([""] * (width - len(names)))][:width]
    return Table(
        caption="First rows",
        columns=tuple(Column(title=cut(name, 40)) for name in heads),
        rows=tuple(
            tuple(Cell(text=cut(text, _LONGEST_FIELD)) for text in [*row, *([""] * (width - len(row)))][:width])
            for row in rows
        ),
        empty=EmptyState(title="No rows"),
    )


def _table_note(shown: int, count: int | None) -> str:
    return f"The first {shown} rows." if count is None else f"{shown} of {count:,} rows."


def _read(pieces: Iterator[bytes], most: int) -> bytes:
    found = bytearray()
    while len(found) < most and (piece := next(pieces, b"")):
        found += piece
    return bytes(found) if len(found) <= most else bytes(found[:most])


def _decoded(content: bytes, *, is_whole: bool) -> str | None:
    """Read text; a character cut in two at the end is left out, anything else that is no text is None."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        if is_whole or error.start < len(content) - 4:
            return None
        text = content[: error.start].decode()
    odd = sum(not one.isprintable() and one not in "\t\n\r\f" for one in text)
    return None if odd > len(text) / 100 else text

"""One content against one base: every way that could be short is tried, the shortest that reads back is taken."""

from collections.abc import Iterator, Sequence

from everlearn.blobs.deltas import patch, varints
from everlearn.blobs.deltas.columns import Column, read_columns, write_columns
from everlearn.blobs.deltas.encoding import Delta, Encoding
from everlearn.blobs.deltas.errors import BadContainerError
from everlearn.blobs.deltas.forms import BUFFERS, FORMS
from everlearn.blobs.deltas.layout import Layout, put_together, shapes_of, taken_apart

_CHUNKED_FROM = 1 << 20  # bytes of a base; below, zstd finds by itself what chunks would find


def encode(content: bytes, base: bytes = b"") -> Delta:
    """Write a content against a base (none: by itself) in the shortest way that gives the same bytes back."""
    tried = sorted(_ways(content, base), key=lambda delta: len(delta.payload))
    return next(delta for delta in tried if _reads_back(delta, content, base))


def decode(delta: Delta, size: int, base: bytes = b"") -> bytes:
    """Give the content of `size` bytes back.

    Raises
    ------
    BadContainerError
        When these bytes were not written by `encode`, or against another base.
    """
    try:
        content = _decoded(delta, size, base)
    except (ValueError, LookupError, OverflowError) as error:  # of numpy, on numbers that make no sense
        raise BadContainerError("a payload is damaged") from error
    if len(content) != size:
        raise BadContainerError("the content has another length than it should")
    return content


def _decoded(delta: Delta, size: int, base: bytes) -> bytes:
    match delta.encoding:
        case Encoding.STORED:
            return delta.payload
        case Encoding.PREFIX:
            return patch.from_prefix(delta.payload, base, size)
        case Encoding.CHUNKS:
            return patch.from_chunks(delta.payload, base, size)
        case Encoding.COLUMNS:
            return _from_columns(delta.payload, size, base)


def _ways(content: bytes, base: bytes) -> Iterator[Delta]:
    yield Delta(Encoding.STORED, content)
    yield Delta(Encoding.PREFIX, patch.with_prefix(content, base))
    if len(base) >= _CHUNKED_FROM:
        yield Delta(Encoding.CHUNKS, patch.with_chunks(content, base))
    for form, runs_of in FORMS.items():
        if runs := runs_of(content):
            yield Delta(Encoding.COLUMNS, _with_columns(form, taken_apart(content, runs), base))
            return
    if len(base) == len(content):
        for form, runs_of in BUFFERS.items():
            yield Delta(Encoding.COLUMNS, _with_columns(form, taken_apart(content, runs_of(content)), base))


def _reads_back(delta: Delta, content: bytes, base: bytes) -> bool:
    try:
        return decode(delta, len(content), base) == content
    except BadContainerError:
        return False


def _with_columns(form: int, layout: Layout, base: bytes) -> bytes:
    known = _layout(form, base)
    places = {column.key: place for place, column in enumerate(known.columns)}
    chosen = [places.get(column.key) for column in layout.columns]
    paired = b"".join(varints.written(0 if place is None else place + 1) for place in chosen)
    columns = write_columns(layout.columns, [None if place is None else known.columns[place] for place in chosen])
    plan, rest = varints.sized(layout.plan) + varints.sized(paired), layout.rest
    head = varints.written(form) + varints.written(len(plan)) + varints.written(len(rest))
    around = patch.with_prefix(plan + rest, varints.sized(known.plan) + known.rest)
    return head + varints.sized(around) + columns


def _from_columns(payload: bytes, size: int, base: bytes) -> bytes:
    reader = varints.Reader(payload)
    form, plan_size, rest_size = reader.number(), reader.count(size + patch.SLACK), reader.count(size)
    known = _layout(form, base)
    around = patch.from_prefix(reader.sized(), varints.sized(known.plan) + known.rest, plan_size + rest_size)
    planned = varints.Reader(around[:plan_size])
    plan, paired = planned.sized(), varints.Reader(planned.sized())
    shapes = shapes_of(plan, size)
    bases = [_paired(paired.number(), known.columns) for _ in shapes]
    return put_together(around[plan_size:], plan, read_columns(reader, shapes, bases))


def _paired(number: int, columns: Sequence[Column]) -> Column | None:
    if number > len(columns):
        raise BadContainerError("a column is against one that the base does not have")
    return columns[number - 1] if number else None


def _layout(form: int, content: bytes) -> Layout:
    runs_of = FORMS.get(form) or BUFFERS.get(form)
    if runs_of is None:
        raise BadContainerError(f"form {form} is not known here; a newer Everlearn may have written this")
    return taken_apart(content, runs_of(content) if content else ())

"""Bytes against the bytes of a predecessor, whatever they are.

`with_prefix` is zstd with the base before the content, so that what repeats from it costs a reference (what
`zstd --patch-from` does). Its search tables are small beside large contents; there `with_chunks` first takes out
whatever chunks of the base occur again (see `chunking`), grown to where they really begin and end, and what is left
over goes to zstd with those parts of the base that nothing was copied from: what was changed resembles what it was.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import zstandard

from everlearn.blobs.deltas import planes, varints
from everlearn.blobs.deltas.chunking import chunks
from everlearn.blobs.deltas.errors import BadContainerError

_LARGEST_PREFIX = 1 << 25  # bytes; more makes zstd's search no better and its memory large
_LARGEST_WINDOW = 27  # as a power of two
_SMALL, _HARDEST = 1 << 22, 19  # bytes for which zstd may take its time, and its level then
_STEP = 4096  # bytes compared at once
SLACK = 4096  # bytes by which a description of a content may be larger than the content


class _Copy(NamedTuple):
    """A stretch of the content that the base has too."""

    start: int
    source: int
    length: int


def with_prefix(content: bytes, base: bytes) -> bytes:
    """Compress a content against a base (which may be empty)."""
    base = base[-_LARGEST_PREFIX:]
    window = min(max((len(content) + len(base)).bit_length(), 10), _LARGEST_WINDOW)
    known = zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT) if base else None
    parameters = zstandard.ZstdCompressionParameters.from_level(
        _HARDEST if len(content) + len(base) <= _SMALL else planes.LEVEL,
        source_size=len(content) + len(base),
        window_log=window,
        write_content_size=False,
        write_dict_id=False,
    )
    return zstandard.ZstdCompressor(dict_data=known, compression_params=parameters).compress(content)


def from_prefix(packed: bytes, base: bytes, size: int) -> bytes:
    """Undo `with_prefix`."""
    return planes.inflated(packed, size, base=base[-_LARGEST_PREFIX:])


def with_chunks(content: bytes, base: bytes) -> bytes:
    """Write a content as copies from a base and what lies between them."""
    copies = list(_copies(content, base))
    moves, literals, position, expected = [], [], 0, 0
    for copy in copies:
        literals.append(content[position : copy.start])
        distance = copy.source - expected
        moves += [copy.start - position, copy.length, abs(distance) << 1 | (distance < 0)]
        position, expected = copy.start + copy.length, copy.source + copy.length
    left = b"".join((*literals, content[position:]))
    listed = b"".join(map(varints.written, moves))
    packed = with_prefix(left, _not_copied(base, copies))
    head = varints.written(len(listed)) + varints.sized(planes.compressed(listed))
    return head + varints.written(len(left)) + packed


def from_chunks(packed: bytes, base: bytes, size: int) -> bytes:
    """Undo `with_chunks`; never gives more than `size` bytes."""
    reader = varints.Reader(packed)
    listed_size = reader.count(size + SLACK)
    listed = varints.Reader(planes.decompressed(reader.sized(), listed_size))
    copies, gaps, expected, start = [], [], 0, 0
    while not listed.at_end:
        gap, length, coded = listed.number(), listed.number(), listed.number()
        source = expected + (-(coded >> 1) if coded & 1 else coded >> 1)
        if source < 0 or source + length > len(base):
            raise BadContainerError("a copy lies outside the base")
        gaps.append(gap)
        copies.append(_Copy(start + gap, source, length))
        start, expected = start + gap + length, source + length
    left_size = reader.count(size)
    if left_size + sum(copy.length for copy in copies) != size:
        raise BadContainerError("copies and the rest do not make up the content")
    left = from_prefix(reader.take(len(packed) - reader.position), _not_copied(base, copies), left_size)
    return _merged(left, base, copies, gaps)


def _merged(left: bytes, base: bytes, copies: Sequence[_Copy], gaps: Sequence[int]) -> bytes:
    parts, position = [], 0
    for copy, gap in zip(copies, gaps, strict=True):
        parts += [left[position : position + gap], base[copy.source : copy.source + copy.length]]
        position += gap
    return b"".join((*parts, left[position:]))


def _copies(content: bytes, base: bytes) -> Iterator[_Copy]:
    known: dict[bytes, int] = {}
    for start, end in chunks(base):
        known.setdefault(_name(base[start:end]), start)
    covered = 0
    for start, end in chunks(content):
        if end <= covered:
            continue
        source = known.get(_name(content[start:end]))
        if source is None or start < covered:
            continue
        back = _same_before(content, start, covered, base, source)
        forward = _same_after(content, end, base, source + end - start)
        yield _Copy(start - back, source - back, back + end - start + forward)
        covered = end + forward


def _name(chunk: bytes) -> bytes:
    return hashlib.blake2b(chunk, digest_size=16).digest()


def _same_after(content: bytes, at: int, base: bytes, source: int) -> int:
    same = 0
    while True:
        one, other = content[at + same : at + same + _STEP], base[source + same : source + same + _STEP]
        length = min(len(one), len(other))
        if not length or one[:length] != other[:length]:
            return same + _equal(one[:length], other[:length])
        same += length


def _same_before(content: bytes, at: int, covered: int, base: bytes, source: int) -> int:
    reach = min(at - covered, source, _STEP)
    return _equal(content[at - reach : at][::-1], base[source - reach : source][::-1])


def _equal(one: bytes, other: bytes) -> int:
    """Tell how many bytes at the beginning are equal; both are of one length."""
    different = np.flatnonzero(np.frombuffer(one, np.uint8) != np.frombuffer(other, np.uint8))
    return int(different[0]) if len(different) else len(one)


def _not_copied(base: bytes, copies: Sequence[_Copy]) -> bytes:
    is_used = np.zeros(len(base), dtype=bool)
    for copy in copies:
        is_used[copy.source : copy.source + copy.length] = True
    return np.frombuffer(base, np.uint8)[~is_used][-_LARGEST_PREFIX:].tobytes()

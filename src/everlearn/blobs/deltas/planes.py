"""Byte planes: the first bytes of all words, then all second bytes, and so on, each compressed by itself.

In neighbouring numbers the bytes of one rank resemble each other and differ from those of another rank: sign and
exponent are almost constant, the low end of a fraction is noise. Apart, the former compress well and the latter are
stored as they are (the "shuffle" of HDF5 and Blosc). A plane is written as one byte that says how, then its content:

    0  one byte, repeated        1  as it is        2  zstd        3  zstd against the same plane of the base
"""

from collections.abc import Sequence

import numpy as np
import zstandard
from numpy.typing import NDArray

from everlearn.blobs.deltas import varints
from everlearn.blobs.deltas.errors import BadContainerError

Words = NDArray[np.unsignedinteger]
LEVEL = 12  # of zstd: 19 saves another 1 to 2 % and takes five times as long
_CONSTANT, _PLAIN, _ZSTD = 0, 1, 2


def compressed(content: bytes) -> bytes:
    """Compress bytes by themselves, in whichever way is shortest."""
    if content and content.count(content[0]) == len(content):
        return bytes((_CONSTANT, content[0]))
    packed = zstandard.ZstdCompressor(level=LEVEL, write_checksum=False, write_content_size=False).compress(content)
    return bytes((_ZSTD,)) + packed if len(packed) < len(content) else bytes((_PLAIN,)) + content


def decompressed(content: bytes, size: int) -> bytes:
    """Give back `size` bytes."""
    how, rest = content[:1], content[1:]
    match how:
        case b"\0" if len(rest) == 1:
            return rest * size
        case b"\1":
            out = rest
        case b"\2":
            out = inflated(rest, size)
        case _:
            raise BadContainerError("a plane is written in no known way")
    if len(out) != size:
        raise BadContainerError("a plane has another length than it should")
    return out


def inflated(content: bytes, size: int, *, base: bytes = b"") -> bytes:
    """Undo zstd; never gives, nor makes room for, more than `size` bytes."""
    known = zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT) if base else None
    decompressor = zstandard.ZstdDecompressor(dict_data=known, max_window_size=1 << 31)
    try:
        if zstandard.get_frame_parameters(content).content_size != zstandard.CONTENTSIZE_UNKNOWN:
            raise BadContainerError("compressed bytes say their size, which we never write")  # and zstd would trust it
        return decompressor.decompress(content, max_output_size=max(size, 1))
    except zstandard.ZstdError as error:
        raise BadContainerError("compressed bytes are damaged") from error


def planes_of(words: Words) -> Sequence[bytes]:
    """Give the planes of words, the lowest bytes first."""
    width = words.dtype.itemsize
    table = np.ascontiguousarray(words).view(np.uint8).reshape(-1, width)
    return [table[:, rank].tobytes() for rank in range(width)]


def write_words(words: Words) -> bytes:
    """Write words as compressed planes."""
    return b"".join(varints.sized(compressed(plane)) for plane in planes_of(words))


def read_words(reader: varints.Reader, count: int, width: int) -> Words:
    """Read `count` words of `width` bytes."""
    table = np.empty((count, width), dtype=np.uint8)
    for rank in range(width):
        table[:, rank] = np.frombuffer(decompressed(reader.sized(), count), dtype=np.uint8)
    return table.view(f"<u{width}").reshape(count)

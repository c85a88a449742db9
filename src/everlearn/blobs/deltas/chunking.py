"""Content-defined chunks: where a content is cut depends on the bytes just before the cut, not on how far in it is.

So an insertion moves the cuts behind it with it, and only the chunks that it touches differ.

A position is a cut when the top bits of a gear hash of the bytes before it are zero:

    h(i) = sum over k in 0..31 of gear[byte(i - k)] * 2**k   (modulo 2**32)

with one random number `gear[b]` for each byte. As in FastCDC (Xia et al., "FastCDC: a Fast and Efficient
Content-Defined Chunking Approach for Data Deduplication", USENIX ATC 2016, section 4.2) no chunk is shorter than
`SMALLEST`, up to `USUAL` bytes two more bits must be zero and from there on two fewer, and at `LARGEST` it is cut
anyway. Different from there, the hash is not begun anew in each chunk: it is always that of the 32 bytes before, which
lets numpy compute all positions at once, by doubling (the hash of 2n bytes is that of n bytes plus that of the n before
them, shifted by n bits), and makes the candidates depend on nothing else.

Complexity: O(n) time with about ten passes of numpy, O(1) extra memory (a block at a time) besides the cuts.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

SMALLEST = 1024
USUAL = 4096
LARGEST = 32_768

_WINDOW = 32  # bytes
_BLOCK = 1 << 20
_STRICT = np.uint32(0xFFFC0000)  # 14 bits: one position in 16 KiB
_LOOSE = np.uint32(0xFFC00000)  # 10 bits: one in 1 KiB
_GEAR: NDArray[np.uint32] = np.random.Generator(np.random.PCG64(0x6CA7)).integers(0, 1 << 32, 256, dtype=np.uint32)


def chunks(content: bytes) -> Iterator[tuple[int, int]]:
    """Give the beginning and end of each chunk, in order; together they are the content."""
    start, positions, strict = 0, *_candidates(content)
    at = 0
    while start < len(content):
        end = min(start + LARGEST, len(content))
        at += int(np.searchsorted(positions[at:], start + SMALLEST))
        for place in range(at, len(positions)):
            position = int(positions[place])
            if position >= end:
                break
            if strict[place] or position >= start + USUAL:
                end = position
                break
        yield start, end
        start = end


def _candidates(content: bytes) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Give every position before which a cut may be, and whether it is one under the strict rule too."""
    raw = np.frombuffer(content, dtype=np.uint8)
    positions, strict = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.bool_)]
    for begin in range(0, len(raw), _BLOCK):
        before = min(begin, _WINDOW - 1)
        hashes = _hashes(raw[begin - before : begin + _BLOCK])[before:]
        found = np.flatnonzero((hashes & _LOOSE) == 0)
        positions.append(found + begin + 1)
        strict.append((hashes[found] & _STRICT) == 0)
    return np.concatenate(positions), np.concatenate(strict)


def _hashes(raw: NDArray[np.uint8]) -> NDArray[np.uint32]:
    hashes = _GEAR[raw]
    width = 1
    while width < _WINDOW:
        hashes[width:] += hashes[:-width] << np.uint32(width)
        width *= 2
    return hashes

"""The file that a packed blob lies in: what it is of, what is needed to read it, and whether it is intact.

8 bytes   "ELdelta" and the version, 1
varint    length of the head; then the head:
    32        SHA-256 of the content
    varint    size of the content in bytes
    varint    number of bases, 0 or 1; for each 32 bytes, the SHA-256 of the base
    varint    encoding (`codec.Encoding`)
    varint    length of the payload
4         CRC-32 of everything so far, big-endian: the head can be believed without reading the rest
…         the payload
32        SHA-256 of everything so far
"""

import hashlib
import zlib
from dataclasses import dataclass

from everlearn.blobs.deltas import varints
from everlearn.blobs.deltas.encoding import Delta, Encoding
from everlearn.blobs.deltas.errors import BadContainerError
from everlearn.core.digest import Digest, hex_of

LONGEST_HEAD = 128  # bytes from which `read_head` can read any head
_MAGIC = b"ELdelta\x01"
_SUM = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a container says about itself."""

    digest: Digest  # of the content
    size_bytes: int  # of the content
    needs: tuple[Digest, ...]  # without these the content cannot be read
    encoding: Encoding
    payload_bytes: int


def written_container(digest: Digest, size_bytes: int, delta: Delta, needs: tuple[Digest, ...]) -> bytes:
    """Write a container."""
    numbers = (size_bytes, len(needs)), (delta.encoding, len(delta.payload))
    head = b"".join(
        (
            bytes.fromhex(hex_of(digest)),
            *map(varints.written, numbers[0]),
            *(bytes.fromhex(hex_of(base)) for base in needs),
            *map(varints.written, numbers[1]),
        )
    )
    start = _MAGIC + varints.sized(head)
    whole = start + zlib.crc32(start).to_bytes(4, "big") + delta.payload
    return whole + hashlib.sha256(whole).digest()


def read_head(start: bytes) -> Head:
    """Read the head from the first `LONGEST_HEAD` bytes of a container (or more); raises BadContainerError."""
    return _head(varints.Reader(start))


def read_container(content: bytes) -> tuple[Head, Delta]:
    """Read a container; raises BadContainerError when one bit of it is not as it was written."""
    if hashlib.sha256(content[:-_SUM]).digest() != content[-_SUM:]:
        raise BadContainerError("a container is damaged")
    reader = varints.Reader(content[:-_SUM])
    head = _head(reader)
    payload = reader.take(head.payload_bytes)
    if not reader.at_end:
        raise BadContainerError("a container is longer than it says")
    return head, Delta(head.encoding, payload)


def _head(reader: varints.Reader) -> Head:
    if reader.take(len(_MAGIC)) != _MAGIC:
        raise BadContainerError("no container, or one of a version that is not known here")
    inner = varints.Reader(reader.sized())
    checked = reader.content[: reader.position]
    if zlib.crc32(checked).to_bytes(4, "big") != reader.take(4):
        raise BadContainerError("the head of a container is damaged")
    digest, size_bytes = _digest(inner), inner.number()
    needs = tuple(_digest(inner) for _ in range(inner.number()))
    encoding = inner.number()
    if encoding not in set(Encoding):
        raise BadContainerError(f"encoding {encoding} is not known here; a newer Everlearn may have written this")
    return Head(
        digest=digest, size_bytes=size_bytes, needs=needs, encoding=Encoding(encoding), payload_bytes=inner.number()
    )


def _digest(reader: varints.Reader) -> Digest:
    return Digest(f"sha256:{reader.take(32).hex()}")

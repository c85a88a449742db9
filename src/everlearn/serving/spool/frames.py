"""Frames: how records lie in a segment, so that a torn or damaged one is recognised.

A frame is the length of its payload and the CRC-32 of it, four bytes each, little-endian, then the payload.
"""

import struct
import zlib

_HEAD = struct.Struct("<II")
HEAD_BYTES = _HEAD.size
LONGEST_PAYLOAD_BYTES = 256 * 1024 * 1024


def encode_frame(payload: bytes) -> bytes:
    """Put a frame around a payload."""
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


def frame_bytes(content: bytes, start: int) -> int | None:
    """Tell how long the frame at `start` claims to be; None: its head is cut short or claims too much."""
    if len(content) - start < HEAD_BYTES:
        return None
    length, _ = _HEAD.unpack_from(content, start)
    return None if length > LONGEST_PAYLOAD_BYTES else HEAD_BYTES + length


def payload_at(content: bytes, start: int) -> bytes | None:
    """Give the payload of the frame at `start`; None: it is cut short or damaged."""
    size = frame_bytes(content, start)
    if size is None or len(content) - start < size:
        return None
    payload = content[start + HEAD_BYTES : start + size]
    _, checksum = _HEAD.unpack_from(content, start)
    return payload if zlib.crc32(payload) == checksum else None

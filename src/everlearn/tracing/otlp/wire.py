"""Protobuf's wire format: from bytes to fields. Knows no message.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from everlearn.tracing.otlp.batch import BadOtlpError

Fields = list[tuple[int, int, int]]
"""For each field its tag (number * 8 + wire type), then its value and 0, or the beginning and end of its bytes."""

_BROKEN = "Invalid OpenTelemetry format: the body is not a protobuf message of this kind"


def fields(content: bytes, at: int, end: int) -> Fields:
    """Read the fields of the message that lies between two places; linear in its length.

    Raises
    ------
    BadOtlpError
        When it is cut off, or has wire types that no message of the protocol uses.
    """
    found: Fields = []
    try:
        while at < end:
            tag, at = _varint(content, at)
            match tag & 7:
                case 2:
                    size, at = _varint(content, at)
                    found.append((tag, at, at + size))
                    at += size
                case 0:
                    value, at = _varint(content, at)
                    found.append((tag, value, 0))
                case 1:
                    found.append((tag, int.from_bytes(content[at : at + 8], "little"), 0))
                    at += 8
                case 5:
                    found.append((tag, int.from_bytes(content[at : at + 4], "little"), 0))
                    at += 4
                case _:
                    raise BadOtlpError(_BROKEN)
            if at > end or tag < 8:
                raise BadOtlpError(_BROKEN)
    except IndexError:
        raise BadOtlpError(_BROKEN) from None
    return found


def text_in(content: bytes, start: int, end: int) -> str:
    """Read a text; what is not UTF-8 in it is replaced, as one bad character is no reason to lose a span."""
    return content[start:end].decode("utf-8", "replace")


def signed(value: int) -> int:
    """Read a 64-bit whole number with its sign."""
    return value - 2**64 if value >= 2**63 else value


def _varint(content: bytes, at: int) -> tuple[int, int]:
    one = content[at]
    if one < 128:
        return one, at + 1
    value, shift = one & 127, 7
    while True:
        at += 1
        one = content[at]
        value |= (one & 127) << shift
        if one < 128:
            return value & 0xFFFFFFFFFFFFFFFF, at + 1
        shift += 7
        if shift > 63:
            raise BadOtlpError(_BROKEN)

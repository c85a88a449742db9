"""Request bodies that come compressed, and the bound on what they may grow to."""

import zlib

from everlearn.core.errors import InvalidError, TooLargeError

_GZIP, _ZLIB, _RAW = 31, 15, -15


def inflate(body: bytes, encoding: str, *, limit_bytes: int) -> bytes:
    """Undo `Content-Encoding: gzip` or `deflate`; never allocates more than the limit and one byte.

    `deflate` is read with the zlib wrapper that RFC 9110 asks for and also bare, as some clients send it.

    Raises
    ------
    InvalidError
        When the encoding is another one, or the bytes are damaged, cut short or followed by something else.
    TooLargeError
        When the content is longer than the limit.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            return _expand(body, _GZIP, limit_bytes)
        case "deflate":
            looks_wrapped = len(body) >= 2 and body[0] & 15 == 8 and int.from_bytes(body[:2]) % 31 == 0
            return _expand(body, _ZLIB if looks_wrapped else _RAW, limit_bytes)
        case _:
            raise InvalidError("unknown Content-Encoding; gzip and deflate are understood")


def _expand(body: bytes, window_bits: int, limit_bytes: int) -> bytes:
    stream = zlib.decompressobj(window_bits)
    try:
        content = stream.decompress(body, limit_bytes + 1)
    except zlib.error as error:
        raise InvalidError("the compressed body is damaged") from error
    if len(content) > limit_bytes:
        raise TooLargeError(f"the body is longer than {limit_bytes} bytes when expanded")
    if not stream.eof or stream.unused_data:
        raise InvalidError("the compressed body is cut short or followed by something else")
    return content

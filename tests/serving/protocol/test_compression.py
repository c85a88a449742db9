import gzip
import zlib

import pytest

from everlearn.core.errors import InvalidError, TooLargeError
from everlearn.serving.protocol import inflate


def raw_deflate(content: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(content) + stream.flush()


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"hello", "identity"),
        (gzip.compress(b"hello"), "gzip"),
        (gzip.compress(b"hello"), "X-GZIP"),
        (zlib.compress(b"hello"), "deflate"),
        (raw_deflate(b"hello"), "deflate"),
    ],
    ids=["identity", "gzip", "x-gzip", "deflate", "raw deflate"],
)
def test_every_encoding_gives_the_content_back(body: bytes, encoding: str) -> None:
    assert inflate(body, encoding, limit_bytes=100) == b"hello"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_bomb_is_stopped_at_the_limit(encoding: str) -> None:
    bomb = b"0" * 50_000_000
    body = gzip.compress(bomb) if encoding == "gzip" else zlib.compress(bomb)

    with pytest.raises(TooLargeError, match="100000 bytes"):
        inflate(body, encoding, limit_bytes=100_000)


def test_content_of_exactly_the_limit_passes() -> None:
    assert inflate(gzip.compress(b"0" * 1000), "gzip", limit_bytes=1000) == b"0" * 1000


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"hello", "br"),
        (b"not gzip", "gzip"),
        (gzip.compress(b"hello")[:-3], "gzip"),
        (gzip.compress(b"hello") + b"more", "gzip"),
        (b"", "gzip"),
        (b"", "deflate"),
    ],
    ids=["unknown", "not gzip", "cut short", "something after it", "empty gzip", "empty deflate"],
)
def test_damaged_or_unknown_encodings_are_refused(body: bytes, encoding: str) -> None:
    with pytest.raises(InvalidError):
        inflate(body, encoding, limit_bytes=100)

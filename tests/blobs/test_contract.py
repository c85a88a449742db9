"""What a blob store promises, wherever it keeps its bytes: every test runs on a folder and on a bucket."""

import hashlib
import random
from collections.abc import Iterator

import pytest

from everlearn.blobs import BlobNotFoundError, BlobStore, open_blobs
from everlearn.core.digest import Digest, digest_bytes
from everlearn.core.errors import InvalidError

MEGABYTE = 1024 * 1024
ABSENT = digest_bytes(b"never stored")


def megabytes(count: int) -> Iterator[bytes]:
    source = random.Random(count)  # test data
    for _ in range(count):
        yield source.randbytes(MEGABYTE)


@pytest.mark.parametrize("content", [b"", b"x", b"hello world", bytes(range(256)) * 40])
def test_what_goes_in_comes_out(blobs: BlobStore, content: bytes) -> None:
    digest = blobs.put(content)

    assert digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert blobs.get(digest) == content
    assert b"".join(blobs.stream(digest)) == content
    assert blobs.size_bytes(digest) == len(content)


def test_storing_twice_is_storing_once(blobs: BlobStore) -> None:
    first = blobs.put(b"the same")
    second = blobs.put(b"the same")
    streamed = blobs.put_stream([b"the ", b"", b"same"])

    assert first == second == streamed.digest
    assert blobs.get(first) == b"the same"


def test_a_stream_larger_than_one_part_comes_out_as_it_went_in(blobs: BlobStore) -> None:
    expected = hashlib.sha256(b"".join(megabytes(19))).hexdigest()

    stored = blobs.put_stream(megabytes(19))

    assert stored.digest == f"sha256:{expected}"
    assert stored.size_bytes == 19 * MEGABYTE == blobs.size_bytes(stored.digest)
    pieces = [len(piece) for piece in blobs.stream(stored.digest)]
    assert sum(pieces) == stored.size_bytes
    assert max(pieces) <= 16 * MEGABYTE
    assert len(pieces) > 1


def test_an_empty_stream_is_the_empty_blob(blobs: BlobStore) -> None:
    stored = blobs.put_stream([])

    assert stored.digest == digest_bytes(b"")
    assert blobs.get(stored.digest) == b""


def test_a_stream_that_breaks_off_leaves_nothing(blobs: BlobStore) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"first half"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        blobs.put_stream(breaking())

    assert not blobs.exists(digest_bytes(b"first half"))


def test_what_is_absent_is_said_to_be(blobs: BlobStore) -> None:
    assert not blobs.exists(ABSENT)
    with pytest.raises(BlobNotFoundError, match=ABSENT):
        blobs.get(ABSENT)
    with pytest.raises(BlobNotFoundError, match=ABSENT):
        next(blobs.stream(ABSENT))
    with pytest.raises(BlobNotFoundError, match=ABSENT):
        blobs.size_bytes(ABSENT)


@pytest.mark.parametrize("name", ["../../etc/passwd", "sha256:../x", "sha256:" + "A" * 64, "md5:" + "0" * 32, ""])
def test_what_is_no_digest_is_refused(blobs: BlobStore, name: str) -> None:
    with pytest.raises(InvalidError, match="not a digest"):
        blobs.get(Digest(name))


def test_a_store_opened_again_finds_everything(blobs_url: str) -> None:
    digest = open_blobs(blobs_url).put(b"kept")

    assert open_blobs(blobs_url).get(digest) == b"kept"


def test_a_working_store_is_ready(blobs: BlobStore) -> None:
    blobs.probe()

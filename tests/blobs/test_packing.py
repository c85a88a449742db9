"""Packed blobs are blobs: what is stored comes out, wherever it lies and whatever happens meanwhile."""

import itertools
import random
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from everlearn.blobs import BlobDamagedError, BlobNotFoundError, BlobStore, open_blobs
from everlearn.blobs.deltas import Delta, Encoding, written_container
from everlearn.blobs.names import packed_name, whole_name
from everlearn.blobs.packing import LONGEST_CHAIN, BaseRefusedError, pack
from everlearn.core.digest import Digest, digest_bytes

HERE = Path(__file__).parent
ABSENT = digest_bytes(b"never stored")


def versions(count: int, size: int = 40_000) -> list[bytes]:
    """Contents that resemble each other, each a little different from the one before."""
    source = random.Random(size)
    made = [source.randbytes(size)]
    for _ in range(count - 1):
        at = source.randrange(size)
        made.append(made[-1][:at] + source.randbytes(50) + made[-1][at:])
    return made


def stored(blobs: BlobStore, contents: Sequence[bytes]) -> list[Digest]:
    return [blobs.put(content) for content in contents]


def lies_whole(blobs: BlobStore, digest: Digest) -> bool:
    return blobs.shelf.size_bytes(whole_name(digest)) is not None


def forged(blobs: BlobStore, digest: Digest, container: bytes) -> None:
    with blobs.shelf.draft() as draft:
        draft.write(container)
        draft.publish(packed_name(digest))


def test_a_packed_blob_is_read_like_any_other(blobs: BlobStore) -> None:
    old, new = versions(2)
    older, newer = stored(blobs, [old, new])

    packed = pack(blobs, older, against=newer)

    assert packed is not None
    assert (packed.base, packed.size_bytes) == (newer, len(old))
    assert packed.stored_bytes < 1_000
    assert not lies_whole(blobs, older)
    assert blobs.get(older) == old
    assert b"".join(blobs.stream(older)) == old
    assert blobs.exists(older)
    assert blobs.size_bytes(older) == len(old)


def test_what_a_packed_blob_needs_is_told(blobs: BlobStore) -> None:
    first, second, third = stored(blobs, versions(3))
    pack(blobs, first, against=second)
    pack(blobs, second, against=third)

    assert blobs.needs(first) == (second,)
    assert blobs.needs(second) == (third,)
    assert blobs.needs(third) == blobs.needs(ABSENT) == ()
    assert dict(blobs.packed()) == {first: (second,), second: (third,)}


def test_a_chain_of_packed_blobs_reads_back(blobs: BlobStore) -> None:
    contents = versions(6)
    digests = stored(blobs, contents)
    for older, newer in itertools.pairwise(digests):
        pack(blobs, older, against=newer)

    assert [blobs.get(digest) for digest in digests] == contents
    assert [lies_whole(blobs, digest) for digest in digests] == [False] * 5 + [True]


def test_a_stored_blob_is_whole_again_when_it_is_stored_again(blobs: BlobStore) -> None:
    old, new = versions(2)
    older, newer = stored(blobs, [old, new])
    pack(blobs, older, against=newer)

    assert blobs.put(old) == older

    assert lies_whole(blobs, older)
    assert blobs.get(older) == old
    again = pack(blobs, older)  # what lies packed already is kept
    assert again is not None
    assert again.base == newer


def test_a_blob_that_would_not_be_smaller_stays_whole(blobs: BlobStore) -> None:
    noise, other = (random.Random(seed).randbytes(20_000) for seed in (1, 2))
    digest, base = stored(blobs, [noise, other])

    assert pack(blobs, digest, against=base) is None
    assert pack(blobs, blobs.put(b"x" * 100), against=base) is None

    assert lies_whole(blobs, digest)


def test_a_base_that_saves_nothing_is_not_needed(blobs: BlobStore) -> None:
    digest, base = stored(blobs, [b"the same again and again, " * 2_000, random.Random(3).randbytes(50_000)])

    packed = pack(blobs, digest, against=base)

    assert packed is not None
    assert packed.base is None
    assert blobs.needs(digest) == ()


def test_no_blob_comes_to_need_itself(blobs: BlobStore) -> None:
    first, second, third = stored(blobs, versions(3))
    pack(blobs, first, against=second)
    pack(blobs, second, against=third)

    with pytest.raises(BaseRefusedError):
        pack(blobs, third, against=first)
    with pytest.raises(BaseRefusedError):
        pack(blobs, third, against=third)

    assert lies_whole(blobs, third)


def test_a_base_too_far_from_a_whole_blob_is_refused(folder_url: str) -> None:
    blobs = open_blobs(folder_url)
    digests = stored(blobs, versions(LONGEST_CHAIN + 2))[::-1]
    for base, digest in itertools.pairwise(digests[:-1]):
        pack(blobs, digest, against=base)

    with pytest.raises(BaseRefusedError):
        pack(blobs, digests[-1], against=digests[-2])


def test_what_is_not_there_cannot_be_packed(blobs: BlobStore) -> None:
    (digest,) = stored(blobs, versions(1))

    with pytest.raises(BlobNotFoundError):
        pack(blobs, ABSENT)
    with pytest.raises(BlobNotFoundError):
        pack(blobs, digest, against=ABSENT)

    assert lies_whole(blobs, digest)


@pytest.mark.parametrize("bit", [3, 200, 1_000, 3_000])
def test_a_damaged_container_is_told_and_gives_no_bytes(blobs: BlobStore, bit: int) -> None:
    older, newer = stored(blobs, versions(2))
    pack(blobs, older, against=newer)
    container = bytearray(b"".join(blobs.shelf.read(packed_name(older))))
    container[bit // 8 % len(container)] ^= 1 << bit % 8
    forged(blobs, older, bytes(container))

    with pytest.raises(BlobDamagedError, match=older):
        next(blobs.stream(older))


def test_a_base_that_is_gone_is_told(blobs: BlobStore) -> None:
    older, newer = stored(blobs, versions(2))
    pack(blobs, older, against=newer)
    blobs.shelf.remove(whole_name(newer))

    with pytest.raises(BlobDamagedError, match=newer):
        blobs.get(older)


def test_a_container_of_another_blob_or_of_itself_is_told(blobs: BlobStore) -> None:
    delta = Delta(Encoding.STORED, b"other content")
    forged(blobs, ABSENT, written_container(digest_bytes(b"other content"), 13, delta, ()))
    with pytest.raises(BlobDamagedError):
        blobs.get(ABSENT)

    forged(blobs, ABSENT, written_container(ABSENT, 13, delta, (ABSENT,)))
    with pytest.raises(BlobDamagedError, match="needs itself"):
        blobs.get(ABSENT)


def test_the_whole_form_stays_when_the_packed_one_does_not_read_back(blobs: BlobStore) -> None:
    (content,) = versions(1)
    (digest,) = stored(blobs, [content])
    forged(blobs, digest, written_container(digest, 5, Delta(Encoding.STORED, b"wrong"), ()))

    with pytest.raises(BlobDamagedError):
        pack(blobs, digest)

    assert blobs.get(digest) == content


@pytest.mark.parametrize(("place", "kills"), [("folder_url", 6), ("bucket_url", 2)])
def test_killed_while_packing_everything_is_there_and_the_next_try_finishes(
    place: str, kills: int, request: pytest.FixtureRequest
) -> None:
    url: str = request.getfixturevalue(place)
    blobs = open_blobs(url)
    contents = versions(4, 150_000)
    digests = stored(blobs, contents)

    for seed in range(kills):
        command = [sys.executable, str(HERE / "packer.py"), url, *digests]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as packer:
            assert packer.stdout is not None
            for _ in range(random.Random(seed).randrange(1, 8)):
                packer.stdout.readline()
            packer.kill()
        assert [blobs.get(digest) for digest in digests] == contents

    for older, newer in itertools.pairwise(digests):
        pack(blobs, older, against=newer)
    assert [lies_whole(blobs, digest) for digest in digests] == [False, False, False, True]
    assert [blobs.get(digest) for digest in digests] == contents


def test_readers_never_see_a_blob_absent_while_it_is_packed_and_stored_again(folder_url: str) -> None:
    blobs = open_blobs(folder_url)
    old, new = versions(2)
    older, newer = stored(blobs, [old, new])
    done, wrong = threading.Event(), list[object]()

    def read() -> None:
        while not done.is_set():
            try:
                if not blobs.exists(older) or blobs.size_bytes(older) != len(old) or blobs.get(older) != old:
                    wrong.append("other content")
            except BlobNotFoundError as error:
                wrong.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(25):
        pack(blobs, older, against=newer)
        blobs.put(old)
    done.set()
    for reader in readers:
        reader.join()

    assert wrong == []

"""The file of a packed blob: refused unless every bit is as it was written."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everlearn.blobs.deltas import (
    LONGEST_HEAD,
    BadContainerError,
    Delta,
    Encoding,
    read_container,
    read_head,
    written_container,
)
from everlearn.core.digest import digest_bytes

CONTENT, BASE = digest_bytes(b"content"), digest_bytes(b"base")
WRITTEN = written_container(CONTENT, 2**40, Delta(Encoding.CHUNKS, random.Random(1).randbytes(500)), (BASE,))


def test_the_head_is_read_from_the_first_bytes() -> None:
    head = read_head(WRITTEN[:LONGEST_HEAD])

    assert (head.digest, head.size_bytes, head.needs) == (CONTENT, 2**40, (BASE,))
    assert (head.encoding, head.payload_bytes) == (Encoding.CHUNKS, 500)


@given(st.integers(0, len(WRITTEN) * 8 - 1))
@settings(max_examples=200, deadline=None)
def test_a_container_with_one_bit_changed_is_refused(bit: int) -> None:
    damaged = bytearray(WRITTEN)
    damaged[bit // 8] ^= 1 << bit % 8

    with pytest.raises(BadContainerError):
        read_container(bytes(damaged))


@given(st.integers(0, LONGEST_HEAD))
@settings(max_examples=60, deadline=None)
def test_a_container_that_ends_too_early_is_refused(length: int) -> None:
    with pytest.raises(BadContainerError):
        read_container(WRITTEN[:length])
    with pytest.raises(BadContainerError):
        read_container(WRITTEN + bytes(length + 1))


def test_another_version_is_refused() -> None:
    with pytest.raises(BadContainerError, match="version"):
        read_head(b"ELdelta\x02" + WRITTEN[8:])

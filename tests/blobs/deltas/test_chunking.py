"""Content-defined chunks."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from everlearn.blobs.deltas.chunking import LARGEST, SMALLEST, USUAL, chunks

CONTENT = random.Random(1).randbytes(600_000)


def pieces(content: bytes) -> list[bytes]:
    return [content[start:end] for start, end in chunks(content)]


@given(st.binary(max_size=5_000), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_chunks_are_the_content_in_order_and_of_bounded_size(seed: bytes, times: int) -> None:
    content = seed * times

    found = pieces(content)

    assert b"".join(found) == content
    assert all(SMALLEST <= len(piece) <= LARGEST for piece in found[:-1])
    assert all(0 < len(piece) <= LARGEST for piece in found)


def test_random_bytes_are_cut_into_chunks_of_about_the_usual_size() -> None:
    sizes = [len(piece) for piece in pieces(CONTENT)]

    # at least SMALLEST; behind USUAL a cut comes with a chance of 1 in 1,024 for each byte
    assert USUAL / 2 < sum(sizes) / len(sizes) < USUAL + 1_024
    assert max(sizes) < LARGEST


def test_nothing_tells_where_zeros_could_be_cut() -> None:
    assert {len(piece) for piece in pieces(bytes(10 * LARGEST))} == {LARGEST} or all(
        len(piece) == SMALLEST for piece in pieces(bytes(10 * SMALLEST))
    )


@given(st.integers(0, len(CONTENT)), st.binary(min_size=1, max_size=300), st.integers(0, 300))
@settings(max_examples=25, deadline=None)
def test_an_edit_changes_only_the_chunks_around_it(at: int, inserted: bytes, removed: int) -> None:
    before = pieces(CONTENT)

    after = pieces(CONTENT[:at] + inserted + CONTENT[at + removed :])

    # cuts depend on 32 bytes; behind the edit the first cut that both have lies a few chunks on
    lost = set(before) - set(after)
    assert sum(map(len, lost)) <= 12 * USUAL


def test_a_block_border_of_the_computation_is_no_border_of_chunks() -> None:
    content = random.Random(2).randbytes(2_200_000)
    shifted = pieces(b"some bytes before it" + content)

    assert len(set(pieces(content)) - set(shifted)) <= 4

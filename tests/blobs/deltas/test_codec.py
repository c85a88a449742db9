"""What comes out is what went in, whatever it was and whatever it is against."""

import random
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from tests.blobs.deltas import contents

from everlearn.blobs.deltas import BadContainerError, Delta, Encoding, decode, encode

Values = NDArray[np.generic]
KEPT_AS: dict[str, Callable[[Values], bytes]] = {
    "safetensors": lambda values: contents.safetensors({"w": values, "b": values[:9]}),
    "npy": contents.npy,
    "npz": lambda values: contents.npz({"w": values, "b": values[:9]}),
    "onnx": lambda values: contents.onnx_model({"w": values, "b": values[:9]}),
    "plain": lambda values: values.tobytes(),
    "json": lambda values: contents.json_state({"w": values[np.isfinite(values)], "n": np.arange(20)}),
}


def size_of(content: bytes, base: bytes = b"") -> int:
    return len(encode(content, base).payload)


def random_bytes(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


@given(st.binary(max_size=3_000), st.binary(max_size=3_000))
@settings(max_examples=120, deadline=None)
def test_any_bytes_come_back_against_any_base(content: bytes, base: bytes) -> None:
    delta = encode(content, base)

    assert decode(delta, len(content), base) == content
    assert len(delta.payload) <= len(content)


@given(
    st.sampled_from([b"\x08\x07\x3a", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"{", b"tree\n", b"\x20" + bytes(7) + b"{"]),
    st.binary(max_size=400),
    st.binary(max_size=400),
)
@settings(max_examples=200, deadline=None)
def test_what_only_begins_like_a_known_format_comes_back_too(start: bytes, rest: bytes, other: bytes) -> None:
    content, base = start + rest, start + other

    assert decode(encode(content, base), len(content), base) == content


BITS = {
    "<f4": arrays.arrays(np.uint32, st.integers(8, 80)),
    "<f8": arrays.arrays(np.uint64, st.integers(8, 80)),
    "<f2": arrays.arrays(np.uint16, st.integers(8, 80)),
}


@pytest.mark.parametrize("dtype", BITS)
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_every_pattern_of_bits_in_floats_comes_back(dtype: str, data: st.DataObject) -> None:
    bits = data.draw(BITS[dtype])
    changed = bits ^ data.draw(arrays.arrays(bits.dtype, bits.shape))
    for kept in (contents.npy, lambda values: contents.safetensors({"w": values})):
        content, base = kept(bits.view(dtype)), kept(changed.view(dtype))

        assert decode(encode(content, base), len(content), base) == content


@pytest.mark.parametrize("kept", KEPT_AS)
@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
def test_floats_come_back_and_take_less_than_without_what_they_were_before(kept: str, dtype: str) -> None:
    before = contents.weights(20_000, 1, dtype)
    base, content = KEPT_AS[kept](before), KEPT_AS[kept](contents.trained(before, 2))

    delta = encode(content, base)

    assert decode(delta, len(content), base) == content
    assert len(delta.payload) < 0.9 * size_of(content)


def test_weights_that_moved_a_little_cost_the_bits_that_moved() -> None:
    before = np.random.default_rng(3).uniform(0.5, 1, 50_000).astype("<f4")  # one exponent: 2**24 steps to the unit
    steps = np.random.default_rng(4).integers(-128, 128, 50_000, dtype="<i4")
    after = (before.view("<i4") + steps).view("<f4")

    size = size_of(contents.npy(after), contents.npy(before))

    assert 50_000 * 8 / 8 <= size < 50_000 * 8 / 8 * 1.05  # 256 equally likely steps are 8 bits of information


def test_a_few_weights_of_many_that_changed_cost_their_places_and_differences() -> None:
    before = contents.weights(40_000, 11, "<f8")
    after = before.copy()
    places = np.random.default_rng(12).choice(np.arange(20, 40_000), 400, replace=False)
    after[places] = contents.trained(before[places], 13)

    size = size_of(contents.npy(after), contents.npy(before))

    # 400 * (log2(100) + 1.44) bits tell which, 8 bytes each tell what at most
    assert size < 400 * ((6.65 + 1.44) / 8 + 8) * 1.25


def test_a_list_that_grew_is_compared_with_what_it_was() -> None:
    before = contents.weights(5_000, 14, "<f8")
    grown = np.concatenate((contents.trained(before, 15), contents.weights(50, 16, "<f8")))

    delta = encode(contents.npy(grown), contents.npy(before))

    assert decode(delta, len(contents.npy(grown)), contents.npy(before)) == contents.npy(grown)
    assert len(delta.payload) < 0.85 * size_of(contents.npy(grown))
    shorter = encode(contents.npy(before), contents.npy(grown))
    assert decode(shorter, len(contents.npy(before)), contents.npy(grown)) == contents.npy(before)


def test_appended_trees_cost_what_was_appended() -> None:
    first = contents.ubjson({"split_conditions": contents.weights(5_000, 5)})
    appended = contents.ubjson({"base_weights": contents.weights(500, 6)})

    assert size_of(first + appended, first) < len(appended) + 200
    assert size_of(first, first + appended) < 200


def test_thresholds_of_the_same_bins_cost_their_place_among_them() -> None:
    source = np.random.default_rng(7)
    bins = source.normal(size=200).astype("<f4")
    base, content = (contents.onnx_trees(source.choice(bins, 8_000), source.integers(0, 8, 8_000)) for _ in range(2))

    # log2(200) + log2(8) bits a node, and its mode is one more at most
    assert size_of(content, base) < 8_000 * (7.65 + 3 + 1) / 8 * 1.1


def test_a_large_content_is_found_again_wherever_it_went() -> None:
    base = random_bytes(8, 3_000_000)
    content = base[2_000_000:] + random_bytes(9, 5_000) + base[:1_500_000]

    delta = encode(content, base)

    assert decode(delta, len(content), base) == content
    assert len(delta.payload) < 7_000


@pytest.mark.parametrize("made", [contents.ubjson, contents.json_state, contents.npz])
def test_columns_of_other_lengths_than_before_come_back(made: Callable[[dict[str, Values]], bytes]) -> None:
    ids = np.arange(300, dtype="<i4")
    base = made({"split_conditions": contents.weights(300, 1)[9:], "left_children": ids})
    content = made({"split_conditions": contents.weights(500, 2)[9:], "left_children": ids[::-1], "parents": ids})

    assert decode(encode(content, base), len(content), base) == content


def test_text_of_numbers_that_are_not_written_as_we_would_comes_back() -> None:
    numbers = b"1.50,1e5,-0,00012,1E400,-1.5E-2,0.1,12345678901234567890,1.0,2.0,3.0,4.0"
    for content in (b'{"w":[' + numbers + b"]}", b"tree\nw=" + numbers.replace(b",", b" ") + b"\n"):
        assert decode(encode(content), len(content)) == content


def test_lightgbm_text_comes_back_shorter_than_by_zstd_alone() -> None:
    values = np.random.default_rng(10).normal(size=4_000)
    lines = [
        b"leaf_value=" + b" ".join(repr(float(value)).encode() for value in part) for part in values.reshape(100, 40)
    ]
    content = b"tree\nversion=v4\n" + b"\n".join(lines) + b"\n"

    delta = encode(content)

    assert decode(delta, len(content)) == content
    assert delta.encoding is Encoding.COLUMNS


@given(st.integers(0, 10_000), st.integers(0, 255))
@settings(max_examples=150, deadline=None)
def test_a_damaged_payload_is_refused_or_gives_other_bytes_but_never_fails_otherwise(at: int, value: int) -> None:
    before = contents.weights(300, 1)
    base, content = KEPT_AS["onnx"](before), KEPT_AS["onnx"](contents.trained(before, 2))
    delta = encode(content, base)
    damaged = bytearray(delta.payload)
    damaged[at % len(damaged)] = value

    with suppress(BadContainerError):
        decode(Delta(delta.encoding, bytes(damaged)), len(content), base)

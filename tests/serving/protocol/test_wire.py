import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlearn.core.errors import InvalidError
from everlearn.serving.protocol import decode_request


def body_of(**extra: Any) -> bytes:
    return json.dumps({"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": [1.0]}], **extra}).encode()


def binary_body(size_bytes: int, tail: bytes) -> tuple[bytes, int]:
    tensor = {"name": "x", "shape": [1], "datatype": "FP32", "parameters": {"binary_data_size": size_bytes}}
    head = json.dumps({"inputs": [tensor]}).encode()
    return head + tail, len(head)


def test_a_request_keeps_its_id() -> None:
    assert decode_request(body_of(id="r-1"), header_bytes=None).id == "r-1"


def test_unknown_members_are_passed_over() -> None:
    assert decode_request(body_of(later="x"), header_bytes=None).inputs[0].name == "x"


def test_binary_tensors_are_cut_out_of_the_tail_in_order() -> None:
    head = json.dumps(
        {
            "inputs": [
                {"name": name, "shape": [1], "datatype": "UINT8", "parameters": {"binary_data_size": size}}
                for name, size in (("a", 1), ("b", 3))
            ]
        }
    ).encode()

    request = decode_request(head + b"1234", header_bytes=len(head))

    assert {name: bytes(tail) for name, tail in request.tails.items()} == {"a": b"1", "b": b"234"}


@pytest.mark.parametrize(
    ("size_bytes", "tail"), [(4, b"123"), (4, b"12345"), (-1, b""), (2**63, b"1234"), (2**70, b"1234")]
)
def test_binary_sizes_that_do_not_add_up_are_refused(size_bytes: int, tail: bytes) -> None:
    body, header_bytes = binary_body(size_bytes, tail)

    with pytest.raises(InvalidError):
        decode_request(body, header_bytes=header_bytes)


@pytest.mark.parametrize("header_bytes", [10**9, -5])
def test_a_header_length_beyond_the_body_is_refused(header_bytes: int) -> None:
    with pytest.raises(InvalidError, match="Inference-Header-Content-Length"):
        decode_request(body_of(), header_bytes=header_bytes)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"inputs": 5}',
        b'{"inputs": [{"name": "x"}]}',
        b'{"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": [NaN]}]}',
        b'{"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": [1e999]}]}',
        b'{"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": [[[1]]]}]}',
        b'{"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "parameters": {"a": {}}, "data": [1]}]}',
        b'{"other": ' + b"[" * 100_000 + b"]" * 100_000 + b', "inputs": []}',
        b'{"inputs": [{"name": "\xff"}]}',
        b'{"inputs": [{"name": "' + b"x" * 257 + b'", "shape": [1], "datatype": "FP32", "data": [1]}]}',
    ],
)
def test_bodies_that_are_no_request_are_refused(body: bytes) -> None:
    with pytest.raises(InvalidError):
        decode_request(body, header_bytes=None)


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    with pytest.raises(InvalidError) as refusal:
        decode_request(
            b'{"inputs": [{"name": "x", "shape": ["secret"], "datatype": "FP32", "data": [1]}]}', header_bytes=None
        )

    assert "secret" not in refusal.value.message


@given(body=st.binary(max_size=200), header_bytes=st.none() | st.integers(min_value=-5, max_value=300))
def test_any_bytes_are_understood_or_refused(body: bytes, header_bytes: int | None) -> None:
    try:
        request = decode_request(body, header_bytes=header_bytes)
    except InvalidError:
        return

    assert request.raw is not None or request.inputs is not None

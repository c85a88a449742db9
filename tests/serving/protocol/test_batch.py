import struct
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlearn.core.errors import InvalidError, TooLargeError
from everlearn.serving.protocol import Batch, Limits, decode_batch, decode_request

COLUMNS = (("x", "FP32"), ("n", "INT64"))
DEFAULT = {"name": "x", "shape": [2], "datatype": "FP32", "data": [1.5, 2.5]}


def tensor(**changes: Any) -> dict[str, Any]:
    return DEFAULT | changes


def batch_of(*inputs: dict[str, Any], limits: Limits | None = None, **extra: Any) -> Batch:
    body = msgspec.json.encode({"inputs": inputs, **extra})
    return decode_batch(decode_request(body, header_bytes=None), COLUMNS, limits=limits or Limits())


def binary_batch(payload: bytes, **changes: Any) -> Batch:
    described = tensor(parameters={"binary_data_size": len(payload)}, **changes)
    del described["data"]
    head = msgspec.json.encode({"inputs": [described]})
    return decode_batch(decode_request(head + payload, header_bytes=len(head)), COLUMNS, limits=Limits())


def texts(name: str, *values: str) -> dict[str, Any]:
    return {"name": name, "shape": [len(values)], "datatype": "BYTES", "data": list(values)}


@pytest.mark.parametrize(("shape", "data"), [([2], [1.5, 2.5]), ([2, 1], [1.5, 2.5]), ([2, 1], [[1.5], [2.5]])])
def test_flat_and_nested_data_are_the_same_column(shape: list[int], data: list[Any]) -> None:
    batch = batch_of(tensor(shape=shape, data=data))

    assert batch.rows == 2
    assert batch.columns["x"].tolist() == [1.5, 2.5]


def test_null_is_a_missing_value() -> None:
    assert np.isnan(batch_of(tensor(data=[None, 2])).columns["x"]).tolist() == [True, False]


@pytest.mark.parametrize(
    ("datatype", "dtype"), [("FP16", "<f2"), ("FP32", "<f4"), ("FP64", "<f8"), ("INT32", "<i4"), ("UINT8", "<u1")]
)
def test_binary_data_is_little_endian_without_padding(datatype: str, dtype: str) -> None:
    batch = binary_batch(np.array([1, 2], dtype=dtype).tobytes(), datatype=datatype)

    assert batch.columns["x"].tolist() == [1, 2]


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": []},
        {"shape": [0], "data": []},
        {"shape": [-1]},
        {"shape": [2, 2], "data": [1, 2, 3, 4]},
        {"shape": [1, 2]},
        {"shape": [3]},
        {"data": [1.5]},
        {"data": [1.5, [2.5]]},
        {"data": [[1.5], 2.5]},
        {"data": [1.5, "2.5"]},
        {"data": [1.5, True]},
        {"datatype": "FP16"},
        {"datatype": "BF16"},
        {"datatype": "fp32"},
        {"datatype": "BYTES", "data": ["a", "b"]},
        {"datatype": "INT64", "data": [1, 2.0]},
        {"datatype": "INT64", "data": [1, None]},
        {"datatype": "INT64", "data": [1, 2**64]},
        {"datatype": "BOOL", "data": [1, 0]},
        {"data": [1.5, 10**400]},
        {"parameters": {"binary_data_size": 0}},
    ],
)
def test_inputs_that_contradict_themselves_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidError):
        batch_of(tensor(**changes))


@pytest.mark.parametrize(
    ("payload", "changes"),
    [
        (b"1234567", {}),
        (np.array([1, np.inf], dtype="<f4").tobytes(), {}),
        (b"\x00\x02", {"datatype": "BOOL"}),
        (b"\x00" * 4, {"datatype": "BF16"}),
    ],
)
def test_binary_data_that_cannot_be_right_is_refused(payload: bytes, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidError):
        binary_batch(payload, **changes)


def test_more_rows_than_allowed_are_refused_before_they_are_read() -> None:
    with pytest.raises(TooLargeError, match="more than 1 rows"):
        batch_of(tensor(shape=[10**15]), limits=Limits(rows=1))


def test_inputs_of_different_lengths_are_refused() -> None:
    with pytest.raises(InvalidError, match="differ in their number of rows"):
        batch_of(tensor(), tensor(name="n", shape=[1], datatype="INT64", data=[1]))


@pytest.mark.parametrize(
    "stranger",
    [
        {"name": "stranger", "shape": [2], "datatype": "FP32", "data": [1, 2]},
        {"name": "stranger", "shape": [2], "datatype": "BYTES", "data": ["a", "b"]},
    ],
)
def test_inputs_that_nobody_takes_are_left_aside(stranger: dict[str, Any]) -> None:
    batch = batch_of(tensor(), stranger)

    assert list(batch.columns) == ["x"]
    assert batch.ignored == ["stranger"]


def test_an_input_given_twice_is_refused() -> None:
    with pytest.raises(InvalidError, match="given twice"):
        batch_of(tensor(), tensor())


def test_a_request_without_inputs_is_refused() -> None:
    with pytest.raises(InvalidError, match="no inputs"):
        batch_of()


def test_rows_are_about_the_entities_and_moments_that_the_caller_names() -> None:
    batch = batch_of(
        tensor(), texts("entity_id", "a", "b"), texts("event_time", "2013-01-01T05:00:00Z", "2013-01-01T06:00:00+01:00")
    )

    assert batch.entity_ids == ["a", "b"]
    assert batch.event_times == [datetime(2013, 1, 1, 5, tzinfo=UTC)] * 2


def test_a_row_without_a_name_is_its_own_entity() -> None:
    batch = batch_of(tensor(), id="r-7")

    assert batch.entity_ids == batch.prediction_ids == ["r-7:0", "r-7:1"]
    assert batch.event_times is None


def test_a_request_without_an_id_gets_one() -> None:
    assert batch_of(tensor()).request_id.startswith("req_")


@pytest.mark.parametrize(
    "extra",
    [
        texts("entity_id", "", "b"),
        texts("entity_id", "a\n", "b"),
        texts("entity_id", "a" * 257, "b"),
        texts("entity_id", "a"),
        texts("event_time", "2013-01-01T05:00:00", "2013-01-01T05:00:00Z"),
        texts("event_time", "0001-01-01T00:00:00+14:00", "2013-01-01T05:00:00Z"),
        texts("event_time", "yesterday", "2013-01-01T05:00:00Z"),
        {"name": "entity_id", "shape": [2], "datatype": "INT64", "data": [1, 2]},
    ],
)
def test_names_and_moments_that_cannot_be_kept_are_refused(extra: dict[str, Any]) -> None:
    with pytest.raises(InvalidError) as refusal:
        batch_of(tensor(), extra)

    assert "yesterday" not in refusal.value.message


@pytest.mark.parametrize("request_id", ["a" * 129, "a\x00b", "a\nb"])
def test_ids_that_cannot_be_kept_are_refused(request_id: str) -> None:
    with pytest.raises(InvalidError, match="id of a request"):
        batch_of(tensor(), id=request_id)


def test_binary_texts_carry_their_length() -> None:
    payload = b"".join(struct.pack("<I", len(text)) + text for text in (b"ab", b"c"))
    described = {
        "name": "entity_id",
        "shape": [2],
        "datatype": "BYTES",
        "parameters": {"binary_data_size": len(payload)},
    }
    head = msgspec.json.encode({"inputs": [DEFAULT, described]})

    batch = decode_batch(decode_request(head + payload, header_bytes=len(head)), COLUMNS, limits=Limits())

    assert batch.entity_ids == ["ab", "c"]


@given(payload=st.binary(max_size=40))
def test_any_binary_texts_are_understood_or_refused(payload: bytes) -> None:
    described = {
        "name": "entity_id",
        "shape": [2],
        "datatype": "BYTES",
        "parameters": {"binary_data_size": len(payload)},
    }
    head = msgspec.json.encode({"inputs": [DEFAULT, described]})

    try:
        batch = decode_batch(decode_request(head + payload, header_bytes=len(head)), COLUMNS, limits=Limits())
    except InvalidError:
        return

    assert len(batch.entity_ids) == 2


def test_outputs_are_wanted_in_the_callers_order_and_form() -> None:
    outputs = [{"name": "b"}, {"name": "a", "parameters": {"binary_data": False}}]

    batch = batch_of(tensor(), outputs=outputs, parameters={"binary_data_output": True})

    assert batch.outputs == [("b", True), ("a", False)]


def test_an_output_wanted_twice_is_refused() -> None:
    with pytest.raises(InvalidError, match="asked for twice"):
        batch_of(tensor(), outputs=[{"name": "a"}, {"name": "a"}])


def test_a_body_without_json_is_the_one_input_of_the_model() -> None:
    body = np.array([1.5, 2.5, 3.5], dtype="<f4").tobytes()

    batch = decode_batch(decode_request(body, header_bytes=0), (("x", "FP32"),), limits=Limits())

    assert batch.columns["x"].tolist() == [1.5, 2.5, 3.5]
    assert batch.is_binary_by_default


@pytest.mark.parametrize(("body", "columns"), [(b"1234", COLUMNS), (b"123", COLUMNS[:1]), (b"", COLUMNS[:1])])
def test_a_body_without_json_must_fit_the_model(body: bytes, columns: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(InvalidError):
        decode_batch(decode_request(body, header_bytes=0), columns, limits=Limits())

import pickle
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from everlearn.registry import Column, OutputColumn, Signature
from everlearn.registry.checks import check_model
from everlearn.registry.model import NotOnnxError, SignatureMismatchError


def signature(*names: str, datatype: str = "FP32", outputs: tuple[str, ...] = ("air_time",)) -> Signature:
    return Signature(
        inputs=tuple(Column(name=name, datatype=datatype) for name in names),
        outputs=tuple(OutputColumn(name=name, datatype="FP32", minimum=0.0, maximum=9.0) for name in outputs),
    )


def as_bytes(nodes: list[Any], inputs: list[Any], outputs: list[Any], initializers: list[Any]) -> bytes:
    graph = helper.make_graph(nodes, "graph", inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    content: bytes = model.SerializeToString()
    return content


def tensor(name: str, shape: list[int | None], kind: int = TensorProto.FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def matrix_model(width: int | None = 2, kind: int = TensorProto.FLOAT) -> bytes:
    """What skl2onnx makes: one input of (rows, columns), one output of (rows, 1)."""
    nodes = [helper.make_node("ReduceSum", ["X"], ["variable"], keepdims=1)]
    return as_bytes(nodes, [tensor("X", [None, width], kind)], [tensor("variable", [None, None], kind)], [])


def named_model() -> bytes:
    nodes = [helper.make_node("Add", ["distance", "hour"], ["air_time"]), helper.make_node("Neg", ["hour"], ["delay"])]
    inputs = [tensor("distance", [None]), tensor("hour", [None])]
    return as_bytes(nodes, inputs, [tensor("air_time", [None]), tensor("delay", [None])], [])


def model_with_weights_in(file: str) -> bytes:
    weights = numpy_helper.from_array(np.zeros(2, dtype=np.float32), "weights")
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    for key, value in (("location", file), ("offset", "0"), ("length", "8")):
        entry = weights.external_data.add()
        entry.key, entry.value = key, value
    nodes = [helper.make_node("Add", ["X", "weights"], ["Y"])]
    return as_bytes(nodes, [tensor("X", [None, 2])], [tensor("Y", [None, 2])], [weights])


@pytest.mark.parametrize(
    ("model", "fitting"),
    [
        (matrix_model(), signature("distance", "hour")),
        (matrix_model(width=None), signature("a", "b", "c")),
        (matrix_model(width=1), signature("X")),
        (named_model(), signature("hour", "distance", outputs=("air_time", "delay"))),
        (named_model(), signature("hour", "distance", outputs=("delay",))),
    ],
)
def test_a_model_that_fits_its_signature_passes(model: bytes, fitting: Signature) -> None:
    check_model(model, fitting)


@pytest.mark.parametrize(
    ("model", "wrong", "said"),
    [
        (matrix_model(), signature("distance"), r"need \[rows, 1\]"),
        (matrix_model(), signature("distance", "hour", "carrier"), r"need \[rows, 3\]"),
        (matrix_model(), signature("distance", "hour", datatype="FP64"), "FP64 in the signature"),
        (matrix_model(kind=TensorProto.DOUBLE), signature("distance", "hour"), r"tensor\(double\) in the model"),
        (matrix_model(), signature("distance", "hour", outputs=("a", "b")), "no output 'a'"),
        (named_model(), signature("distance", outputs=("delay",)), "the model takes distance, hour"),
        (named_model(), signature("distance", "minute"), "the signature says distance, minute"),
        (named_model(), signature("distance", "hour", datatype="INT64"), "INT64 in the signature"),
        (named_model(), signature("distance", "hour", outputs=("fare",)), "no output 'fare'"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_with_the_reason(model: bytes, wrong: Signature, said: str) -> None:
    with pytest.raises(SignatureMismatchError, match=said):
        check_model(model, wrong)


@pytest.mark.parametrize(
    "content", [b"", b"not a model", pickle.dumps({"a": 1}), matrix_model()[:40], b"\x00" * 1_000, b"<html></html>"]
)
def test_what_is_no_onnx_model_is_refused(content: bytes) -> None:
    with pytest.raises(NotOnnxError, match="cannot load"):
        check_model(content, signature("distance", "hour"))


@pytest.mark.parametrize("file", ["pyproject.toml", "../secret", "/etc/hostname", "no-such-file"])
def test_a_model_that_would_read_files_of_this_machine_is_refused(file: str) -> None:
    with pytest.raises(NotOnnxError):
        check_model(model_with_weights_in(file), signature("distance", "hour"))


def test_a_model_of_operators_that_nobody_knows_is_refused() -> None:
    nodes = [helper.make_node("Exploit", ["X"], ["Y"], domain="com.example")]
    content = as_bytes(nodes, [tensor("X", [None, 2])], [tensor("Y", [None, 2])], [])

    with pytest.raises(NotOnnxError):
        check_model(content, signature("distance", "hour"))

"""Is a new version well formed; does its ONNX model load, and does it fit its signature? It is loaded, never run.

Two shapes fit. *Named*: the model has one input for each column of the signature. *Matrix*: it has one input of shape
(rows, columns), and the signature names the columns in their order; scikit-learn's exports look like this.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from everlearn.core.clock import iso
from everlearn.core.digest import parse_digest
from everlearn.core.errors import InvalidError
from everlearn.core.names import checked_name
from everlearn.registry.model import (
    BadSignatureError,
    Column,
    NewVersion,
    NotOnnxError,
    OutputColumn,
    Signature,
    SignatureMismatchError,
    checked_flavour,
)

ONNX_TYPES = {
    "BOOL": "tensor(bool)",
    "UINT8": "tensor(uint8)",
    "UINT16": "tensor(uint16)",
    "UINT32": "tensor(uint32)",
    "UINT64": "tensor(uint64)",
    "INT8": "tensor(int8)",
    "INT16": "tensor(int16)",
    "INT32": "tensor(int32)",
    "INT64": "tensor(int64)",
    "FP16": "tensor(float16)",
    "FP32": "tensor(float)",
    "FP64": "tensor(double)",
    "BYTES": "tensor(string)",
}
"""Data types of the Open Inference Protocol, and ONNX Runtime's words for them."""

_NO_FOLDER = "/a-registered-model-holds-its-own-weights"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One input or output of a model as ONNX Runtime describes it."""

    name: str
    kind: str  # "tensor(float)"
    shape: tuple[int | str | None, ...]  # a name or None where the length is free


def check_new(new: NewVersion) -> None:
    """Refuse a request that cannot be right, without looking at the model itself."""
    checked_name(new.project, kind="project")
    checked_name(new.model, kind="model")
    checked_flavour(new.flavour)
    check_signature(new.signature)
    lineage = new.lineage
    digests = [new.model_digest, new.profile_digest, new.holdout_digest, lineage.code_digest]
    for digest in (*digests, *(use.digest for use in lineage.datasets)):
        parse_digest(digest)
    for at in (new.trained_through, new.effective_at or new.trained_through):
        iso(at)  # refuses a time without a zone
    if new.run_id != lineage.run_id:
        raise InvalidError(f"the version is of run {new.run_id[:80]!r} and its lineage of {lineage.run_id[:80]!r}")
    if not new.source_key:
        raise InvalidError("a version needs a source key, by which registering it again finds it")


def check_model(content: bytes, signature: Signature) -> None:
    """Refuse a model that does not load or does not fit.

    Raises
    ------
    BadSignatureError
        When the signature is empty, names something twice or uses an unknown data type.
    NotOnnxError
        When ONNX Runtime cannot load the bytes.
    SignatureMismatchError
        When inputs or outputs differ in number, name or type.
    """
    check_signature(signature)
    inputs, outputs = described(content)
    check_inputs(signature.inputs, inputs)
    check_outputs(signature.outputs, outputs)


def check_signature(signature: Signature) -> None:
    """Refuse signatures that nothing could fit."""
    for kind, columns in (("input", signature.inputs), ("output", signature.outputs)):
        names = [column.name for column in columns]
        if not names or not all(names):
            raise BadSignatureError(f"a signature names at least one {kind}, and none without a name")
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise BadSignatureError(f"the signature names the {kind} {twice[0]!r} twice")
        for column in columns:
            if column.datatype not in ONNX_TYPES:
                raise BadSignatureError(
                    f"the {kind} {column.name!r} has the unknown data type {column.datatype!r}; "
                    f"there are {', '.join(ONNX_TYPES)}"
                )
    for output in signature.outputs:
        if not -math.inf < output.minimum <= output.maximum < math.inf:
            raise BadSignatureError(
                f"the range of {output.name!r} is from {output.minimum} to {output.maximum}; "
                "it needs two finite ends, the lower one first"
            )


def described(content: bytes) -> tuple[list[Tensor], list[Tensor]]:
    """Load a model; give its inputs and outputs."""
    import onnxruntime as ort  # noqa: PLC0415  # heavy; needed only where a model is registered
    from onnxruntime.capi import onnxruntime_pybind11_state as reasons  # noqa: PLC0415  # where its errors live

    refusals = (
        reasons.Fail,
        reasons.InvalidArgument,
        reasons.InvalidGraph,
        reasons.InvalidProtobuf,
        reasons.NoSuchFile,
        reasons.NotImplemented,
        reasons.RuntimeException,
        RuntimeError,
    )
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL  # loading is all we ask
    options.log_severity_level = 4
    # weights in files beside the model would be read from this machine's disk: a folder that does not exist has none
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", _NO_FOLDER)
    try:
        session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except refusals as error:
        raise NotOnnxError(f"ONNX Runtime cannot load the model: {_first_line(error)}") from error
    return [_tensor(one) for one in session.get_inputs()], [_tensor(one) for one in session.get_outputs()]


def check_inputs(columns: Sequence[Column], inputs: Sequence[Tensor]) -> None:
    """Refuse inputs that are neither the columns by name nor one matrix of them."""
    by_name = {one.name: one for one in inputs}
    if set(by_name) == {column.name for column in columns}:
        for column in columns:
            _check_kind(column, by_name[column.name], "input")
        return
    if len(inputs) != 1:
        raise SignatureMismatchError(
            f"the model takes {', '.join(sorted(by_name))}; the signature says "
            f"{', '.join(sorted(column.name for column in columns))}"
        )
    _check_matrix(columns, inputs[0])


def check_outputs(columns: Sequence[OutputColumn], outputs: Sequence[Tensor]) -> None:
    """Refuse outputs that the model does not give; a single one may have another name there."""
    by_name = {one.name: one for one in outputs}
    if len(columns) == 1 and len(outputs) == 1:
        _check_kind(columns[0], outputs[0], "output")
        return
    for column in columns:
        if column.name not in by_name:
            raise SignatureMismatchError(
                f"the model gives {', '.join(sorted(by_name))}, but no output {column.name!r} as its signature says"
            )
        _check_kind(column, by_name[column.name], "output")


def _check_matrix(columns: Sequence[Column], matrix: Tensor) -> None:
    for column in columns:
        _check_kind(column, matrix, "input")
    width = matrix.shape[1] if len(matrix.shape) == 2 else None
    if len(matrix.shape) != 2 or (isinstance(width, int) and width != len(columns)):
        raise SignatureMismatchError(
            f"the model's input {matrix.name!r} has the shape {list(matrix.shape)}; "
            f"the signature's {len(columns)} columns need [rows, {len(columns)}]"
        )


def _check_kind(column: Column | OutputColumn, tensor: Tensor, role: str) -> None:
    if tensor.kind != ONNX_TYPES[column.datatype]:
        raise SignatureMismatchError(
            f"the {role} {column.name!r} is {column.datatype} in the signature and {tensor.kind} in the model"
        )


def _tensor(described_by_runtime: Any) -> Tensor:
    shape = described_by_runtime.shape
    kind = described_by_runtime.type
    return Tensor(name=described_by_runtime.name, kind=kind, shape=tuple(shape) if isinstance(shape, list) else ())


def _first_line(error: Exception) -> str:
    text = str(error).strip().rpartition("[ONNXRuntimeError] : ")[2]
    return text.splitlines()[0][:300] if text else type(error).__name__

"""Answers to inference requests as bytes: JSON, or JSON and a binary tail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from everlearn.serving.protocol.tensors import DTYPES

_JSON = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOutput:
    """One output tensor, one value a row."""

    name: str
    datatype: str
    values: npt.NDArray[np.float64]
    is_binary: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request is answered with."""

    model: str
    version: int
    request_id: str
    parameters: Mapping[str, str | int]
    outputs: Sequence[AnswerOutput]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedAnswer:
    """A body, and how much of it is JSON (None: all)."""

    body: bytes
    header_bytes: int | None


def encode_answer(answer: Answer) -> EncodedAnswer:
    """Write an answer; binary outputs follow the JSON in order."""
    tails: list[bytes] = []
    head = {
        "model_name": answer.model,
        "model_version": str(answer.version),
        "id": answer.request_id,
        "parameters": answer.parameters,
        "outputs": [_output(output, tails) for output in answer.outputs],
    }
    text = _JSON.encode(head)
    if not tails:
        return EncodedAnswer(body=text, header_bytes=None)
    return EncodedAnswer(body=b"".join((text, *tails)), header_bytes=len(text))


def _output(output: AnswerOutput, tails: list[bytes]) -> dict[str, Any]:
    values = output.values.astype(DTYPES[output.datatype], copy=False)
    entry: dict[str, Any] = {"name": output.name, "datatype": output.datatype, "shape": [len(values)]}
    if output.is_binary:
        tails.append(values.tobytes())
        return entry | {"parameters": {"binary_data_size": len(tails[-1])}}
    return entry | {"data": values.tolist()}


def encode_error(message: str) -> bytes:
    """Write the one error shape of the protocol."""
    return _JSON.encode({"error": message})

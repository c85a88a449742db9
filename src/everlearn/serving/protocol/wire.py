"""The JSON head and the binary tail of an inference request, taken apart but not yet understood.

The types bound the nesting: a tensor's data is a list of scalars or a list of lists of scalars, anything deeper is
refused while decoding, before anything is built of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from everlearn.core.errors import InvalidError

Scalar: TypeAlias = bool | int | float | str | None
Parameters: TypeAlias = dict[str, Scalar]
Name: TypeAlias = Annotated[str, msgspec.Meta(max_length=256)]  # names are repeated in answers and errors


class WireTensor(msgspec.Struct, frozen=True):
    """One entry of `inputs`."""

    name: Name
    datatype: str
    shape: list[int]
    parameters: Parameters = {}
    data: list[Scalar | list[Scalar]] | UnsetType = UNSET


class WireOutput(msgspec.Struct, frozen=True):
    """One entry of `outputs`."""

    name: Name
    parameters: Parameters = {}


class _Head(msgspec.Struct, frozen=True):
    inputs: list[WireTensor]
    id: str | None = None
    parameters: Parameters = {}
    outputs: list[WireOutput] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """A request whose JSON is well formed and whose binary tail is cut into the tensors that it belongs to."""

    id: str
    inputs: list[WireTensor]
    parameters: Parameters = field(default_factory=dict)
    outputs: list[WireOutput] | None = None
    tails: Mapping[str, memoryview] = field(default_factory=dict)  # by the name of the input
    raw: bytes | None = None  # the whole body is the one input, without any JSON


_HEAD = msgspec.json.Decoder(_Head)


def decode_request(body: bytes, *, header_bytes: int | None) -> WireRequest:
    """Take a body apart; `header_bytes` is the value of `Inference-Header-Content-Length`, None where it is absent.

    Raises
    ------
    InvalidError
        When the JSON is malformed or of another shape, or lengths do not add up.
    """
    if header_bytes is None:
        return _with_tails(_decode_head(body), memoryview(b""))
    if header_bytes == 0:
        return WireRequest(id="", inputs=[], raw=body)
    if not 0 < header_bytes <= len(body):
        raise InvalidError("Inference-Header-Content-Length is not within the body")
    view = memoryview(body)
    return _with_tails(_decode_head(view[:header_bytes]), view[header_bytes:])


def _decode_head(text: bytes | memoryview) -> _Head:
    try:
        return _HEAD.decode(text)
    except msgspec.ValidationError as error:
        # names the path and the expected type, never the value
        raise InvalidError(f"not an inference request: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidError("the body is not valid JSON") from error
    except RecursionError as error:
        raise InvalidError("the JSON is nested too deeply") from error


def _with_tails(head: _Head, tail: memoryview) -> WireRequest:
    tails: dict[str, memoryview] = {}
    start = 0
    for tensor in head.inputs:
        size_bytes = tensor.parameters.get("binary_data_size")
        if size_bytes is None:
            continue
        if tensor.data is not UNSET:
            raise InvalidError("an input carries its values as data or in binary, not both")
        if type(size_bytes) is not int or not 0 <= size_bytes <= len(tail) - start:
            raise InvalidError("binary_data_size is not within the body")
        tails[tensor.name] = tail[start : start + size_bytes]
        start += size_bytes
    if start != len(tail):
        raise InvalidError("the body is longer than its JSON and the binary inputs that it announces")
    return WireRequest(
        id=head.id or "", inputs=head.inputs, parameters=head.parameters, outputs=head.outputs, tails=tails
    )

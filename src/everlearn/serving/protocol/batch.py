"""A request understood: rows, columns by name, who and when each row is about, and which outputs are wanted how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import UNSET

from everlearn.core.clock import parse_instant
from everlearn.core.errors import InvalidError, TooLargeError
from everlearn.core.ids import new_id
from everlearn.serving.model import RESERVED_INPUTS, checked_event_time
from everlearn.serving.protocol import tensors
from everlearn.serving.protocol.tensors import FLOATS, Column
from everlearn.serving.protocol.wire import WireRequest, WireTensor

LONGEST_REQUEST_ID = 128
LONGEST_ENTITY_ID = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one request may ask for."""

    body_bytes: int = 16 * 1024 * 1024  # as sent, and once more after decompression
    rows: int = 10_000
    inputs: int = 2_000
    body_timeout_s: float = 30.0  # from the first byte of the body to the last


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The rows of one request."""

    request_id: str
    rows: int
    columns: Mapping[str, Column]  # numeric, one value a row, without infinities
    ignored: Sequence[str]  # inputs that no deployed version takes
    entity_ids: Sequence[str]
    event_times: Sequence[datetime] | None  # None: the moment of the request
    outputs: Sequence[tuple[str, bool]] | None  # (name, is binary) as asked for; None: all
    is_binary_by_default: bool

    @property
    def prediction_ids(self) -> list[str]:
        """Give the name of each row, the same when the client sends the request again."""
        return [f"{self.request_id}:{index}" for index in range(self.rows)]


def decode_batch(request: WireRequest, expected: Sequence[tuple[str, str]], *, limits: Limits) -> Batch:
    """Understand a request to a model whose columns are `expected`: (name, datatype) in order.

    Columns may be missing here; whether a version can do without is its own affair. Inputs that no version takes are
    left aside, so that callers can send a column before the version that needs it comes, and after it is gone.

    Raises
    ------
    InvalidError
        When an input is given twice, of the wrong shape or type; the text names it.
    TooLargeError
        When there are more rows or inputs than the limits allow.
    """
    if request.raw is not None:
        return _raw_batch(request.raw, expected, limits=limits)
    names = {name for name, _ in expected}
    rows = _checked_rows(request.inputs, limits=limits)
    request_id = _checked_id(request.id) if request.id else new_id("req")
    reserved = {
        tensor.name: _texts(tensor, request, rows)
        for tensor in request.inputs
        if tensor.name in RESERVED_INPUTS and tensor.name not in names
    }
    return Batch(
        request_id=request_id,
        rows=rows,
        columns=_columns(request, rows, names),
        ignored=[tensor.name for tensor in request.inputs if tensor.name not in names and tensor.name not in reserved],
        entity_ids=_entity_ids(reserved.get("entity_id"), request_id, rows),
        event_times=_event_times(reserved.get("event_time")),
        outputs=_outputs(request),
        is_binary_by_default=request.parameters.get("binary_data_output") is True,
    )


def _checked_rows(inputs: Sequence[WireTensor], *, limits: Limits) -> int:
    if not inputs:
        raise InvalidError("the request has no inputs")
    if len(inputs) > limits.inputs:
        raise TooLargeError(f"the request has more than {limits.inputs} inputs")
    seen: set[str] = set()
    for tensor in inputs:
        if tensor.name in seen:
            raise InvalidError(f"input {tensor.name} is given twice")
        seen.add(tensor.name)
        _check_shape(tensor, inputs[0], limits=limits)
    return inputs[0].shape[0]


def _check_shape(tensor: WireTensor, first: WireTensor, *, limits: Limits) -> None:
    shape = tensor.shape
    if len(shape) not in (1, 2) or shape[0] < 1 or (len(shape) == 2 and shape[1] != 1):
        raise InvalidError(f"input {tensor.name}: the shape is [n] or [n, 1] with n of at least 1")
    if shape[0] > limits.rows:
        raise TooLargeError(f"input {tensor.name}: more than {limits.rows} rows in one request")
    if shape[0] != first.shape[0]:
        raise InvalidError(f"inputs {first.name} and {tensor.name} differ in their number of rows")


def _columns(request: WireRequest, rows: int, names: set[str]) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    floats: dict[str, list[float | None]] = {}
    for tensor in request.inputs:
        name = tensor.name
        if name not in names:
            continue
        tail = request.tails.get(name)
        if tail is not None:
            columns[name] = tensors.column_from_bytes(tail, tensor.datatype, rows, name=name)
            continue
        values = _json_values(tensor, rows)
        if tensor.datatype in FLOATS:
            floats[name] = values
        elif tensor.datatype == "BYTES":
            raise InvalidError(f"input {name}: the model takes a number here, not BYTES")
        else:
            columns[name] = tensors.column_from_json(values, tensor.datatype, name=name)
    if floats:
        # one matrix for all of them: a column a call is several times slower for single rows
        columns.update(zip(floats, tensors.floats_from_json(list(floats.values())), strict=True))
    return columns


def _json_values(tensor: WireTensor, rows: int) -> list[float | None]:
    if tensor.data is UNSET:
        raise InvalidError(f"input {tensor.name}: neither data nor binary_data_size")
    values = tensors.flattened(tensor.data)
    if len(values) != rows:
        raise InvalidError(f"input {tensor.name}: the data does not have as many values as the shape says")
    tensors.check_json_types(values, tensor.datatype, name=tensor.name)
    return values


def _texts(tensor: WireTensor, request: WireRequest, rows: int) -> list[str]:
    if tensor.datatype != "BYTES":
        raise InvalidError(f"input {tensor.name}: its datatype is BYTES")
    tail = request.tails.get(tensor.name)
    if tail is not None:
        return tensors.texts_from_bytes(tail, rows, name=tensor.name)
    return [str(value) for value in _json_values(tensor, rows)]


def _entity_ids(given: Sequence[str] | None, request_id: str, rows: int) -> Sequence[str]:
    if given is None:
        return [f"{request_id}:{index}" for index in range(rows)]
    if not all(entity_id and len(entity_id) <= LONGEST_ENTITY_ID and entity_id.isprintable() for entity_id in given):
        raise InvalidError(f"input entity_id: 1 to {LONGEST_ENTITY_ID} printable characters in each row")
    return given


def _event_times(given: Sequence[str] | None) -> Sequence[datetime] | None:
    if given is None:
        return None
    try:
        return [checked_event_time(parse_instant(text)) for text in given]
    except (InvalidError, OverflowError):
        # said again without the value
        raise InvalidError("input event_time: each row is an ISO 8601 instant with a zone, after 1900") from None


def _checked_id(request_id: str) -> str:
    if len(request_id) > LONGEST_REQUEST_ID or not request_id.isprintable():
        raise InvalidError(f"the id of a request is at most {LONGEST_REQUEST_ID} printable characters")
    return request_id


def _outputs(request: WireRequest) -> list[tuple[str, bool]] | None:
    if request.outputs is None:
        return None
    default = request.parameters.get("binary_data_output") is True
    wanted = [(output.name, output.parameters.get("binary_data", default) is True) for output in request.outputs]
    if len({name for name, _ in wanted}) != len(wanted):
        raise InvalidError("an output is asked for twice")
    return wanted


def _raw_batch(body: bytes, expected: Sequence[tuple[str, str]], *, limits: Limits) -> Batch:
    if len(expected) != 1:
        raise InvalidError("a body without JSON is for models of one input; this one has more")
    name, datatype = expected[0]
    rows, rest = divmod(len(body), tensors.DTYPES[datatype].itemsize)
    if rows < 1 or rest:
        raise InvalidError(f"the body is not a whole number of {datatype} values")
    if rows > limits.rows:
        raise TooLargeError(f"more than {limits.rows} rows in one request")
    request_id = new_id("req")
    return Batch(
        request_id=request_id,
        rows=rows,
        columns={name: tensors.column_from_bytes(memoryview(body), datatype, rows, name=name)},
        ignored=(),
        entity_ids=_entity_ids(None, request_id, rows),
        event_times=None,
        outputs=None,
        is_binary_by_default=True,
    )

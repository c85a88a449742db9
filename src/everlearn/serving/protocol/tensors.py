"""Tensors of the protocol as NumPy columns: one dimension, one value a row.

JSON floats become float64 whatever width was announced and are narrowed where the model's signature says so;
integers become int64. A missing value is `null` in JSON and NaN in binary, in floating-point tensors only.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from everlearn.core.errors import InvalidError

Column: TypeAlias = npt.NDArray[Any]

FLOATS = frozenset({"FP16", "FP32", "FP64"})
INTEGERS = frozenset({"INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"})

DTYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype("?"),
    "INT8": np.dtype("<i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "UINT8": np.dtype("<u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
}

_NUMBERS: frozenset[type] = frozenset({float, int, type(None)})
_WHOLE: frozenset[type] = frozenset({int})
_JSON_TYPES: dict[str, frozenset[type]] = {
    "BOOL": frozenset({bool}),
    "BYTES": frozenset({str}),
    "FP32": _NUMBERS,
    "FP64": _NUMBERS,
    **dict.fromkeys(INTEGERS, _WHOLE),
}


def flattened(data: Sequence[Any]) -> list[Any]:
    """Give nested data flat, in row order; flat data comes back as it is."""
    if data and type(data[0]) is list:
        if any(type(row) is not list for row in data):
            raise InvalidError("the data of an input is a list of values or a list of lists of values, not a mixture")
        return [value for row in data for value in row]
    return list(data)


def check_json_types(values: Sequence[Any], datatype: str, *, name: str) -> None:
    """Refuse JSON values that the datatype has no room for.

    Raises
    ------
    InvalidError
        Naming the input, never the value.
    """
    allowed = _JSON_TYPES.get(datatype)
    if allowed is None:
        raise InvalidError(f"input {name}: {datatype} has no JSON form here; send it as binary data")
    if not set(map(type, values)) <= allowed:
        hint = "numbers or null" if datatype in FLOATS else f"{datatype} values"
        raise InvalidError(f"input {name}: expected {hint} only")


def floats_from_json(rows: Sequence[Sequence[float | None]]) -> npt.NDArray[np.float64]:
    """Give one float64 row per tensor, NaN for null."""
    try:
        matrix = np.array(rows, dtype=np.float64)
    except OverflowError as error:
        raise InvalidError("an input holds a number beyond the range of FP64") from error
    return matrix


def column_from_json(values: Sequence[Any], datatype: str, *, name: str) -> Column:
    """Give an integer or boolean tensor as int64 or bool."""
    try:
        return np.array(values, dtype=DTYPES["BOOL" if datatype == "BOOL" else "INT64"])
    except OverflowError as error:
        raise InvalidError(f"input {name}: holds a number beyond the range of INT64") from error


def column_from_bytes(tail: memoryview, datatype: str, rows: int, *, name: str) -> Column:
    """Read a binary tensor of fixed-width elements, little-endian and without padding."""
    dtype = DTYPES.get(datatype)
    if dtype is None:
        raise InvalidError(f"input {name}: datatype not supported; use one of {', '.join(DTYPES)}")
    if len(tail) != rows * dtype.itemsize:
        raise InvalidError(f"input {name}: binary data of {rows} rows of {datatype} is {rows * dtype.itemsize} bytes")
    if datatype == "BOOL" and max(tail, default=0) > 1:
        raise InvalidError(f"input {name}: a BOOL is one byte, 0 or 1")
    column = np.frombuffer(tail, dtype=dtype)
    if dtype.kind == "f" and bool(np.isinf(column).any()):
        raise InvalidError(f"input {name}: infinite values are not taken; NaN stands for a missing one")
    return column


def texts_from_bytes(tail: memoryview, rows: int, *, name: str) -> list[str]:
    """Read a binary BYTES tensor: four bytes of little-endian length before each element."""
    texts: list[str] = []
    start = 0
    while start < len(tail) and len(texts) < rows:
        size_bytes = int.from_bytes(tail[start : start + 4], "little")
        start += 4 + size_bytes
        if start > len(tail):
            break
        try:
            texts.append(str(tail[start - size_bytes : start], "utf-8"))
        except UnicodeDecodeError as error:
            raise InvalidError(f"input {name}: an element is not UTF-8") from error
    if start != len(tail) or len(texts) != rows:
        raise InvalidError(f"input {name}: binary data does not hold {rows} elements, each after its length")
    return texts


def cast(column: Column, datatype: str, *, name: str) -> Column:
    """Give a column the type that the model's signature asks for; only widths and exact values change.

    Raises
    ------
    InvalidError
        When a value does not fit: a fraction or a missing value in an integer column, a number out of range,
        anything but 0 and 1 in a boolean column.
    """
    dtype = DTYPES[datatype]
    if column.dtype == dtype:
        return column
    if datatype in FLOATS:
        narrow: Column = cast_floats([column], datatype, names=[name])[0]
        return narrow
    bounds = (0, 1) if datatype == "BOOL" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    if column.dtype.kind == "f" and not bool(np.all(np.floor(column) == column)):
        raise InvalidError(f"input {name}: the model takes whole numbers here ({datatype}), none may be missing")
    # float64 cannot tell 2^63 from the largest INT64, hence the strict comparison from above
    is_within = (column >= bounds[0]) & ((column <= bounds[1]) if datatype == "BOOL" else (column < bounds[1] + 1))
    if not bool(np.all(is_within)):
        raise InvalidError(f"input {name}: holds a number beyond the range of {datatype}")
    return column.astype(dtype)


def cast_floats(columns: Sequence[Column], datatype: str, *, names: Sequence[str]) -> Column:
    """Give columns as one matrix (columns, rows) of a floating-point type; one call costs little more than one column.

    Raises
    ------
    InvalidError
        When a number is beyond the range of the type.
    """
    with np.errstate(over="ignore"):
        matrix = np.array(columns).astype(DTYPES[datatype], copy=False)
    if bool(np.isinf(matrix).any()):
        name = names[int(np.isinf(matrix).any(axis=1).argmax())]
        raise InvalidError(f"input {name}: holds a number beyond the range of {datatype}")
    return matrix

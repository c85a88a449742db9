"""What goes from step to step, as bytes: tables, arrays, bytes and JSON. Nothing is pickled: reading runs no code.

A step's successors always read what was stored, also in the same process: what works once works after a restart.
"""

import io
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from everlearn.core.digest import Digest, digest_bytes
from everlearn.core.errors import InvalidError
from everlearn.core.json import canonical_json


class Format(StrEnum):
    """How a value is written."""

    JSON = "json"
    BYTES = "bytes"
    PARQUET = "parquet"  # a Polars DataFrame
    NPY = "npy"  # a NumPy array


class BadOutputError(InvalidError):
    """A step returned something that cannot be stored without running code on reading it."""

    code = "pipelines.bad_output"


@dataclass(frozen=True, slots=True)
class Written:
    """A value as bytes."""

    format: Format
    content: bytes

    @property
    def digest(self) -> Digest:
        """Name the value by its content."""
        return digest_bytes(self.content)


def written(value: Any) -> Written:
    """Write a value.

    Raises
    ------
    BadOutputError
        When it is neither a DataFrame, an array, bytes nor JSON.
    """
    match value:
        case bytes():
            return Written(Format.BYTES, value)
        case pl.DataFrame():
            return Written(Format.PARQUET, _parquet(value))
        case np.ndarray():
            return Written(Format.NPY, _npy(value))
        case _:
            return Written(Format.JSON, _json(value))


def read(kind: Format, content: bytes) -> Any:
    """Read what `written` wrote."""
    match kind:
        case Format.BYTES:
            return content
        case Format.PARQUET:
            return pl.read_parquet(io.BytesIO(content))
        case Format.NPY:
            return np.load(io.BytesIO(content), allow_pickle=False)
        case Format.JSON:
            return json.loads(content)


def _parquet(frame: pl.DataFrame) -> bytes:

    objects = [name for name, kind in frame.schema.items() if kind == pl.Object]
    if objects:
        raise BadOutputError(f"column {objects[0]!r} holds Python objects; give it a type of Polars")
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def _npy(array: NDArray[Any]) -> bytes:

    buffer = io.BytesIO()
    try:
        np.save(buffer, array, allow_pickle=False)
    except ValueError as error:
        raise BadOutputError(f"an array of {array.dtype} would have to be pickled; give it a numeric type") from error
    return buffer.getvalue()


def _json(value: Any) -> bytes:
    try:
        return canonical_json(value).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BadOutputError(
            f"a step returned {type(value).__name__}, which is no DataFrame, array, bytes or JSON ({error}); "
            "collect a LazyFrame, convert numbers of NumPy, write times as text"
        ) from error

"""Reading Parquet that strangers made, and types between contracts and frames."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO

import polars as pl

from everlearn.datasets.model import (
    BadContractError,
    NotParquetError,
    PartitionTooLargeError,
    canonical_dtype,
    parsed_dtype,
)

MOST_ROWS = 50_000_000
MOST_CELLS = 500_000_000  # rows times columns; what a few bytes of a repeated value can claim


def frame_type(dtype: str) -> pl.DataType:
    """Give the polars type of a contract's."""
    kind, unit, zone = parsed_dtype(dtype)
    match kind:
        case "Datetime":
            return pl.Datetime(unit or "us", zone)  # type: ignore[arg-type]  # the contract is checked
        case "Duration":
            return pl.Duration(unit or "us")  # type: ignore[arg-type]  # as above
        case _:
            made: pl.DataType = getattr(pl, kind)()
            return made


def same_type(found: pl.DataType, expected: str) -> bool:
    """Tell whether a column is of a contract's type."""
    return found == frame_type(expected)


def type_name(found: pl.DataType) -> str:
    """Write a polars type as a contract would."""
    try:
        return canonical_dtype(str(found))
    except BadContractError:
        return str(found)


def described(content: bytes) -> tuple[pl.Schema, int]:
    """Give columns and number of rows from the file's own description, without reading a row.

    Raises
    ------
    NotParquetError
        When it is not Parquet.
    PartitionTooLargeError
        When it says that it holds more than is ever read at once.
    """
    with _readable():
        lazy = pl.scan_parquet(BytesIO(content))
        schema = lazy.collect_schema()
        rows = int(lazy.select(pl.len()).collect().item())
    if rows > MOST_ROWS or rows * len(schema) > MOST_CELLS:
        raise PartitionTooLargeError(
            f"the partition has {rows} rows of {len(schema)} columns; at most {MOST_ROWS} rows and {MOST_CELLS} values "
            "are taken at once, send it in parts"
        )
    return schema, rows


def read(content: bytes, columns: Sequence[str]) -> pl.DataFrame:
    """Read some columns.

    Raises
    ------
    NotParquetError
        When the bytes are damaged.
    """
    with _readable():
        return pl.read_parquet(BytesIO(content), columns=list(columns))


@contextmanager
def _readable() -> Iterator[None]:
    # a damaged file can also make the reader panic, which is no Exception
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError, OverflowError) as error:
        raise NotParquetError(
            f"the content is not a Parquet file that can be read ({_first_line(error)}); write it anew"
        ) from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]

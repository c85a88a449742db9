"""Reading a version's rows: lazily, a partition at a time, each verified against its digest before a row is used."""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl
from polars.io.plugins import register_io_source

from everlearn.blobs import BlobStore
from everlearn.core.errors import DamagedError
from everlearn.datasets.model import Contract, NotParquetError, Partition
from everlearn.datasets.parquet import described, frame_type, read


def scan_partitions(blobs: BlobStore, partitions: Sequence[Partition], contract: Contract) -> pl.LazyFrame:
    """Give the rows of some partitions in their order, with the columns of a contract.

    Nothing is read before the frame is collected; then one partition after the other is fetched whole (its digest can
    be told no other way) and only the columns asked for are decoded. Columns that a partition is older than are null.
    """
    schema = {column.name: frame_type(column.dtype) for column in contract.columns}

    def source(
        columns: list[str] | None, predicate: pl.Expr | None, most_rows: int | None, _batch: int | None
    ) -> Iterator[pl.DataFrame]:
        wanted, left = columns if columns is not None else list(schema), most_rows
        for partition in partitions:
            if left == 0:
                return
            rows = _rows(blobs, partition, {name: schema[name] for name in wanted})
            if left is not None:
                rows = rows.head(left)
                left -= rows.height
            yield rows if predicate is None else rows.filter(predicate)

    return register_io_source(source, schema=schema, is_pure=True)


def read_columns(blobs: BlobStore, partition: Partition, columns: Sequence[str]) -> pl.DataFrame:
    """Read some columns of a partition; those that it lacks are left out.

    Raises
    ------
    DamagedError
        When the stored bytes are not what was stored.
    """
    content = blobs.get(partition.digest)
    try:
        held, _ = described(content)
        return read(content, [name for name in columns if name in held])
    except NotParquetError as error:  # it was read when it was appended
        raise DamagedError(f"the partition {partition.key!r} cannot be read any more: {error.message}") from error


def _rows(blobs: BlobStore, partition: Partition, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    held = read_columns(blobs, partition, list(schema))
    lacking = [pl.lit(None, dtype).alias(name) for name, dtype in schema.items() if name not in held.columns]
    if not held.columns:  # nothing but nulls was asked for, or nothing at all
        held = pl.DataFrame({"": pl.repeat(None, partition.rows, eager=True)})
    return held.with_columns(lacking).select(list(schema))

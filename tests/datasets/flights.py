"""A small data set of flights, for the tests."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import polars as pl

from everlearn.core.actor import Actor
from everlearn.datasets import Column, Contract, Datasets, DatasetVersion, Nulls, Range, Severity, UniqueKey

ALICE = Actor("user:alice")
NEW_YEAR = datetime(2013, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)

CONTRACT = Contract(
    columns=(
        Column(name="flight", dtype="String"),
        Column(name="at", dtype="Datetime[us, UTC]"),
        Column(
            name="delay",
            dtype="Float64",
            nulls=Nulls(max_share=0.5, severity=Severity.REPORT),
            range=Range(minimum=-60, maximum=600, severity=Severity.REPORT),
        ),
        Column(name="distance", dtype="Int64", range=Range(minimum=1)),
    ),
    unique=(UniqueKey(columns=("flight", "at")),),
    event_time="at",
)


def frame(rows: Sequence[dict[str, Any]] = (), *, day: int = 0, count: int = 3) -> pl.DataFrame:
    """Some flights of a day: these, or so many."""
    made = rows or [{"flight": f"AA{number}"} for number in range(count)]
    standard = {"at": NEW_YEAR + day * DAY, "delay": 5.0, "distance": 800}
    schema: dict[str, Any] = {
        "flight": pl.String,
        "at": pl.Datetime("us", "UTC"),
        "delay": pl.Float64,
        "distance": pl.Int64,
    }
    return pl.DataFrame([{**standard, **row} for row in made], schema=schema)


def parquet(rows: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    rows.write_parquet(buffer)
    return buffer.getvalue()


def define(datasets: Datasets, contract: Contract = CONTRACT, name: str = "flights") -> int:
    return datasets.define("default", name, contract, actor=ALICE).contract_revision


def append(datasets: Datasets, rows: pl.DataFrame, key: str, **more: Any) -> DatasetVersion:
    return datasets.append("default", "flights", parquet(rows), key=key, actor=ALICE, **more)

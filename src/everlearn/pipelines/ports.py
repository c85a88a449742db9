"""What running a step needs from others."""

from typing import Any, Protocol

import polars as pl


class DatasetReader(Protocol):
    """Whoever keeps versioned data; `datasets.Datasets` does.

    Steps name the version that they read, and the number comes in as an input: a step that asked for "the newest"
    would find its old result when there is newer data.
    """

    def version(self, project: str, name: str, number: int) -> Any:
        """Give one version of a data set."""
        ...

    def scan(self, version: Any) -> pl.LazyFrame:
        """Give its rows, read when they are collected."""
        ...

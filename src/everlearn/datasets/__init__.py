"""Versioned data under contracts.

A data set grows by partitions of Parquet; each is checked before it is taken, and makes the next version. A version is
for ever: its digest says what is in it, and its rows are verified when they are read.
"""

from everlearn.datasets.events import DatasetDefined, PartitionRefused, VersionAppended
from everlearn.datasets.model import (
    Check,
    Column,
    Contract,
    Dataset,
    DatasetNotFoundError,
    DatasetVersion,
    Nulls,
    Partition,
    PartitionRefusedError,
    Range,
    Report,
    Severity,
    UniqueKey,
    VersionNotFoundError,
    VersionSummary,
)
from everlearn.datasets.service import Datasets

__all__ = [
    "Check",
    "Column",
    "Contract",
    "Dataset",
    "DatasetDefined",
    "DatasetNotFoundError",
    "DatasetVersion",
    "Datasets",
    "Nulls",
    "Partition",
    "PartitionRefused",
    "PartitionRefusedError",
    "Range",
    "Report",
    "Severity",
    "UniqueKey",
    "VersionAppended",
    "VersionNotFoundError",
    "VersionSummary",
]

"""Data sets, their contracts, versions and reports, as values; the rules of names and of contracts.

A data set grows by partitions; version n is its first n partitions, and never changes.
"""

from everlearn.datasets.model.contract import Column, Contract, Nulls, Range, Severity, UniqueKey
from everlearn.datasets.model.dtypes import Bound, bound_value, canonical_dtype, parsed_dtype
from everlearn.datasets.model.errors import (
    BadContractError,
    BadKeyError,
    ContractConflictError,
    DatasetNotFoundError,
    KeyTakenError,
    NotParquetError,
    PartitionRefusedError,
    PartitionTooLargeError,
    VersionNotFoundError,
)
from everlearn.datasets.model.report import MOST_EXAMPLES, Check, Report, joined_report
from everlearn.datasets.model.versions import (
    Dataset,
    DatasetVersion,
    Partition,
    VersionSummary,
    checked_key,
    version_digest,
)

__all__ = [
    "MOST_EXAMPLES",
    "BadContractError",
    "BadKeyError",
    "Bound",
    "Check",
    "Column",
    "Contract",
    "ContractConflictError",
    "Dataset",
    "DatasetNotFoundError",
    "DatasetVersion",
    "KeyTakenError",
    "NotParquetError",
    "Nulls",
    "Partition",
    "PartitionRefusedError",
    "PartitionTooLargeError",
    "Range",
    "Report",
    "Severity",
    "UniqueKey",
    "VersionNotFoundError",
    "VersionSummary",
    "bound_value",
    "canonical_dtype",
    "checked_key",
    "joined_report",
    "parsed_dtype",
    "version_digest",
]

"""Facts about data sets."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from everlearn.core.digest import Digest
from everlearn.eventlog import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetDefined(Event):
    """A data set got a contract, or a changed one."""

    name: ClassVar[str] = "datasets.defined"
    revision: ClassVar[int] = 1

    project: str
    dataset: str
    number: int  # the revision of the contract: 1, 2, ...
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionAppended(Event):
    """A partition was taken, and made the next version."""

    name: ClassVar[str] = "datasets.version_appended"
    revision: ClassVar[int] = 1

    project: str
    dataset: str
    version: int
    digest: Digest
    key: str
    partition_rows: int
    rows: int
    defects: int  # expectations that the partition does not meet and that are only reported
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionRefused(Event):
    """A partition does not keep the contract; nothing of it was kept."""

    name: ClassVar[str] = "datasets.partition_refused"
    revision: ClassVar[int] = 1

    project: str
    dataset: str
    key: str
    digest: Digest
    violations: tuple[str, ...]
    effective_at: datetime | None


EVENTS: tuple[type[Event], ...] = (DatasetDefined, VersionAppended, PartitionRefused)

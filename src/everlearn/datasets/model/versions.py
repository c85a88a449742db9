"""Data sets, their versions, and the partitions that versions are made of."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from everlearn.core.actor import Actor
from everlearn.core.digest import Digest, digest_json
from everlearn.datasets.model.contract import Contract
from everlearn.datasets.model.errors import BadKeyError
from everlearn.datasets.model.report import Report

_KEY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.:+=@-]{0,198}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """Rows that were appended together; `number` is the version that they made."""

    number: int
    key: str
    digest: Digest
    rows: int
    size_bytes: int
    first_at: datetime | None  # event time, where the contract has one
    last_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A named collection of rows under a contract."""

    project: str
    name: str
    contract: Contract
    contract_revision: int  # 1, 2, ... of this data set
    newest: int  # version; 0: none yet
    created_at: datetime
    defined_at: datetime  # this revision of the contract


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionSummary:
    """A version as lists show it: what it added, and what it is now."""

    project: str
    name: str
    number: int
    digest: Digest
    rows: int
    defects: int  # expectations not met by the partition that it added
    added: Partition
    contract_revision: int
    created_at: datetime
    created_by: Actor
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetVersion:
    """All partitions up to one of them, for ever."""

    project: str
    name: str
    number: int
    digest: Digest
    rows: int
    contract_revision: int  # the one that the last partition was checked by, and that the rows are read by
    contract_digest: Digest
    partitions: tuple[Partition, ...]
    created_at: datetime
    created_by: Actor
    effective_at: datetime
    report: Report


def version_digest(contract: Digest, partitions: Iterable[Digest]) -> Digest:
    """Digest a version: what its partitions contain, in their order, and what they are read by."""
    return digest_json({"contract": contract, "partitions": [*partitions]})


def checked_key(key: str) -> str:
    """Give a partition's key back if it can stand in an address and a file name."""
    if not _KEY.fullmatch(key) or ".." in key:
        raise BadKeyError(
            f"not a key of a partition: {key[:80]!r}; use 1 to 200 letters, digits and any of '_.:+=@-', "
            "with a letter or digit at both ends"
        )
    return key

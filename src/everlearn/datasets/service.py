"""The use cases of data sets. Appending the same partition again changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import polars as pl

from everlearn.blobs import BlobStore
from everlearn.core.actor import Actor
from everlearn.core.clock import Clock, iso, parse_instant
from everlearn.core.digest import Digest, digest_bytes
from everlearn.core.errors import InvalidError, UnavailableError
from everlearn.core.names import checked_name
from everlearn.core.page import Page, checked_limit, page_of
from everlearn.core.subjects import dataset_subject
from everlearn.datasets import store
from everlearn.datasets.events import DatasetDefined, PartitionRefused, VersionAppended
from everlearn.datasets.model import (
    Contract,
    Dataset,
    DatasetNotFoundError,
    DatasetVersion,
    KeyTakenError,
    Partition,
    PartitionRefusedError,
    Report,
    VersionNotFoundError,
    VersionSummary,
    checked_key,
    version_digest,
)
from everlearn.datasets.reading import read_columns, scan_partitions
from everlearn.datasets.validation import Earlier, Validated, validate
from everlearn.db import Database, Tx
from everlearn.eventlog import Cause, EventLog

LARGEST_NUMBER = 2**31 - 1
_ATTEMPTS = 20  # when others append to the same data set at the same time


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrival:
    """A partition at the door, and the data set as it was when it was looked at."""

    dataset: Dataset
    earlier: tuple[Partition, ...]
    key: str
    digest: Digest
    size_bytes: int
    effective_at: datetime | None


@dataclass(frozen=True, slots=True)
class Datasets:
    """Data sets under contracts, and their versions."""

    db: Database
    log: EventLog
    blobs: BlobStore
    clock: Clock

    def define(
        self, project: str, name: str, contract: Contract, *, actor: Actor, cause: Cause | None = None
    ) -> Dataset:
        """Put a contract in force, making the data set if need be; the same one again changes nothing.

        Partitions that are there stay as they were accepted; the contract is for the next one.

        Raises
        ------
        BadContractError
            When no data could keep it.
        ContractConflictError
            When partitions that are there could not be read by it.
        """
        checked_name(project, kind="project")
        checked_name(name, kind="data set")
        contract = contract.checked()
        now = self.clock.now()
        with self.db.write() as tx:
            store.insert_dataset(tx, project, name, at=now)
            newest, revision = store.lock_dataset(tx, project, name) or (0, 0)
            earlier = store.list_contracts(tx, project, name)
            if earlier and earlier[-1].digest == contract.digest:
                return _known(tx, project, name)
            if newest:
                contract.check_follows(earlier)
            store.insert_contract(tx, project, name, revision=revision + 1, contract=contract, at=now, actor=actor)
            event = DatasetDefined(project=project, dataset=name, number=revision + 1, digest=contract.digest)
            self.log.append(tx, event, actor=actor, subject=dataset_subject(project, name), cause=cause)
            return _known(tx, project, name)

    def append(
        self,
        project: str,
        name: str,
        content: bytes,
        *,
        key: str,
        effective_at: datetime | None = None,
        actor: Actor,
        cause: Cause | None = None,
    ) -> DatasetVersion:
        """Check a Parquet file against the contract and make the next version with it.

        The same content under the same key again gives the version that it made. `effective_at` None: the last event
        time in it, or now where the contract names no event time.

        Raises
        ------
        NotParquetError, PartitionTooLargeError, InvalidError
            When it cannot be read or has no rows.
        PartitionRefusedError
            Listing the violations, when it does not keep the contract; of it only an event is kept.
        KeyTakenError
            When the key belongs to other content.
        """
        checked_key(key)
        digest = digest_bytes(content)
        at = None if effective_at is None else parse_instant(iso(effective_at))
        for _ in range(_ATTEMPTS):
            with self.db.read() as tx:
                dataset = _known(tx, project, name)
                earlier = tuple(store.list_partitions(tx, project, name, through=dataset.newest))
            if made := _made_by(earlier, key, digest):
                return self.version(project, name, made)
            arrival = _Arrival(
                dataset=dataset, earlier=earlier, key=key, digest=digest, size_bytes=len(content), effective_at=at
            )
            looked_at = validate(content, dataset.contract, Earlier(earlier, partial(read_columns, self.blobs)))
            if looked_at.report.violations:
                self._refuse(arrival, looked_at.report, actor=actor, cause=cause)
            self.blobs.put(content)
            if (number := self._take(arrival, looked_at, actor=actor, cause=cause)) is not None:
                return self.version(project, name, number)
        raise UnavailableError(f"the data set {name!r} is being changed by many at once; try again")

    def dataset(self, project: str, name: str) -> Dataset:
        """Give one data set with its contract.

        Raises
        ------
        DatasetNotFoundError
            When the project has none of that name.
        """
        with self.db.read() as tx:
            return _known(tx, project, name)

    def list(self, project: str, *, after: str | None = None, limit: int = 100) -> Page[Dataset]:
        """List the data sets of a project by name."""
        size = checked_limit(limit)
        with self.db.read() as tx:
            rows = store.list_datasets(tx, project, after=after, limit=size + 1)
        return page_of(rows, limit=size, key=lambda one: one.name)

    def version(self, project: str, name: str, number: int) -> DatasetVersion:
        """Give one version with all of its partitions.

        Raises
        ------
        VersionNotFoundError
            When the data set has no version of this number.
        """
        with self.db.read() as tx:
            dataset = _known(tx, project, name)
            found = store.find_version(tx, project, name, number) if 1 <= number <= dataset.newest else None
        if found is None:
            raise VersionNotFoundError(
                f"the data set {name!r} has no version {number}; "
                + (f"its versions are 1 to {dataset.newest}" if dataset.newest else "append a partition first")
            )
        return found

    def newest(self, project: str, name: str) -> DatasetVersion:
        """Give the newest version.

        Raises
        ------
        VersionNotFoundError
            When nothing has been appended yet.
        """
        return self.version(project, name, self.dataset(project, name).newest)

    def versions(self, project: str, name: str, *, after: str | None = None, limit: int = 100) -> Page[VersionSummary]:
        """List the versions of a data set, newest first, each with the partition that it added."""
        size, before = checked_limit(limit), None if after is None else _number(after)
        with self.db.read() as tx:
            _known(tx, project, name)
            rows = store.list_versions(tx, project, name, before=before, limit=size + 1)
        return page_of(rows, limit=size, key=lambda one: str(one.number))

    def report(self, project: str, name: str, number: int | None = None) -> Report:
        """Give what came of every expectation over all partitions of a version (None: the newest)."""
        found = self.newest(project, name) if number is None else self.version(project, name, number)
        return found.report

    def scan(self, version: DatasetVersion) -> pl.LazyFrame:
        """Give the rows of a version, in the order in which they were appended; read when they are collected.

        Collecting raises a DamagedError when stored bytes are not what was stored.
        """
        with self.db.read() as tx:
            contract = store.find_contract(tx, version.project, version.name, version.contract_revision)
        if contract is None:
            raise VersionNotFoundError(f"no data set {version.name[:80]!r} was ever read by this contract")
        return scan_partitions(self.blobs, version.partitions, contract)

    def _refuse(self, arrival: _Arrival, report: Report, *, actor: Actor, cause: Cause | None) -> None:
        dataset, violations = arrival.dataset, tuple(one.sentence for one in report.violations)
        event = PartitionRefused(
            project=dataset.project,
            dataset=dataset.name,
            key=arrival.key,
            digest=arrival.digest,
            violations=violations,
            effective_at=arrival.effective_at,
        )
        with self.db.write() as tx:
            subject = dataset_subject(dataset.project, dataset.name)
            self.log.append(tx, event, actor=actor, subject=subject, cause=cause)
        raise PartitionRefusedError(
            f"the partition {arrival.key!r} does not keep the contract of {dataset.name!r}: {'; '.join(violations[:3])}"
            + (f"; and {len(violations) - 3} more" if len(violations) > 3 else ""),
            violations=[*violations],
        )

    def _take(self, arrival: _Arrival, looked_at: Validated, *, actor: Actor, cause: Cause | None) -> int | None:
        """Make the next version; None when the data set has changed since it was looked at."""
        before, now = arrival.dataset, self.clock.now()
        with self.db.write() as tx:
            state = store.lock_dataset(tx, before.project, before.name)
            if state != (before.newest, before.contract_revision):
                return None
            version = _next_version(arrival, looked_at, at=now, actor=actor)
            store.insert_version(tx, version, looked_at.report)
            event = VersionAppended(
                project=version.project,
                dataset=version.name,
                version=version.number,
                digest=version.digest,
                key=arrival.key,
                partition_rows=looked_at.rows,
                rows=version.rows,
                defects=version.defects,
                effective_at=version.effective_at,
            )
            subject = dataset_subject(version.project, version.name)
            self.log.append(tx, event, actor=actor, subject=subject, cause=cause)
        return version.number


def _next_version(arrival: _Arrival, looked_at: Validated, *, at: datetime, actor: Actor) -> VersionSummary:
    dataset = arrival.dataset
    partition = Partition(
        number=dataset.newest + 1,
        key=arrival.key,
        digest=arrival.digest,
        rows=looked_at.rows,
        size_bytes=arrival.size_bytes,
        first_at=looked_at.first_at,
        last_at=looked_at.last_at,
    )
    partitions = (*arrival.earlier, partition)
    return VersionSummary(
        project=dataset.project,
        name=dataset.name,
        number=partition.number,
        digest=version_digest(dataset.contract.digest, [one.digest for one in partitions]),
        rows=sum(one.rows for one in partitions),
        defects=len(looked_at.report.defects),
        added=partition,
        contract_revision=dataset.contract_revision,
        created_at=at,
        created_by=actor,
        effective_at=arrival.effective_at or looked_at.last_at or at,
    )


def _known(tx: Tx, project: str, name: str) -> Dataset:
    found = store.find_dataset(tx, project, name)
    if found is None:
        raise DatasetNotFoundError(f"no data set {name[:80]!r} in this project; `everlearn datasets list` names them")
    return found


def _made_by(earlier: Sequence[Partition], key: str, digest: Digest) -> int | None:
    """Give the version that this partition made already."""
    known = next((one for one in earlier if one.key == key), None)
    if known is not None and known.digest != digest:
        raise KeyTakenError(
            f"the key {key!r} belongs to a partition of other content (version {known.number}); "
            "a partition never changes, append the new rows under another key",
            version=known.number,
        )
    return None if known is None else known.number


def _number(key: str) -> int:
    if not (key.isascii() and key.isdigit() and len(key) <= 10) or int(key) > LARGEST_NUMBER:
        raise InvalidError(f"not a key of a list of versions: {key[:80]!r}; send `next` of the page before")
    return int(key)

"""Data set rows in, values out."""

import json
from datetime import datetime

import msgspec
import sqlalchemy as sa

from everlearn.core.actor import Actor
from everlearn.core.digest import Digest
from everlearn.core.json import canonical_json
from everlearn.datasets.model import Contract, Dataset, DatasetVersion, Partition, Report, VersionSummary, joined_report
from everlearn.datasets.tables import contracts, datasets, versions
from everlearn.db import Tx, insert_for

Row = sa.Row[tuple[object, ...]]
MOST_CONTRACTS = 1_000  # revisions that are ever read at once


def insert_dataset(tx: Tx, project: str, name: str, *, at: datetime) -> None:
    """Add a data set without contract or versions; one that is there stays as it is."""
    values = {"project": project, "name": name, "newest": 0, "contract_revision": 0, "created_at": at}
    tx.execute(insert_for(tx, datasets).values(values).on_conflict_do_nothing())


def lock_dataset(tx: Tx, project: str, name: str) -> tuple[int, int] | None:
    """Wait for whoever is changing this data set to commit; give its newest version and revision of the contract."""
    row = tx.execute(
        sa.update(datasets)
        .where(datasets.c.project == project, datasets.c.name == name)
        .values(newest=datasets.c.newest)
        .returning(datasets.c.newest, datasets.c.contract_revision)
    ).one_or_none()
    return None if row is None else (row.newest, row.contract_revision)


def insert_contract(
    tx: Tx, project: str, name: str, *, revision: int, contract: Contract, at: datetime, actor: Actor
) -> None:
    """Add a revision of the contract and put it in force; the data set must be locked."""
    tx.execute(
        sa.insert(contracts).values(
            project=project,
            name=name,
            revision=revision,
            digest=contract.digest,
            document=canonical_json(msgspec.to_builtins(contract)),
            defined_at=at,
            defined_by=actor,
        )
    )
    dataset = sa.update(datasets).where(datasets.c.project == project, datasets.c.name == name)
    tx.execute(dataset.values(contract_revision=revision))


def list_contracts(tx: Tx, project: str, name: str) -> list[Contract]:
    """Give every revision of a contract, oldest first."""
    query = (
        sa.select(contracts.c.document)
        .where(contracts.c.project == project, contracts.c.name == name)
        .order_by(contracts.c.revision)
        .limit(MOST_CONTRACTS)
    )
    return [_contract(row.document) for row in tx.execute(query)]


def find_contract(tx: Tx, project: str, name: str, revision: int) -> Contract | None:
    """Find a revision of a contract."""
    query = sa.select(contracts.c.document).where(
        contracts.c.project == project, contracts.c.name == name, contracts.c.revision == revision
    )
    document = tx.execute(query).scalar_one_or_none()
    return None if document is None else _contract(document)


def find_dataset(tx: Tx, project: str, name: str) -> Dataset | None:
    """Find a data set by its name."""
    row = tx.execute(_select_dataset(project).where(datasets.c.name == name)).one_or_none()
    return None if row is None else _dataset(row)


def list_datasets(tx: Tx, project: str, *, after: str | None, limit: int) -> list[Dataset]:
    """Give up to `limit` data sets by name."""
    query = _select_dataset(project).order_by(datasets.c.name).limit(limit)
    return [_dataset(row) for row in tx.execute(query if after is None else query.where(datasets.c.name > after))]


def insert_version(tx: Tx, version: VersionSummary, report: Report) -> None:
    """Add a version and make it its data set's newest; the data set must be locked."""
    added = version.added
    tx.execute(
        sa.insert(versions).values(
            project=version.project,
            name=version.name,
            number=version.number,
            digest=version.digest,
            rows=version.rows,
            contract_revision=version.contract_revision,
            key=added.key,
            partition_digest=added.digest,
            partition_rows=added.rows,
            partition_bytes=added.size_bytes,
            first_at=added.first_at,
            last_at=added.last_at,
            report=canonical_json(msgspec.to_builtins(report)),
            defects=version.defects,
            created_at=version.created_at,
            created_by=version.created_by,
            effective_at=version.effective_at,
        )
    )
    dataset = sa.update(datasets).where(datasets.c.project == version.project, datasets.c.name == version.name)
    tx.execute(dataset.values(newest=version.number))


def list_partitions(tx: Tx, project: str, name: str, *, through: int) -> list[Partition]:
    """Give the partitions of a version, in their order."""
    query = _select_version(project, name).where(versions.c.number <= through).order_by(versions.c.number)
    return [_partition(row) for row in tx.execute(query)]


def find_version(tx: Tx, project: str, name: str, number: int) -> DatasetVersion | None:
    """Find a version with all of its partitions."""
    query = _select_version(project, name, versions.c.report).where(versions.c.number <= number)
    rows = tx.execute(query.order_by(versions.c.number)).all()
    if not rows or rows[-1].number != number:
        return None
    last = rows[-1]
    return DatasetVersion(
        project=last.project,
        name=last.name,
        number=last.number,
        digest=Digest(last.digest),
        rows=last.rows,
        contract_revision=last.contract_revision,
        contract_digest=Digest(last.contract_digest),
        partitions=tuple(_partition(row) for row in rows),
        created_at=last.created_at,
        created_by=Actor(last.created_by),
        effective_at=last.effective_at,
        report=joined_report([msgspec.convert(json.loads(row.report), Report) for row in rows]),
    )


def list_versions(tx: Tx, project: str, name: str, *, before: int | None, limit: int) -> list[VersionSummary]:
    """Give up to `limit` versions, newest first."""
    query = _select_version(project, name).order_by(versions.c.number.desc()).limit(limit)
    rows = tx.execute(query if before is None else query.where(versions.c.number < before))
    return [_summary(row) for row in rows]


def _select_dataset(project: str) -> sa.Select[tuple[object, ...]]:
    in_force = sa.and_(
        contracts.c.project == datasets.c.project,
        contracts.c.name == datasets.c.name,
        contracts.c.revision == datasets.c.contract_revision,
    )
    columns = (*datasets.c, contracts.c.document, contracts.c.defined_at)
    return sa.select(*columns).join(contracts, in_force).where(datasets.c.project == project)


def _dataset(row: Row) -> Dataset:
    return Dataset(
        project=row.project,
        name=row.name,
        contract=_contract(row.document),
        contract_revision=row.contract_revision,
        newest=row.newest,
        created_at=row.created_at,
        defined_at=row.defined_at,
    )


def _contract(document: str) -> Contract:
    return msgspec.convert(json.loads(document), Contract)


def _select_version(project: str, name: str, *more: sa.ColumnElement[object]) -> sa.Select[tuple[object, ...]]:
    checked_by = sa.and_(
        contracts.c.project == versions.c.project,
        contracts.c.name == versions.c.name,
        contracts.c.revision == versions.c.contract_revision,
    )
    columns = (column for column in versions.c if column is not versions.c.report)
    return (
        sa.select(*columns, contracts.c.digest.label("contract_digest"), *more)
        .join(contracts, checked_by)
        .where(versions.c.project == project, versions.c.name == name)
    )


def _partition(row: Row) -> Partition:
    return Partition(
        number=row.number,
        key=row.key,
        digest=Digest(row.partition_digest),
        rows=row.partition_rows,
        size_bytes=row.partition_bytes,
        first_at=row.first_at,
        last_at=row.last_at,
    )


def _summary(row: Row) -> VersionSummary:
    return VersionSummary(
        project=row.project,
        name=row.name,
        number=row.number,
        digest=Digest(row.digest),
        rows=row.rows,
        defects=row.defects,
        added=_partition(row),
        contract_revision=row.contract_revision,
        created_at=row.created_at,
        created_by=Actor(row.created_by),
        effective_at=row.effective_at,
    )

"""Versions of data sets as nodes of lineage. Each function takes at most some hundred ids."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from everlearn.core.lineage import dataset_id, split_dataset
from everlearn.datasets.tables import versions
from everlearn.db import Tx


class Grown(NamedTuple):
    """One version of a data set."""

    name: str
    number: int
    digest: str
    rows: int
    created_at: datetime

    @property
    def id(self) -> str:
        """Give its id as a node."""
        return dataset_id(self.name, self.digest)


_COLUMNS = (versions.c.name, versions.c.number, versions.c.digest, versions.c.rows, versions.c.created_at)


def known_versions(tx: Tx, project: str, ids: Sequence[str]) -> dict[str, Grown]:
    """Give those of these nodes that are versions of data sets kept here."""
    digests = sorted({split_dataset(one)[1] for one in ids} - {""})
    if not digests:
        return {}
    wanted = frozenset(ids)
    found = _read(tx, project, versions.c.digest.in_(digests), limit=len(digests) * 10)
    return {one.id: one for one in found if one.id in wanted}


def versions_named(tx: Tx, project: str, name: str, *, limit: int) -> list[Grown]:
    """Give the versions of a data set, newest first."""
    return _read(tx, project, versions.c.name == name, limit=limit)


def versions_above(tx: Tx, project: str, name: str, digests: Sequence[str], *, above: int) -> list[Grown]:
    """Give the versions of a data set above a number that have one of these digests."""
    condition = sa.and_(versions.c.name == name, versions.c.number > above, versions.c.digest.in_(digests))
    return _read(tx, project, condition, limit=len(digests))


def version_numbered(tx: Tx, project: str, name: str, number: int) -> Grown | None:
    """Give one version."""
    found = _read(tx, project, sa.and_(versions.c.name == name, versions.c.number == number), limit=1)
    return found[0] if found else None


def data_digested(tx: Tx, project: str, digest: str, *, limit: int) -> list[str]:
    """Give the versions of this digest, or that first held a partition of this digest."""
    whole = _read(tx, project, versions.c.digest == digest, limit=limit)
    added = _read(tx, project, versions.c.partition_digest == digest, limit=limit)
    return list(dict.fromkeys(one.id for one in (*whole, *added)))


def _read(tx: Tx, project: str, condition: sa.ColumnElement[bool], *, limit: int) -> list[Grown]:
    query = sa.select(*_COLUMNS).where(versions.c.project == project, condition)
    ordered = query.order_by(versions.c.name, versions.c.number.desc()).limit(limit)
    return [Grown(row.name, row.number, row.digest, row.rows, row.created_at) for row in tx.execute(ordered)]

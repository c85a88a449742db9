"""Decided packings: rows in, values out."""

from collections.abc import Sequence
from typing import NamedTuple

from everlearn.core.digest import Digest
from everlearn.db import Sql, Tx

_LOCK = Sql("lock table storage_packings in share row exclusive mode")
_INSERT = Sql("insert into storage_packings (digest, base, height) values (?, '', 0) on conflict do nothing")
_FIND = Sql("select no, digest, base, height from storage_packings where digest = ?")
_SET_BASE = Sql("update storage_packings set base = ? where digest = ?")
_RAISE = Sql("update storage_packings set height = ? where digest = ? and height < ?")


class Packing(NamedTuple):
    """What was decided about a blob."""

    no: int
    digest: Digest
    base: Digest | None
    height: int


def lock(tx: Tx) -> None:
    """Let nobody else decide before this transaction is over, also where nothing was decided yet.

    SQLite has one writer anyway.
    """
    if tx.is_postgresql:
        _LOCK.run(tx)


def known(tx: Tx, digest: Digest) -> Packing:
    """Give what was decided about a blob; one that nobody asked about before gets the next number."""
    _INSERT.run(tx, digest)
    row = _FIND.row(tx, digest)
    assert row is not None  # noqa: S101  # narrows the type: it was just inserted
    no, _, base, height = row
    return Packing(no, digest, Digest(base) if base else None, height)


def set_base(tx: Tx, digest: Digest, base: Digest) -> None:
    """Write what a blob is to be packed against."""
    _SET_BASE.run(tx, base, digest)


def raise_heights(tx: Tx, chain: Sequence[tuple[Digest, int]]) -> None:
    """Write how many need each blob of a chain now, where that is more than before."""
    _RAISE.run_all(tx, [(height, digest, height) for digest, height in chain])

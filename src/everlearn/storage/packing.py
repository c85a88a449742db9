"""Deciding what is packed against what: an old version's file against that of its successor.

The newest version stays whole, so it is read as fast as ever, and one just replaced is a single step away, for the day
on which it is brought back. When old versions are given up, nothing needs them
(decision 0008).

Two things are kept in the database, because no reader of the shelf could know them in time:

- *An order.* Each blob gets a number when it is first seen here, the older of two the smaller one. A blob is packed
  only against one with a larger number, so no two workers, however they race, can pack two blobs against each other.
- *Heights.* Packing a version makes the way to all that need it one step longer. A blob that would put another more
  than `LONGEST_CHAIN` steps away from a whole one is packed by itself: the next full base.
"""

from dataclasses import dataclass

from everlearn.blobs import BlobStore
from everlearn.blobs.packing import LONGEST_CHAIN, BaseRefusedError, PackedBlob, pack
from everlearn.core.digest import Digest
from everlearn.core.errors import NotFoundError
from everlearn.db import Database, Tx
from everlearn.storage import store


@dataclass(frozen=True, slots=True)
class Packing:
    """Packs blobs that have a successor."""

    db: Database
    blobs: BlobStore
    is_on: bool = True  # off: everything stays as it is

    def pack(self, older: Digest, newer: Digest) -> PackedBlob | None:
        """Pack a blob against its successor, or by itself where that is better; None: it stays as it is.

        May be done again. What was collected meanwhile is left alone.
        """
        if not self.is_on or older == newer:
            return None
        with self.db.write() as tx:
            base = _decided_base(tx, older, newer)
        try:
            return self._packed(older, base)
        except NotFoundError:
            return None

    def _packed(self, digest: Digest, base: Digest | None) -> PackedBlob | None:
        try:
            return pack(self.blobs, digest, against=base)
        except BaseRefusedError:
            return pack(self.blobs, digest)


def _decided_base(tx: Tx, older: Digest, newer: Digest) -> Digest | None:
    store.lock(tx)
    old, new = store.known(tx, older), store.known(tx, newer)
    if old.base is not None:
        return old.base
    if old.no > new.no:
        return None
    chain, height = [], old.height + 1
    at: store.Packing | None = new
    while at is not None:
        if height > LONGEST_CHAIN:
            return None
        chain.append((at.digest, height))
        at, height = None if at.base is None else store.known(tx, at.base), height + 1
    store.raise_heights(tx, chain)
    store.set_base(tx, older, newer)
    return newer

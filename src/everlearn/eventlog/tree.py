"""The Merkle tree over the log as the database keeps it: leaves, and one root for every 256 of them."""

from dataclasses import dataclass, field

from everlearn.core.errors import InvalidError
from everlearn.db import Tx
from everlearn.eventlog import store
from everlearn.eventlog.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    node_hash,
    root_of,
    split,
)

BLOCK = 256


@dataclass(slots=True)
class LogTree:
    """Roots and proofs for any size up to the present one. A proof at size n reads n / 256 hashes and some leaves."""

    tx: Tx
    _roots: dict[int, bytes] = field(default_factory=dict)

    def root(self, size: int) -> bytes:
        """Give the root over the first `size` entries."""
        self._load(size)
        return self._subtree(0, size) if size else EMPTY_ROOT

    def inclusion(self, position: int, size: int) -> list[bytes]:
        """Show that the entry at `position` (from 1) is in the tree of `size` entries."""
        self._load(size)
        return inclusion_proof(position - 1, size, self._subtree)

    def consistency(self, old_size: int, size: int) -> list[bytes]:
        """Show that the log of `old_size` entries is the beginning of that of `size`."""
        self._load(size)
        return consistency_proof(old_size, size, self._subtree)

    def _load(self, size: int) -> None:
        there = store.read_head(self.tx).tree.size
        if not 0 <= size <= there:
            raise InvalidError(f"the log has {there} entries, not {size}", size=there)
        self._roots = store.block_roots(self.tx, below=size // BLOCK)

    def _subtree(self, start: int, end: int) -> bytes:
        if end - start == BLOCK and start % BLOCK == 0 and start // BLOCK in self._roots:
            return self._roots[start // BLOCK]
        if end - start <= BLOCK:
            return root_of(store.leaves_between(self.tx, start, end))
        middle = start + split(end - start)
        return node_hash(self._subtree(start, middle), self._subtree(middle, end))

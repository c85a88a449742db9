"""The Merkle tree of RFC 6962, section 2.1: hashes, growing, proofs and their verification. Pure.

A tree over n leaves splits at the largest power of two below n. Sizes and indices count leaves; a hash is 32 bytes.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from everlearn.core.errors import InvalidError

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

SubtreeRoot = Callable[[int, int], bytes]
"""The root over the leaves [start, end)."""


class ProofError(InvalidError):
    """A proof does not show what it claims."""

    code = "eventlog.proof"


def leaf_hash(content: bytes) -> bytes:
    """Hash one leaf."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two neighbouring subtrees into one."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class CompactRange:
    """All that is needed to go on growing a tree: the roots of its complete subtrees, largest first.

    There is one for each bit that is set in `size`, so at most 64.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def with_leaf(self, leaf: bytes) -> "CompactRange":
        """Append one leaf, given as its hash; O(log size) at worst, two hashes on average."""
        return self.with_leaves((leaf,))

    def with_leaves(self, leaves: Iterable[bytes]) -> "CompactRange":
        """Append some leaves, given as their hashes."""
        hashes, size = list(self.hashes), self.size
        for leaf in leaves:
            hashes.append(leaf)
            height = size
            while height & 1:  # two complete subtrees of the same height become one
                right, left = hashes.pop(), hashes.pop()
                hashes.append(node_hash(left, right))
                height >>= 1
            size += 1
        return CompactRange(size, tuple(hashes))

    def root(self) -> bytes:
        """Give the root of the whole tree."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root

    def packed(self) -> bytes:
        """Write the hashes one after the other."""
        return b"".join(self.hashes)

    @classmethod
    def unpacked(cls, size: int, packed: bytes) -> "CompactRange":
        """Read what `packed` wrote."""
        return cls(size, tuple(packed[at : at + HASH_SIZE] for at in range(0, len(packed), HASH_SIZE)))


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Give the root over some leaf hashes."""
    return CompactRange().with_leaves(leaves).root()


def split(size: int) -> int:
    """Give the largest power of two below `size`, which is at least 2."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(index: int, size: int, subtree: SubtreeRoot) -> list[bytes]:
    """Show that leaf `index` is in the tree of `size` leaves: PATH(m, D[n]) of RFC 6962, section 2.1.1.

    Raises
    ------
    InvalidError
        When the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise InvalidError(f"there is no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start = middle
    return path[::-1]


def consistency_proof(old_size: int, size: int, subtree: SubtreeRoot) -> list[bytes]:
    """Show that the tree of `old_size` leaves is the beginning of that of `size`: PROOF(m, D[n]), section 2.1.2.

    Raises
    ------
    InvalidError
        When `old_size` is 0 (nothing to be consistent with) or more than `size`.
    """
    if not 0 < old_size <= size:
        raise InvalidError(f"a consistency proof needs 0 < old size <= size, not {old_size} and {size}")
    path: list[bytes] = []
    start, end = 0, size
    is_whole = True  # the old tree's own root is known to who verifies
    while end != old_size:
        middle = start + split(end - start)
        if old_size <= middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start = middle
            is_whole = False
    if not is_whole:
        path.append(subtree(start, end))
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check an inclusion proof (RFC 9162, section 2.1.3.2).

    Raises
    ------
    ProofError
        When it does not lead from the leaf to the root.
    """
    _check_hashes(leaf, root, *proof)
    if not 0 <= index < size:
        raise ProofError(f"there is no leaf {index} in a tree of {size}")
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofError("the inclusion proof is too long")
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise ProofError("the inclusion proof is too short")
    if found != root:
        raise ProofError("the inclusion proof leads to another root")


def verify_consistency(old_size: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes) -> None:
    """Check a consistency proof (RFC 9162, section 2.1.4.2).

    Raises
    ------
    ProofError
        When the old tree is not shown to be the beginning of the new one.
    """
    if not 0 < old_size <= size:
        raise ProofError(f"sizes {old_size} and {size} cannot be consistent")
    if old_size == size:
        if proof or old_root != root:
            raise ProofError("two trees of one size differ")
        return
    _check_hashes(old_root, root, *proof)
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        raise ProofError("the consistency proof is too short")
    if _climbed(old_size, size, path) != (old_root, root):
        raise ProofError("the consistency proof leads to other roots")


def _climbed(old_size: int, size: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Give the roots of the old and of the new tree that a consistency path leads to."""
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_found = new_found = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError("the consistency proof is too long")
        if node & 1 or node == last:
            old_found = node_hash(sibling, old_found)
            new_found = node_hash(sibling, new_found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new_found = node_hash(new_found, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise ProofError("the consistency proof is too short")
    return old_found, new_found


def _check_hashes(*hashes: bytes) -> None:
    if any(len(each) != HASH_SIZE for each in hashes):
        raise ProofError(f"a hash in the proof is not {HASH_SIZE} bytes long")

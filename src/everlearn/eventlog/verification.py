"""Proving a log right, entry by entry, in constant memory: from the database, or from an export and a public key."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from everlearn.core.json import JSONObject
from everlearn.eventlog.checkpoint import Checkpoint
from everlearn.eventlog.entry import Leaf
from everlearn.eventlog.merkle import CompactRange, leaf_hash, root_of
from everlearn.eventlog.tree import BLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is not as it was sealed."""

    position: int | None  # of the first entry concerned
    through: int | None  # of the last one
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What came out of looking at every entry."""

    size: int  # entries seen
    root: bytes
    checkpoints: int  # that were checked
    signed_size: int  # how many entries the newest checkpoint that fits covers
    faults: tuple[Fault, ...]

    @property
    def is_sound(self) -> bool:
        """Tell whether everything is as it was sealed."""
        return not self.faults

    def as_json(self) -> JSONObject:
        """Give it as data."""
        return {
            "sound": self.is_sound,
            "size": self.size,
            "root": self.root.hex(),
            "checkpoints": self.checkpoints,
            "signed_size": self.signed_size,
            "unsigned": self.size - self.signed_size,
            "faults": [
                {"position": fault.position, "through": fault.through, "message": fault.message}
                for fault in self.faults
            ],
        }


def verify(
    leaves: Iterable[Leaf],
    checkpoints: Sequence[Checkpoint],
    *,
    head: CompactRange | None = None,
    block_roots: Mapping[int, bytes] | None = None,
) -> Verification:
    """Compare what is there with what was sealed.

    Any single entry that was changed, removed, moved or inserted changes every root after it. Whoever can write to the
    database can make its hash, the block roots and the head fit again, but not a checkpoint. Entries that no
    checkpoint covers yet are therefore only as good as the database.

    Parameters
    ----------
    leaves
        All entries in order.
    checkpoints
        Signed ones, their signatures verified, in any order.
    head
        Where the database says that the log ends; None offline.
    block_roots
        The roots that the database keeps, by number of the block; None offline.
    """
    walk = _Walk(block_roots=block_roots)
    for checkpoint in checkpoints:
        walk.signed.setdefault(checkpoint.size, []).append(checkpoint.root)
    walk.compare_with_signed()
    for leaf in leaves:
        walk.take(leaf)
    walk.end(head)
    return Verification(
        size=walk.tree.size,
        root=walk.tree.root(),
        checkpoints=len(checkpoints),
        signed_size=max((size for size, fits in walk.compared if fits), default=0),
        faults=tuple(walk.faults),
    )


@dataclass(slots=True, kw_only=True)
class _Walk:
    """What is known after having seen some of the entries."""

    block_roots: Mapping[int, bytes] | None
    signed: dict[int, list[bytes]] = field(default_factory=dict)  # roots by size
    tree: CompactRange = field(default_factory=CompactRange)
    position: int = 0  # of the last entry
    compared: list[tuple[int, bool]] = field(default_factory=list)  # sizes of checkpoints, and whether they fit
    faults: list[Fault] = field(default_factory=list)
    block: list[bytes] = field(default_factory=list)  # hashes of the last block that has begun
    block_number: int = 0

    def take(self, leaf: Leaf) -> None:
        """Look at the next entry."""
        self._check_order(leaf.position)
        found = leaf_hash(leaf.content)
        if leaf.kept_hash is not None and found != leaf.kept_hash:
            self._blame(leaf.position, leaf.position, f"entry {leaf.position} is not what was written")
        self.tree = self.tree.with_leaf(found)
        self.compare_with_signed()
        if self.block_roots is not None and leaf.position is not None:
            self._take_into_block(leaf.position, found)

    def compare_with_signed(self) -> None:
        """Compare with what was signed when the log had as many entries."""
        if roots := self.signed.get(self.tree.size):
            self.compared.append((self.tree.size, all(root == self.tree.root() for root in roots)))

    def end(self, head: CompactRange | None) -> None:
        """Look at what can only be told when all entries are seen."""
        if self.block_roots is not None:
            self._end_block()
            self._check_number_of_blocks(self.block_roots)
        self._blame_unfit_checkpoints()
        if (signed := max(self.signed, default=0)) > self.tree.size:
            self._blame(
                self.tree.size + 1, signed, f"a checkpoint signs {signed} entries, but there are {self.tree.size}"
            )
        if head is not None and head.size != self.tree.size:
            self._blame(None, None, f"the log's head counts {head.size} entries, but there are {self.tree.size}")
        elif head is not None and head != self.tree:
            self._blame(None, None, "the entries do not give the root that the log's head has")

    def _check_order(self, position: int | None) -> None:
        expected = self.position + 1
        if position is None:
            self._blame(expected, expected, f"where entry {expected} should be, there is no entry")
            self.position = expected
        elif position > expected:
            names = f"entry {expected} is" if position == expected + 1 else f"entries {expected} to {position - 1} are"
            self._blame(expected, position - 1, f"{names} missing")
            self.position = position
        elif position < expected:
            self._blame(position, position, f"entry {position} stands after entry {self.position}: inserted or moved")
        else:
            self.position = position

    def _take_into_block(self, position: int, found: bytes) -> None:
        number = (position - 1) // BLOCK
        if number != self.block_number:
            self._end_block()
            self.block_number, self.block = number, []
        self.block.append(found)

    def _end_block(self) -> None:
        kept = (self.block_roots or {}).get(self.block_number)
        first, last = self.block_number * BLOCK + 1, (self.block_number + 1) * BLOCK
        if kept is None or kept == root_of(self.block):
            return
        if not any(fault.position is not None and first <= fault.position <= last for fault in self.faults):
            self._blame(first, last, f"entries {first} to {last} do not give the root that is kept for them")

    def _check_number_of_blocks(self, kept: Mapping[int, bytes]) -> None:
        complete = self.position // BLOCK
        for number in sorted(set(range(complete)) ^ set(kept)):
            what = "missing" if number < complete and number >= 0 else "there, though they are not"
            first, last = number * BLOCK + 1, (number + 1) * BLOCK
            self._blame(first, last, f"the root kept for entries {first} to {last} is {what}")

    def _blame_unfit_checkpoints(self) -> None:
        """Tell of each stretch of checkpoints that do not fit: what is wrong lies before the first of them."""
        fit, is_told = 0, False
        unfit = sum(not fits for _, fits in self.compared)
        for size, fits in self.compared:
            if fits:
                fit, is_told = size, False
            elif not is_told:
                others = f" ({unfit} checkpoints do not fit)" if unfit > 1 else ""
                self._blame(
                    min(fit + 1, size) if size else None,
                    size or None,
                    f"the first {size} entries are not those that were signed{_good_part(fit)}{others}",
                )
                is_told = True

    def _blame(self, first: int | None, last: int | None, message: str) -> None:
        self.faults.append(Fault(position=first, through=last, message=message))


def _good_part(size: int) -> str:
    return f"; the first {size} are" if size else ""

"""A checkpoint: what the log promises to be, in C2SP's tlog-checkpoint format, signed."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from everlearn.core.clock import Clock
from everlearn.db import Tx, insert_for
from everlearn.eventlog import store
from everlearn.eventlog.merkle import HASH_SIZE
from everlearn.eventlog.note import NoteError, Signer, Verifier
from everlearn.eventlog.tables import checkpoints

_SIZE = re.compile("0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The size and the root of a log at one moment."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Write the three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def from_note(cls, note: str, verifier: Verifier) -> "Checkpoint":
        """Read a signed checkpoint.

        Raises
        ------
        NoteError
            When it is not signed with this key, or is not a checkpoint of this origin.
        """
        lines = verifier.verified(note).split("\n")
        if len(lines) < 4 or lines[0] != verifier.name or not _SIZE.fullmatch(lines[1]):
            raise NoteError("the signed text is not a checkpoint of this log")
        try:
            root = base64.b64decode(lines[2], validate=True)
        except ValueError as error:
            raise NoteError("the checkpoint's root is not base64") from error
        if len(root) != HASH_SIZE:
            raise NoteError(f"the checkpoint's root is not {HASH_SIZE} bytes long")
        return cls(origin=lines[0], size=int(lines[1]), root=root)


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Signs what the log has become, and keeps every note."""

    signer: Signer
    clock: Clock

    def sign(self, tx: Tx) -> str:
        """Sign the present size and root (once for each size); give the note."""
        tree = store.read_head(tx).tree
        kept = tx.execute(sa.select(checkpoints.c.note).where(checkpoints.c.size == tree.size)).scalar_one_or_none()
        if kept is not None:
            return str(kept)
        note = self.signer.signed(Checkpoint(origin=self.signer.name, size=tree.size, root=tree.root()).text())
        row = {"size": tree.size, "note": note, "recorded_at": self.clock.now()}
        tx.execute(insert_for(tx, checkpoints).values(row).on_conflict_do_nothing())
        return note


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptNote:
    """A signed checkpoint as it is kept."""

    size: int  # as the database has it; what the note itself says is what counts
    note: str
    recorded_at: datetime


def newest(tx: Tx, *, through: int | None = None) -> KeptNote | None:
    """Give the newest signed checkpoint, or the newest one up to a size."""
    query = sa.select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)
    row = tx.execute(query if through is None else query.where(checkpoints.c.size <= through)).one_or_none()
    return None if row is None else KeptNote(size=row.size, note=row.note, recorded_at=row.recorded_at)


def notes(tx: Tx, *, through: int | None = None) -> Sequence[str]:
    """Give every signed checkpoint, or those up to a size, smallest first."""
    query = sa.select(checkpoints.c.note).order_by(checkpoints.c.size)
    return list(tx.execute(query if through is None else query.where(checkpoints.c.size <= through)).scalars())

"""Use cases around the log as evidence. Nothing here changes an entry; the only thing written is a checkpoint."""

import base64
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from everlearn.audit.export import Header, checked_notes
from everlearn.audit.model import (
    ConsistencyProof,
    EntryNotFoundError,
    Exported,
    InclusionProof,
    LogEntry,
    NothingSignedError,
)
from everlearn.core.errors import DamagedError, InvalidError
from everlearn.core.page import Page, checked_limit, page_of
from everlearn.db import Database, Tx
from everlearn.eventlog import EventLog, store
from everlearn.eventlog.checkpoint import Checkpoint, Checkpoints, newest, notes
from everlearn.eventlog.entry import Record
from everlearn.eventlog.merkle import ProofError, leaf_hash, verify_inclusion
from everlearn.eventlog.note import NoteError, Verifier
from everlearn.eventlog.tree import LogTree
from everlearn.eventlog.verification import Verification, verify

_LAST_POSITION = 2**63 - 1
_CHUNK = 2_000  # entries of an export that are read at once


@dataclass(frozen=True, slots=True)
class Audit:
    """Reads the log, proves it, and takes it elsewhere."""

    db: Database
    log: EventLog
    checkpoints: Checkpoints | None  # None: this process has no key to sign with
    verifier: Verifier

    def entries(
        self,
        *,
        subject: str | None = None,
        name: str | None = None,
        correlation: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[LogEntry]:
        """List entries, newest first: of a subject, of a name, of everything that one entry set off."""
        names = () if name is None else (name,)
        with self.db.read() as tx:
            found = store.records_before(
                tx,
                None if after is None else _position(after),
                limit=checked_limit(limit) + 1,
                names=names,
                subject=subject,
                correlation_id=correlation,
            )
        return page_of([_shown(record) for record in found], limit=limit, key=lambda entry: str(entry.position))

    def entry(self, key: str) -> LogEntry:
        """Show an entry by its id or its position; raises EntryNotFoundError."""
        with self.db.read() as tx:
            return _shown(_found(tx, key))

    def size(self) -> int:
        """Count the entries."""
        with self.db.read() as tx:
            return self.log.size(tx)

    def checkpoint(self) -> str:
        """Give the newest signed checkpoint; with a key, what is not signed yet is signed first.

        Raises
        ------
        NothingSignedError
            When nothing is signed and this process has no key.
        """
        if self.checkpoints is not None:
            with self.db.write() as tx:
                return self.checkpoints.sign(tx)
        with self.db.read() as tx:
            kept = newest(tx)
        if kept is None:
            raise NothingSignedError("nothing is signed yet, and this process has no key; ask one that has")
        return kept.note

    def inclusion(self, position: int, size: int | None = None) -> InclusionProof:
        """Prove that an entry is in the log of `size` entries (by default of the newest checkpoint that covers it).

        Raises
        ------
        EntryNotFoundError
            When there is no such entry.
        InvalidError
            When the log of that size does not reach to the entry, or the log has no such size.
        DamagedError
            When the entry is not what was written, so that nothing can be proved.
        """
        with self.db.read() as tx:
            record = _found(tx, str(position))
            size = self._default_size(tx, position) if size is None else size
            tree, leaf = LogTree(tx), leaf_hash(record.leaf())
            hashes, root = tree.inclusion(position, size), tree.root(size)
            try:
                verify_inclusion(leaf, position - 1, size, hashes, root)
            except ProofError as error:
                raise _not_as_sealed(f"entry {position}") from error
            note = self._note_of(tx, size, root)
        return InclusionProof(
            position=position,
            size=size,
            leaf=record.leaf().decode(),
            leaf_hash=_base64(leaf),
            hashes=[_base64(each) for each in hashes],
            root=_base64(root),
            checkpoint=note,
        )

    def consistency(self, old_size: int, size: int) -> ConsistencyProof:
        """Prove that the log of `old_size` entries is the beginning of that of `size`; raises InvalidError."""
        with self.db.read() as tx:
            tree = LogTree(tx)
            hashes = tree.consistency(old_size, size)
            old_root, root = tree.root(old_size), tree.root(size)
        return ConsistencyProof(
            old_size=old_size,
            size=size,
            old_root=_base64(old_root),
            root=_base64(root),
            hashes=[_base64(each) for each in hashes],
        )

    def verify(self, *, kept: Sequence[str] = ()) -> Verification:
        """Look at every entry, every root that is kept and every checkpoint, and at those that you kept elsewhere."""
        with self.db.read() as tx:
            checkpoints, faults = checked_notes([*notes(tx), *kept], self.verifier)
            found = verify(
                store.all_leaves(tx),
                checkpoints,
                head=store.read_head(tx).tree,
                block_roots=store.all_block_roots(tx),
            )
        return replace(found, faults=(*faults, *found.faults))

    def export_lines(self) -> Iterator[bytes]:
        """Give the whole log, line by line, as `verify_export` reads it; what is appended meanwhile is left out."""
        header = self._export_header()
        yield header.line()
        position = 0
        while position < header.size:  # entries do not change: each chunk may have a transaction of its own
            with self.db.read() as tx:
                chunk = list(store.all_leaves(tx, after=position, limit=_CHUNK))
            lines = [leaf.content + b"\n" for leaf in chunk if leaf.position is None or leaf.position <= header.size]
            yield b"".join(lines)
            if len(chunk) < _CHUNK:
                return
            position = chunk[-1].position or header.size

    def export(self, target: Path) -> Exported:
        """Write the whole log to a file, which is there only when it is complete."""
        target.parent.mkdir(parents=True, exist_ok=True)
        lines = self.export_lines()
        header = Header.from_line(first := next(lines))
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            try:
                written = file.write(first) + sum(file.write(line) for line in lines)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(target)
            finally:
                Path(file.name).unlink(missing_ok=True)  # half an export is none
        covered, _ = checked_notes(header.notes, self.verifier)
        signed = max((each.size for each in covered), default=0)
        return Exported(path=str(target), size=header.size, signed_size=signed, bytes=written)

    def _export_header(self) -> Header:
        if self.checkpoints is not None:
            self.checkpoint()
        with self.db.read() as tx:
            size = self.log.size(tx)
            return Header(origin=self.verifier.name, size=size, notes=notes(tx, through=size))

    def _default_size(self, tx: Tx, position: int) -> int:
        kept = newest(tx)
        return kept.size if kept is not None and kept.size >= position else self.log.size(tx)

    def _note_of(self, tx: Tx, size: int, root: bytes) -> str | None:
        kept = newest(tx, through=size)
        if kept is None or kept.size != size:
            return None
        try:
            signed = Checkpoint.from_note(kept.note, self.verifier)
        except NoteError as error:
            raise _not_as_sealed(f"the checkpoint of size {size}") from error
        if (signed.size, signed.root) != (size, root):
            raise _not_as_sealed(f"the log of size {size}")
        return kept.note


def _found(tx: Tx, key: str) -> Record:
    if key.isascii() and key.isdecimal():
        found = store.record_at(tx, min(int(key[:20]), _LAST_POSITION))
    else:
        found = store.record_by_id(tx, key)
    if found is None:
        raise EntryNotFoundError(f"the log has no entry {key[:80]!r}; give an id (evt_...) or a position from 1")
    return found


def _position(after: str) -> int:
    if not (after.isascii() and after.isdecimal() and len(after) < 19):
        raise InvalidError(f"not a key to continue after: {after[:80]!r}")
    return int(after)


def _shown(record: Record) -> LogEntry:
    return LogEntry(
        position=record.position,
        id=record.id,
        name=record.name,
        revision=record.revision,
        subject=record.subject,
        actor=record.actor,
        at=record.at,
        cause_id=record.cause_id,
        correlation_id=record.correlation_id,
        payload=json.loads(record.payload),
    )


def _not_as_sealed(what: str) -> DamagedError:
    return DamagedError(f"{what} is not what was sealed; see what else is wrong: everlearn audit verify")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()

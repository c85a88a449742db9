"""The log as one file: a line that says what it is, with every checkpoint, then one exact leaf a line."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from everlearn.audit.model import EXPORT_FORMAT, NotAnExportError
from everlearn.core.json import canonical_json
from everlearn.eventlog.checkpoint import Checkpoint
from everlearn.eventlog.entry import Leaf
from everlearn.eventlog.note import NoteError, Verifier
from everlearn.eventlog.verification import Fault, Verification, verify


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line of an export."""

    origin: str
    size: int
    notes: Sequence[str]

    def line(self) -> bytes:
        """Write it."""
        notes = list(self.notes)
        return (
            canonical_json({"format": EXPORT_FORMAT, "notes": [*notes], "origin": self.origin, "size": self.size})
            + "\n"
        ).encode()

    @classmethod
    def from_line(cls, line: bytes) -> "Header":
        """Read it.

        Raises
        ------
        NotAnExportError
            When it is something else.
        """
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise NotAnExportError("the file does not begin with the header of an exported log") from error
        match found:
            case {"format": str(format_), "origin": str(origin), "size": int(size), "notes": [*notes]}:
                if format_ == EXPORT_FORMAT and all(isinstance(note, str) for note in notes):
                    return cls(origin=origin, size=size, notes=notes)
        raise NotAnExportError(f"the first line is not the header of an export of format {EXPORT_FORMAT}")


def verify_export(path: Path, key: str, *, notes: Sequence[str] = ()) -> Verification:
    """Prove an exported log right, with no database, in constant memory.

    Parameters
    ----------
    path
        The file.
    key
        The public key of the log, as text. Get it from somebody else than whoever gave you the file.
    notes
        Checkpoints that you kept from earlier; the log must have grown from them.

    Raises
    ------
    NoteError
        When the key is none.
    NotAnExportError
        When the file is something else, or cannot be read.
    """
    verifier = Verifier.from_text(key)
    try:
        with path.open("rb") as file:
            header = Header.from_line(file.readline())
            checkpoints, faults = checked_notes([*header.notes, *notes], verifier)
            found = verify(_leaves(file, faults), checkpoints)
    except OSError as error:
        raise NotAnExportError(f"{path} cannot be read: {error.strerror}") from error
    if not header.notes and found.size:
        faults.append(Fault(position=None, through=None, message="nothing in this export is signed"))
    if header.size != found.size:
        low, high = sorted((header.size, found.size))
        message = f"the export says that it has {header.size} entries, but it has {found.size}"
        faults.append(Fault(position=low + 1, through=high, message=message))
    return replace(found, faults=(*faults, *found.faults))


def checked_notes(notes: Sequence[str], verifier: Verifier) -> tuple[list[Checkpoint], list[Fault]]:
    """Read signed checkpoints, and say what is wrong with those that are not this log's."""
    checkpoints: list[Checkpoint] = []
    faults: list[Fault] = []
    for number, note in enumerate(notes, 1):
        try:
            checkpoints.append(Checkpoint.from_note(note, verifier))
        except NoteError as error:
            message = f"checkpoint {number} of {len(notes)}{_claimed(note)} does not count: {error.message}"
            faults.append(Fault(position=None, through=None, message=message))
    if faults and not checkpoints and len(notes) > 1:
        message = (
            f"none of the {len(notes)} checkpoints is signed with the key {verifier.name}+{verifier.key_id.hex()}: "
            "it is another log's key, or they were changed"
        )
        return [], [Fault(position=None, through=None, message=message)]
    return checkpoints, faults


def _claimed(note: str) -> str:
    """Give the size that a note claims, for it tells a person where to look."""
    lines = note.split("\n", 2)
    return f" (of size {lines[1]})" if len(lines) == 3 and lines[1].isdecimal() else ""


def _leaves(file: BinaryIO, faults: list[Fault]) -> Iterator[Leaf]:
    for number, line in enumerate(file, 1):
        content = line.removesuffix(b"\n")
        if content == line:
            faults.append(Fault(position=number, through=None, message=f"line {number + 1}, the last, is cut off"))
        yield Leaf(position=_position(content), content=content, kept_hash=None)


def _position(content: bytes) -> int | None:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):  # not JSON, not UTF-8, or made to exhaust the reader
        return None
    position = found.get("position") if isinstance(found, dict) else None
    return position if isinstance(position, int) and not isinstance(position, bool) else None

"""Blobs in a local folder.

Written with plain system calls, not through obstore: an acknowledged blob must survive a power cut, so the file and
its folder are synchronised before the name counts, and obstore does not do that. Drafts lie in `tmp/`, on the same
file system, and become visible by one atomic rename.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from everlearn.blobs.failures import disk_failures
from everlearn.core.ids import new_id

CHUNK_BYTES = 1024 * 1024
_READ_ONLY = 0o444  # content never changes once it is visible; the draft's own descriptor may still write


@dataclass(frozen=True, slots=True)
class FileDraft:
    """A file in `tmp/` that is being written."""

    root: Path
    path: Path
    descriptor: int

    def write(self, chunk: bytes) -> None:
        """Append to the file."""
        rest = memoryview(chunk)
        with disk_failures():
            while rest:
                rest = rest[os.write(self.descriptor, rest) :]

    def publish(self, name: str) -> None:
        """Synchronise and rename; an existing file of that name has the same content and is replaced."""
        target = self.root / name
        with disk_failures():
            os.fsync(self.descriptor)
            make_folder(target.parent)
            self.path.replace(target)
            synchronise(target.parent)


@dataclass(frozen=True, slots=True)
class FolderShelf:
    """A folder of blobs; any number of processes may use it at once."""

    root: Path

    @contextmanager
    def draft(self) -> Iterator[FileDraft]:
        """Open a new file in `tmp/`; it is gone when the block ends, published or not."""
        path = self._drafts / new_id("draft")
        with disk_failures():
            self._drafts.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _READ_ONLY)
        try:
            yield FileDraft(self.root, path, descriptor)
        finally:
            os.close(descriptor)
            path.unlink(missing_ok=True)

    def holds(self, name: str, size_bytes: int) -> bool:
        """Tell whether the file is there; its writer may not have come to synchronise the folder yet, so we do."""
        if self.size_bytes(name) != size_bytes:
            return False
        with disk_failures():
            synchronise((self.root / name).parent)
        return True

    def size_bytes(self, name: str) -> int | None:
        """Ask the file system."""
        try:
            with disk_failures():
                return (self.root / name).stat().st_size
        except FileNotFoundError:
            return None

    def read(self, name: str) -> Iterator[bytes]:
        """Read the file piece by piece."""
        with disk_failures(), (self.root / name).open("rb", buffering=0) as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def probe(self) -> None:
        """Write a byte where drafts are written."""
        with self.draft() as draft:
            draft.write(b"?")

    def sweep(self, older_than: datetime) -> int:
        """Remove old files in `tmp/`: their writers were killed."""
        swept = 0
        with disk_failures():
            for path in self._drafts.glob("draft_*"):
                with suppress(FileNotFoundError):  # published or removed meanwhile
                    if path.stat().st_mtime < older_than.timestamp():
                        path.unlink()
                        swept += 1
        return swept

    @property
    def _drafts(self) -> Path:
        return self.root / "tmp"


def make_folder(folder: Path) -> None:
    """Make a folder whose own name is durable, with its parents."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    synchronise(folder.parent)


def synchronise(folder: Path) -> None:
    """Write a folder's entries to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

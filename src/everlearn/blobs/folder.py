"""Blobs in a local folder.

Written with plain system calls, not through obstore: an acknowledged blob must survive a power cut, so the file and
its folder are synchronised before the name counts, and obstore does not do that. Drafts lie in `tmp/`, on the same
file system, and become visible by one atomic rename.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

from everlearn.blobs.aside import HIDDEN, TRASH, Aside, Kept, name_in, new_entry
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
        if self._size(name) != size_bytes:  # what was put aside is written anew
            return False
        with disk_failures():
            synchronise((self.root / name).parent)
        return True

    def size_bytes(self, name: str) -> int | None:
        """Ask the file system."""
        while (size := self._size(name)) is None:
            if not self.restore(name):
                return None
        return size

    def read(self, name: str) -> Iterator[bytes]:
        """Read the file piece by piece."""
        with disk_failures(), self._opened(name) as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def start(self, name: str, length: int) -> bytes:
        """Read no more than that."""
        with disk_failures(), self._opened(name) as file:
            return file.read(length)

    def read_span(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        """Read the file piece by piece, from `start` on."""
        with disk_failures(), self._opened(name) as file:
            file.seek(start)
            while start < stop and (chunk := file.read(min(CHUNK_BYTES, stop - start))):
                yield chunk
                start += len(chunk)

    def remove_under(self, folder: str) -> None:
        """Remove the folder's files and the folder."""
        with disk_failures():
            for path in (self.root / folder).glob("*"):
                path.unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                (self.root / folder).rmdir()

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

    def kept(self) -> Iterator[Kept]:
        """Walk the folder, one folder of it in memory at a time."""
        for path in self._files(self.root):
            with suppress(FileNotFoundError), disk_failures():  # gone meanwhile
                found = path.stat()
                changed_at = datetime.fromtimestamp(found.st_mtime, UTC)
                yield Kept(name=self._name(path), size_bytes=found.st_size, changed_at=changed_at)

    def condemn(self, name: str) -> None:
        """Rename into `trash/`; nothing need be synchronised, because a move undone by a power cut harms nobody.

        Since when it lies there is its time of modification, set before the move and again after it: whoever is killed
        in between leaves the first, whoever is held up in between sets the second. (Not every file system counts a
        rename as a change of the inode.)
        """
        entry = self.root / new_entry(name)
        with suppress(FileNotFoundError), disk_failures():
            make_folder(entry.parent)
            os.utime(self.root / name)
            (self.root / name).rename(entry)
            os.utime(entry)

    def condemned(self) -> Iterator[Aside]:
        """Walk `trash/`."""
        for path in self._files(self.root / TRASH):
            entry = self._name(path)
            if (name := name_in(entry)) is not None:
                with suppress(FileNotFoundError), disk_failures():
                    found = path.stat()
                    at = datetime.fromtimestamp(found.st_mtime, UTC)
                    yield Aside(entry=entry, name=name, size_bytes=found.st_size, at=at)

    def restore(self, name: str) -> bool:
        """Rename back. Others may do the same at this moment; then it is there, which is what counts."""
        target = self.root / name
        with disk_failures():
            for entry in (self.root / TRASH / name).parent.glob(f"{target.name}~*"):
                with suppress(FileNotFoundError):
                    os.utime(entry)  # young again
                    make_folder(target.parent)
                    entry.replace(target)
                    synchronise(target.parent)
                    return True
            return target.exists()

    def remove(self, entry: str) -> None:
        """Unlink."""
        with disk_failures():
            (self.root / entry).unlink(missing_ok=True)

    def _size(self, name: str) -> int | None:
        try:
            with disk_failures():
                return (self.root / name).stat().st_size
        except FileNotFoundError:
            return None

    def _opened(self, name: str) -> FileIO:
        while True:
            try:
                return (self.root / name).open("rb", buffering=0)
            except FileNotFoundError:
                if not self.restore(name):
                    raise

    def _files(self, top: Path) -> Iterator[Path]:
        for folder, inside, files in os.walk(top):
            if folder == str(self.root):
                inside[:] = [name for name in inside if name not in HIDDEN]
            yield from (Path(folder, file) for file in files)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

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

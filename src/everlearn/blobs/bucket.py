"""Blobs in an object store.

A draft is kept in memory, from 8 MiB on in an unnamed local file, until its digest is known; then it is uploaded
straight to its final name. So a blob is never copied within the store (which has a 5 GiB limit), one that is there
already is not uploaded again, and a killed writer leaves nothing to clean but, at worst, an unfinished multipart
upload, which the bucket's own lifecycle rule should expire.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

import obstore
from obstore.store import S3Store

from everlearn.blobs.aside import HIDDEN, TRASH, Aside, Kept, name_in, new_entry
from everlearn.blobs.failures import bucket_failures, disk_failures
from everlearn.core.errors import UnavailableError

if TYPE_CHECKING:
    from obstore import GetOptions  # it exists for the type checker only

PART_BYTES = 8 * 1024 * 1024
_MOST_PARTS = 10_000  # of one multipart upload, by the protocol
_LARGEST_COPY = 5 * 1024**3  # bytes, by the protocol
_LISTED_AT_ONCE = 1_000
_PARTS_AT_ONCE = 4  # bounds the memory of an upload


@dataclass(frozen=True, slots=True)
class SpooledDraft:
    """Content waiting for its name."""

    store: S3Store
    file: SpooledTemporaryFile[bytes]

    def write(self, chunk: bytes) -> None:
        """Keep the bytes near; only a large draft touches the local disk."""
        with disk_failures():
            self.file.write(chunk)

    def publish(self, name: str) -> None:
        """Upload; large content goes up in parts and appears when the last one is acknowledged."""
        with disk_failures():
            size = self.file.tell()
            self.file.seek(0)
        if size <= PART_BYTES:
            self._upload(name, self.file.read())
        else:
            part = _part_of(size)
            self._upload(name, iter(lambda: self.file.read(part), b""), part=part)

    def _upload(self, name: str, content: bytes | Iterator[bytes], *, part: int = PART_BYTES) -> None:
        try:
            with bucket_failures():
                _put(self.store, name, content, part=part)
        except FileNotFoundError as error:
            raise _no_bucket() from error


@dataclass(frozen=True, slots=True)
class BucketShelf:
    """A prefix of a bucket."""

    store: S3Store

    @contextmanager
    def draft(self) -> Iterator[SpooledDraft]:
        """Begin in memory."""
        with SpooledTemporaryFile(max_size=PART_BYTES) as file:
            yield SpooledDraft(self.store, file)

    def holds(self, name: str, size_bytes: int) -> bool:
        """Ask the store; what it lists it keeps."""
        return self._size(name) == size_bytes  # what was put aside is written anew

    def size_bytes(self, name: str) -> int | None:
        """Ask the store."""
        while (size := self._size(name)) is None:
            if not self.restore(name):
                return None
        return size

    def _size(self, name: str) -> int | None:
        try:
            with bucket_failures():
                return int(obstore.head(self.store, name)["size"])
        except FileNotFoundError:
            return None

    def read(self, name: str) -> Iterator[bytes]:
        """Read in pieces as they arrive."""
        with bucket_failures():
            yield from self._stream(name)

    def start(self, name: str, length: int) -> bytes:
        """Ask for a range, after the size: a range beyond the end would be refused."""
        size = self.size_bytes(name)
        if size is None:
            raise FileNotFoundError(name)
        with bucket_failures():
            return bytes(obstore.get_range(self.store, name, start=0, length=min(length, size))) if size else b""

    def kept(self) -> Iterator[Kept]:
        """List the store, a page at a time."""
        for name, size, changed_at in self._listed(None):
            if name.partition("/")[0] not in HIDDEN:
                yield Kept(name=name, size_bytes=size, changed_at=changed_at)

    def condemn(self, name: str) -> None:
        """Copy below `trash/`, then delete: whoever is killed in between leaves both, which harms nobody."""
        if (size := self._size(name)) is not None:
            with suppress(FileNotFoundError):
                self._copy(name, new_entry(name), size)
                self.remove(name)

    def condemned(self) -> Iterator[Aside]:
        """List what lies below `trash/`."""
        for entry, size, at in self._listed(TRASH):
            if (name := name_in(entry)) is not None:
                yield Aside(entry=entry, name=name, size_bytes=size, at=at)

    def restore(self, name: str) -> bool:
        """Copy back. The entry stays: deleting it could hit what somebody else relies on at this moment."""
        for entry, size, _ in self._listed(f"{TRASH}/{name.rpartition('/')[0]}"):
            if entry.startswith(f"{TRASH}/{name}~"):
                with suppress(FileNotFoundError):
                    self._copy(entry, name, size)
                    return True
        return self._size(name) is not None

    def remove(self, entry: str) -> None:
        """Delete."""
        with suppress(FileNotFoundError), bucket_failures():
            obstore.delete(self.store, entry)

    def _stream(self, name: str, options: "GetOptions | None" = None) -> Iterator[bytes]:
        while True:
            try:
                found = obstore.get(self.store, name, options=options)
                return (bytes(chunk) for chunk in found.stream(min_chunk_size=PART_BYTES))
            except FileNotFoundError:
                if not self.restore(name):
                    raise

    def _listed(self, prefix: str | None) -> Iterator[tuple[str, int, datetime]]:
        with bucket_failures():
            for page in obstore.list(self.store, prefix=prefix, chunk_size=_LISTED_AT_ONCE):
                for found in page:
                    yield found["path"], found["size"], found["last_modified"]

    def _copy(self, name: str, target: str, size: int) -> None:
        """Copy within the store, which takes 5 GiB at most; larger content goes through this process, in parts."""
        with bucket_failures():
            if size <= _LARGEST_COPY:
                obstore.copy(self.store, name, target)
            else:
                part = _part_of(size)
                content = obstore.get(self.store, name).stream(min_chunk_size=part)
                _put(self.store, target, (bytes(chunk) for chunk in content), part=part)

    def read_span(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        """Ask for these bytes alone, and read in pieces as they arrive."""
        with bucket_failures():
            yield from self._stream(name, {"range": (start, stop)})

    def remove_under(self, folder: str) -> None:
        """List and remove."""
        with bucket_failures():
            for found in obstore.list(self.store, f"{folder}/", chunk_size=1_000):
                obstore.delete(self.store, [one["path"] for one in found])

    def probe(self) -> None:
        """List what never exists: answers only if the bucket does and lets us in."""
        try:
            with bucket_failures():
                next(iter(obstore.list(self.store, "probe", chunk_size=1)), None)
        except FileNotFoundError as error:
            raise _no_bucket() from error

    def sweep(self, older_than: datetime) -> int:  # noqa: ARG002  # drafts of a bucket have no names to be left under
        """Do nothing: a killed writer's draft went with its process."""
        return 0


def _put(store: S3Store, name: str, content: bytes | Iterator[bytes], *, part: int) -> None:
    obstore.put(
        store,
        name,
        content,
        use_multipart=not isinstance(content, bytes),
        chunk_size=part,
        max_concurrency=_PARTS_AT_ONCE,
    )


def _part_of(size: int) -> int:
    return max(PART_BYTES, -(-size // _MOST_PARTS))


def _no_bucket() -> UnavailableError:
    return UnavailableError("the bucket does not exist; create it or correct EVERLEARN_BLOBS_URL", retry_after_s=30.0)

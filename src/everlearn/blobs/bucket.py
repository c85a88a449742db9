"""Blobs in an object store.

A draft is kept in memory, from 8 MiB on in an unnamed local file, until its digest is known; then it is uploaded
straight to its final name. So a blob is never copied within the store (which has a 5 GiB limit), one that is there
already is not uploaded again, and a killed writer leaves nothing to clean but, at worst, an unfinished multipart
upload, which the bucket's own lifecycle rule should expire.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from tempfile import SpooledTemporaryFile

import obstore
from obstore.store import S3Store

from everlearn.blobs.failures import bucket_failures, disk_failures
from everlearn.core.errors import UnavailableError

PART_BYTES = 8 * 1024 * 1024
_MOST_PARTS = 10_000  # of one multipart upload, by the protocol
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
            part = max(PART_BYTES, -(-size // _MOST_PARTS))
            self._upload(name, iter(lambda: self.file.read(part), b""), part=part)

    def _upload(self, name: str, content: bytes | Iterator[bytes], *, part: int = PART_BYTES) -> None:
        try:
            with bucket_failures():
                obstore.put(
                    self.store,
                    name,
                    content,
                    use_multipart=not isinstance(content, bytes),
                    chunk_size=part,
                    max_concurrency=_PARTS_AT_ONCE,
                )
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
        return self.size_bytes(name) == size_bytes

    def size_bytes(self, name: str) -> int | None:
        """Ask the store."""
        try:
            with bucket_failures():
                return int(obstore.head(self.store, name)["size"])
        except FileNotFoundError:
            return None

    def read(self, name: str) -> Iterator[bytes]:
        """Read in pieces as they arrive."""
        with bucket_failures():
            for chunk in obstore.get(self.store, name).stream(min_chunk_size=PART_BYTES):
                yield bytes(chunk)

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


def _no_bucket() -> UnavailableError:
    return UnavailableError("the bucket does not exist; create it or correct EVERLEARN_BLOBS_URL", retry_after_s=30.0)

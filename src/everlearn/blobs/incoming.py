"""Content that is arriving piece by piece: digested on its way, and given its name when it is all there."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from everlearn.blobs.shelf import Draft, Shelf
from everlearn.core.digest import Digest
from everlearn.core.errors import TooLargeError


class BlobTooLargeError(TooLargeError):
    """Content over the limit that its receiver set."""

    code = "blobs.too_large"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBlob:
    """What storing gives."""

    digest: Digest
    size_bytes: int


@dataclass(slots=True)
class Incoming:
    """Takes content from one thread at a time; nothing is visible before `finish`."""

    shelf: Shelf
    draft: Draft
    name_of: Callable[[Digest], str]
    most_bytes: int | None = None  # None: what the place can hold
    size_bytes: int = 0
    _hasher: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def write(self, chunk: bytes) -> None:
        """Take the next bytes; raises StorageFullError and BlobTooLargeError."""
        self.size_bytes += len(chunk)
        if self.most_bytes is not None and self.size_bytes > self.most_bytes:
            raise BlobTooLargeError(f"at most {self.most_bytes} bytes are taken here; send less at once")
        self._hasher.update(chunk)
        self.draft.write(chunk)

    def finish(self) -> StoredBlob:
        """Make the whole durable and visible; the same content again is kept once."""
        digest = Digest(f"sha256:{self._hasher.hexdigest()}")
        name = self.name_of(digest)
        if not self.shelf.holds(name, self.size_bytes):
            self.draft.publish(name)
        return StoredBlob(digest=digest, size_bytes=self.size_bytes)


@contextmanager
def receiving(shelf: Shelf, name_of: Callable[[Digest], str], *, most_bytes: int | None = None) -> Iterator[Incoming]:
    """Open a draft; left without `finish`, it is forgotten."""
    with shelf.draft() as draft:
        yield Incoming(shelf, draft, name_of, most_bytes)

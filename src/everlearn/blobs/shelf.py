"""What a place that keeps blobs must be able to do. Two exist: a folder and a bucket.

Names are relative paths that the store derives from digests (`sha256/ab/cd…`), so they are always well formed.

What is put aside (`condemn`) is no longer visible, and comes back by itself when somebody asks for it. That moves of
names are atomic is all that is asked of a shelf; `everlearn.storage.collector` says why that is enough.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from everlearn.blobs.aside import Aside, Kept


class Draft(Protocol):
    """Content that is still arriving and that nobody can see."""

    def write(self, chunk: bytes) -> None:
        """Take the next bytes; raises StorageFullError."""
        ...

    def publish(self, name: str) -> None:
        """Make the whole content visible under `name`, at once and durably; last thing done to a draft."""
        ...


class Shelf(Protocol):
    """A place for named, immutable bytes. Failures are `UnavailableError` and `StorageFullError`."""

    def draft(self) -> AbstractContextManager[Draft]:
        """Begin new content; leaving the block without `publish` forgets it."""
        ...

    def holds(self, name: str, size_bytes: int) -> bool:
        """Tell whether `name` is there with this size, and would still be after a power cut."""
        ...

    def size_bytes(self, name: str) -> int | None:
        """Give the size, or None when there is no such name; what was put aside comes back."""
        ...

    def read(self, name: str) -> Iterator[bytes]:
        """Give the content in pieces of bounded size; what was put aside comes back.

        Raises FileNotFoundError before the first.
        """
        ...

    def start(self, name: str, length: int) -> bytes:
        """Give the first bytes, fewer when there are not so many; otherwise like `read`."""
        ...

    def read_span(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        """Give the bytes from `start` until before `stop`, which lie in the content; raises FileNotFoundError."""
        ...

    def remove_under(self, folder: str) -> None:
        """Remove every name below `folder`, a relative path; when there is none, do nothing."""
        ...

    def probe(self) -> None:
        """Raise UnavailableError unless new content could be taken now."""
        ...

    def sweep(self, older_than: datetime) -> int:
        """Remove drafts that nobody has written to since; give their number."""
        ...

    def kept(self) -> Iterator[Kept]:
        """Give every visible name, in no promised order; one that comes or goes meanwhile may be given or not."""
        ...

    def condemn(self, name: str) -> None:
        """Put a name aside; one that is not there (any more) is no error."""
        ...

    def condemned(self) -> Iterator[Aside]:
        """Give everything that was put aside."""
        ...

    def restore(self, name: str) -> bool:
        """Make a name that was put aside visible again; False when it is not there at all."""
        ...

    def remove(self, entry: str) -> None:
        """Remove an entry, or a name, for good; what is not there any more is no error."""
        ...

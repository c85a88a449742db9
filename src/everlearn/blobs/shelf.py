"""What a place that keeps blobs must be able to do. Two exist: a folder and a bucket.

Names are relative paths that the store derives from digests (`sha256/ab/cd…`), so they are always well formed.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol


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
        """Give the size, or None when there is no such name."""
        ...

    def read(self, name: str) -> Iterator[bytes]:
        """Give the content in pieces of bounded size; raises FileNotFoundError before the first."""
        ...

    def probe(self) -> None:
        """Raise UnavailableError unless new content could be taken now."""
        ...

    def sweep(self, older_than: datetime) -> int:
        """Remove drafts that nobody has written to since; give their number."""
        ...

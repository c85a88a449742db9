"""Parts of content that arrives in pieces, in any order, over hours and restarts, until it is put together.

A part is durable when it is acknowledged. Parts lie beside the blobs under names of their own; they are no blobs, so
nobody can read them, and nothing refers to them but the upload that they belong to.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from everlearn.blobs.failures import BlobDamagedError, BlobNotFoundError
from everlearn.blobs.incoming import Incoming, receiving
from everlearn.blobs.shelf import Shelf
from everlearn.blobs.store import BlobStore
from everlearn.core.digest import Digest, hex_of, parse_digest
from everlearn.core.errors import InvalidError

_UPLOAD = re.compile(r"[a-z]+_[0-9a-z]{26}")


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of uploads that are under way. Their names hold their digests: a part sent twice is one part."""

    shelf: Shelf

    @staticmethod
    def of(blobs: BlobStore) -> "Parts":
        """Keep parts where the blobs are kept."""
        return Parts(blobs.shelf)

    def receiving(self, upload: str, number: int, *, most_bytes: int) -> AbstractContextManager[Incoming]:
        """Take the bytes of a part, in constant memory; it is durable when `finish` returns.

        `write` raises BlobTooLargeError when there are more than `most_bytes` bytes; nothing is kept then.
        """
        return receiving(self.shelf, lambda digest: _name(upload, number, digest), most_bytes=most_bytes)

    def stream(self, upload: str, number: int, digest: Digest) -> Iterator[bytes]:
        """Give a part in pieces, verified as it ends.

        Raises
        ------
        BlobNotFoundError
            When it is not there.
        BlobDamagedError
            After the last piece, when the pieces were not what was kept.
        """
        hasher = hashlib.sha256()
        try:
            for chunk in self.shelf.read(_name(upload, number, digest)):
                hasher.update(chunk)
                yield chunk
        except FileNotFoundError as error:
            raise BlobNotFoundError(f"part {number} of {upload} is not there", part=number) from error
        if hasher.hexdigest() != hex_of(digest):
            raise BlobDamagedError(f"part {number} of {upload} is damaged; send it again", part=number)

    def discard(self, upload: str) -> None:
        """Remove every part of an upload; again changes nothing."""
        self.shelf.remove_under(_folder(upload))


def _folder(upload: str) -> str:
    if not _UPLOAD.fullmatch(upload):  # it becomes a path
        raise InvalidError(f"not an upload: {upload[:80]!r}")
    return f"parts/{upload}"


def _name(upload: str, number: int, digest: Digest) -> str:
    return f"{_folder(upload)}/{number:05}-{hex_of(parse_digest(digest))}"

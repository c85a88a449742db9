"""The store itself: digests in front of a shelf."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from everlearn.blobs.shelf import Shelf
from everlearn.core.digest import Digest, digest_bytes, hex_of, parse_digest
from everlearn.core.errors import DamagedError, NotFoundError

_NAME = re.compile(r"sha256/([0-9a-f]{2})/([0-9a-f]{62})")


class BlobNotFoundError(NotFoundError):
    """Nothing is stored under this digest."""

    code = "blobs.not_found"


class BlobDamagedError(DamagedError):
    """What is stored under a digest has another digest."""

    code = "blobs.damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBlob:
    """What storing a stream gives."""

    digest: Digest
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelvedBlob:
    """A blob as it lies there."""

    digest: Digest
    size_bytes: int
    changed_at: datetime  # by the shelf's clock


@dataclass(frozen=True, slots=True, kw_only=True)
class CondemnedBlob:
    """A blob that was put aside, to be removed unless somebody needs it after all."""

    digest: Digest
    size_bytes: int
    at: datetime  # when it was put aside, by the shelf's clock
    entry: str


@dataclass(frozen=True, slots=True)
class BlobStore:
    """Keeps bytes under their digest. Safe to share between threads; any number of processes may use one place."""

    shelf: Shelf

    def put(self, content: bytes) -> Digest:
        """Store some bytes; storing the same again changes nothing. When this returns, they are durable.

        Raises
        ------
        StorageFullError
            When there is no room; nothing is visible then.
        UnavailableError
            When the place does not answer.
        """
        digest = digest_bytes(content)
        if not self.shelf.holds(_name(digest), len(content)):
            with self.shelf.draft() as draft:
                draft.write(content)
                draft.publish(_name(digest))
        return digest

    def put_stream(self, chunks: Iterable[bytes]) -> StoredBlob:
        """Store bytes as they come, in constant memory; nothing is visible before the last chunk.

        Raises the same as `put`, and whatever `chunks` raises.
        """
        hasher, size = hashlib.sha256(), 0
        with self.shelf.draft() as draft:
            for chunk in chunks:
                hasher.update(chunk)
                size += len(chunk)
                draft.write(chunk)
            digest = _digest(hasher)
            if not self.shelf.holds(_name(digest), size):
                draft.publish(_name(digest))
        return StoredBlob(digest=digest, size_bytes=size)

    def get(self, digest: Digest) -> bytes:
        """Give the bytes, verified.

        Raises
        ------
        BlobNotFoundError
            When nothing is stored under this digest.
        BlobDamagedError
            When what is stored is not what was stored; names the digest.
        """
        return b"".join(self.stream(digest))

    def stream(self, digest: Digest) -> Iterator[bytes]:
        """Give the bytes in pieces of a few megabytes at most; the last piece only when the whole is verified.

        Raises the same as `get`, absence at the first piece and damage at the latest instead of the last one.
        """
        hasher, held = hashlib.sha256(), b""
        for chunk in self._read(digest):
            hasher.update(chunk)
            if held:
                yield held
            held = chunk
        if _digest(hasher) != digest:
            raise BlobDamagedError(
                f"the content stored under {digest} is damaged; restore it from a backup", digest=digest
            )
        if held:
            yield held

    def exists(self, digest: Digest) -> bool:
        """Tell whether something is stored under this digest (without reading it)."""
        return self.shelf.size_bytes(_name(digest)) is not None

    def size_bytes(self, digest: Digest) -> int:
        """Give the stored size; raises BlobNotFoundError."""
        size = self.shelf.size_bytes(_name(digest))
        if size is None:
            raise _not_found(digest)
        return size

    def probe(self) -> None:
        """Raise UnavailableError unless blobs could be stored now."""
        self.shelf.probe()

    def sweep(self, older_than: datetime) -> int:
        """Remove what killed writers left half-written and nobody has touched since `older_than`; give the number."""
        return self.shelf.sweep(older_than)

    def kept(self) -> Iterator[ShelvedBlob]:
        """Give every blob, in no promised order."""
        for kept in self.shelf.kept():
            if (digest := _digest_of(kept.name)) is not None:
                yield ShelvedBlob(digest=digest, size_bytes=kept.size_bytes, changed_at=kept.changed_at)

    def holds(self, digest: Digest, size_bytes: int) -> bool:
        """Tell whether a blob of this size is visible; unlike `exists` this brings nothing back."""
        return self.shelf.holds(_name(digest), size_bytes)

    def condemn(self, digest: Digest) -> None:
        """Put a blob aside. Whoever asks for it finds it all the same, and brings it back by asking."""
        self.shelf.condemn(_name(digest))

    def condemned(self) -> Iterator[CondemnedBlob]:
        """Give every blob that was put aside, perhaps more than once."""
        for aside in self.shelf.condemned():
            if (digest := _digest_of(aside.name)) is not None:
                yield CondemnedBlob(digest=digest, size_bytes=aside.size_bytes, at=aside.at, entry=aside.entry)

    def restore(self, digest: Digest) -> bool:
        """Bring a blob back; False when there is none of this digest, aside or not."""
        return self.shelf.restore(_name(digest))

    def remove(self, condemned: CondemnedBlob) -> None:
        """Remove what was put aside, for good."""
        self.shelf.remove(condemned.entry)

    def _read(self, digest: Digest) -> Iterator[bytes]:
        try:
            yield from self.shelf.read(_name(digest))
        except FileNotFoundError as error:
            raise _not_found(digest) from error


def _digest(hasher: "hashlib._Hash") -> Digest:
    return Digest(f"sha256:{hasher.hexdigest()}")


def _name(digest: Digest) -> str:
    digits = hex_of(parse_digest(digest))  # checked: it becomes a path
    return f"sha256/{digits[:2]}/{digits[2:]}"


def _digest_of(name: str) -> Digest | None:
    found = _NAME.fullmatch(name)
    return None if found is None else Digest(f"sha256:{found[1]}{found[2]}")


def _not_found(digest: Digest) -> BlobNotFoundError:
    return BlobNotFoundError(f"nothing is stored under {digest}", digest=digest)

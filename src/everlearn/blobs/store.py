"""The store itself: digests in front of a shelf."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from everlearn.blobs import packed
from everlearn.blobs.failures import BlobDamagedError, BlobNotFoundError
from everlearn.blobs.incoming import Incoming, StoredBlob, receiving
from everlearn.blobs.names import PACKED, digest_of, packed_name, whole_name
from everlearn.blobs.shelf import Shelf
from everlearn.core.digest import Digest, digest_bytes


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
    """Keeps bytes under their digest. Safe to share between threads; any number of processes may use one place.

    A blob lies there whole, packed against another one (`everlearn.blobs.packing`), or for a moment both; whoever reads
    it need not know.
    """

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
        if not self.shelf.holds(whole_name(digest), len(content)):
            with self.shelf.draft() as draft:
                draft.write(content)
                draft.publish(whole_name(digest))
        return digest

    def put_stream(self, chunks: Iterable[bytes]) -> StoredBlob:
        """Store bytes as they come, in constant memory; nothing is visible before the last chunk.

        Raises the same as `put`, and whatever `chunks` raises.
        """
        with self.receiving() as incoming:
            for chunk in chunks:
                incoming.write(chunk)
            return incoming.finish()

    def receiving(self, *, most_bytes: int | None = None) -> AbstractContextManager[Incoming]:
        """Take bytes whenever they come, in constant memory; left without `finish`, nothing happened."""
        return receiving(self.shelf, whole_name, most_bytes=most_bytes)

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

    def stream_span(self, digest: Digest, start: int, stop: int) -> Iterator[bytes]:
        """Give the bytes from `start` until before `stop` in pieces.

        A part cannot be verified against the digest of the whole: whoever needs that puts the parts together first.
        """
        try:
            yield from self.shelf.read_span(whole_name(digest), start, stop)
        except FileNotFoundError:
            yield from packed.span_of(self._read_packed(digest), start, stop)

    def exists(self, digest: Digest) -> bool:
        """Tell whether something is stored under this digest (without reading it)."""
        return self._size(digest) is not None

    def size_bytes(self, digest: Digest) -> int:
        """Give the size of the content; raises BlobNotFoundError."""
        size = self._size(digest)
        if size is None:
            raise _not_found(digest)
        return size

    def stored_bytes(self, digest: Digest) -> int:
        """Give what a blob takes where it lies, in all its forms; 0 when it is not there."""
        return sum(self.shelf.size_bytes(name) or 0 for name in _names(digest))

    def needs(self, digest: Digest) -> tuple[Digest, ...]:
        """Give the blobs without which this one could not be read: what it is packed against, if it is packed.

        Only the nearest; those may need others in their turn. Raises BlobDamagedError.
        """
        return packed.needs(self.shelf, digest)

    def packed(self) -> Iterator[tuple[Digest, tuple[Digest, ...]]]:
        """Give every packed blob with what it needs, aside or not, in no promised order, perhaps more than once.

        One that is moved meanwhile is met: what is aside is looked at before and after what is not.
        """
        for name, entry in chain(self._aside(), ((kept.name, None) for kept in self.shelf.kept()), self._aside()):
            if name.startswith(f"{PACKED}/") and (digest := digest_of(name)) is not None:
                yield digest, packed.needs(self.shelf, digest, entry=entry)

    def probe(self) -> None:
        """Raise UnavailableError unless blobs could be stored now."""
        self.shelf.probe()

    def sweep(self, older_than: datetime) -> int:
        """Remove what killed writers left half-written and nobody has touched since `older_than`; give the number."""
        return self.shelf.sweep(older_than)

    def kept(self) -> Iterator[ShelvedBlob]:
        """Give every blob, in no promised order; one that lies there in both forms twice, each with its own size."""
        for kept in self.shelf.kept():
            if (digest := digest_of(kept.name)) is not None:
                yield ShelvedBlob(digest=digest, size_bytes=kept.size_bytes, changed_at=kept.changed_at)

    def holds(self, digest: Digest, size_bytes: int) -> bool:
        """Tell whether a blob of this size is visible; unlike `exists` this brings nothing back."""
        return any(self.shelf.holds(name, size_bytes) for name in _names(digest))

    def condemn(self, digest: Digest) -> None:
        """Put a blob aside. Whoever asks for it finds it all the same, and brings it back by asking."""
        for name in _names(digest):
            self.shelf.condemn(name)

    def condemned(self) -> Iterator[CondemnedBlob]:
        """Give every blob that was put aside, perhaps more than once."""
        for aside in self.shelf.condemned():
            if (digest := digest_of(aside.name)) is not None:
                yield CondemnedBlob(digest=digest, size_bytes=aside.size_bytes, at=aside.at, entry=aside.entry)

    def restore(self, digest: Digest) -> bool:
        """Bring a blob back; False when there is none of this digest, aside or not."""
        restored = [self.shelf.restore(name) for name in _names(digest)]
        return any(restored)

    def remove(self, condemned: CondemnedBlob) -> None:
        """Remove what was put aside, for good."""
        self.shelf.remove(condemned.entry)

    def _aside(self) -> Iterator[tuple[str, str | None]]:
        return ((aside.name, aside.entry) for aside in self.shelf.condemned())

    def _read(self, digest: Digest) -> Iterator[bytes]:
        try:
            yield from self.shelf.read(whole_name(digest))
        except FileNotFoundError:
            yield from self._read_packed(digest)

    def _read_packed(self, digest: Digest) -> Iterator[bytes]:
        content = packed.content_of(self.shelf, digest)
        if content is not None:
            yield from packed.pieces_of(content)
            return
        try:  # it was packed and became whole again between our two looks
            yield from self.shelf.read(whole_name(digest))
        except FileNotFoundError as error:
            raise _not_found(digest) from error

    def _size(self, digest: Digest) -> int | None:
        whole = self.shelf.size_bytes(whole_name(digest))
        if whole is not None:
            return whole
        content = packed.size_of(self.shelf, digest)
        return self.shelf.size_bytes(whole_name(digest)) if content is None else content


def _digest(hasher: "hashlib._Hash") -> Digest:
    return Digest(f"sha256:{hasher.hexdigest()}")


def _names(digest: Digest) -> tuple[str, str]:
    return whole_name(digest), packed_name(digest)


def _not_found(digest: Digest) -> BlobNotFoundError:
    return BlobNotFoundError(f"nothing is stored under {digest}", digest=digest)

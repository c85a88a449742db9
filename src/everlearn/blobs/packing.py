"""Packing: a blob that lies whole becomes one that lies packed, by itself or against a base.

In this order, so that whoever is killed at any instant leaves the content readable:

1. the shortest encoding that reads back is worked out in memory;
2. the container is made visible, durably, beside the whole form;
3. it is read again from the shelf, with its base, and what comes out has the blob's digest;
4. the whole form is removed.

Killed between 2 and 4, both are there; the next try begins at 3. A reader looks for the whole form, then for the packed
one, then once more for the whole one, so it never meets a moment without any. Storing the content again makes it whole
again, which harms nobody.

A base may be packed itself. That no blob comes to need itself, and how long such chains become, is for whoever chooses
the bases (`everlearn.storage.packing`); `pack` looks at the chain above the base and refuses what it can see.
"""

from dataclasses import dataclass

from everlearn.blobs import packed
from everlearn.blobs.failures import BlobDamagedError, BlobNotFoundError
from everlearn.blobs.names import packed_name, whole_name
from everlearn.blobs.store import BlobStore
from everlearn.core.digest import Digest, digest_bytes
from everlearn.core.errors import ConflictError

SMALLEST = 4096  # bytes of a blob worth packing: one block of a file system
LARGEST = 256 * 1024 * 1024  # bytes of a blob that is packed: it is worked on in memory, some five times its size
LONGEST_CHAIN = 8  # blobs that are unpacked to read one
_LARGEST_BASE = 4  # times the content
_WORTH = 0.9  # of the whole size: a packed form that is not smaller stays away
_BASE_WORTH = 0.95  # of the size without a base: a base that does not save more is not worth being needed


class BaseRefusedError(ConflictError):
    """A blob cannot be packed against one that needs it, or that takes too much to read."""

    code = "blobs.base_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedBlob:
    """What packing gave."""

    digest: Digest
    base: Digest | None
    size_bytes: int  # of the content
    stored_bytes: int  # of what lies there now


def pack(blobs: BlobStore, digest: Digest, *, against: Digest | None = None) -> PackedBlob | None:
    """Pack a blob, if that makes it smaller; None: it stays as it is. May be done again at any time, and by many.

    Raises
    ------
    BlobNotFoundError
        When there is no such blob, or no such base.
    BlobDamagedError
        When one of them, or a container that was written, does not read back; the whole form stays then.
    BaseRefusedError
        When the base cannot be one.
    """
    if blobs.shelf.size_bytes(packed_name(digest)) is None:
        if against is not None:
            _check_chain(blobs, digest, against)
        size = blobs.size_bytes(digest)
        if not SMALLEST <= size <= LARGEST or not _write(blobs, digest, against):
            return None
    _verify(blobs, digest)
    blobs.shelf.remove(whole_name(digest))
    head, stored = packed.head_of(blobs.shelf, digest), blobs.shelf.size_bytes(packed_name(digest))
    if head is None or stored is None:  # collected meanwhile: nothing refers to it
        raise BlobNotFoundError(f"nothing is stored under {digest}", digest=digest)
    base = head.needs[0] if head.needs else None
    return PackedBlob(digest=digest, base=base, size_bytes=head.size_bytes, stored_bytes=stored)


def _check_chain(blobs: BlobStore, digest: Digest, base: Digest) -> None:
    chain: tuple[Digest, ...] = (base,)
    for _ in range(LONGEST_CHAIN):
        if digest in chain:
            raise BaseRefusedError(f"{base} needs {digest}, so it cannot be its base")
        chain = tuple(above for each in chain for above in blobs.needs(each))
        if not chain:
            return
    raise BaseRefusedError(f"{base} is {LONGEST_CHAIN} blobs away from one that lies whole")


def _write(blobs: BlobStore, digest: Digest, against: Digest | None) -> bool:
    """Write a container, if one is worth it."""
    from everlearn.blobs.deltas import encode, written_container  # noqa: PLC0415  # loads numpy

    content = blobs.get(digest)
    delta = encode(content)
    needed: tuple[Digest, ...] = ()
    if against is not None and blobs.size_bytes(against) <= min(LARGEST, _LARGEST_BASE * len(content)):
        on_base = encode(content, blobs.get(against))
        if len(on_base.payload) < _BASE_WORTH * len(delta.payload):
            delta, needed = on_base, (against,)
    container = written_container(digest, len(content), delta, needed)
    if len(container) > _WORTH * len(content):
        return False
    with blobs.shelf.draft() as draft:
        draft.write(container)
        draft.publish(packed_name(digest))
    return True


def _verify(blobs: BlobStore, digest: Digest) -> None:
    """Read the packed form as a reader would who finds no other."""
    content = packed.content_of(blobs.shelf, digest)
    if content is None or digest_bytes(content) != digest:
        raise BlobDamagedError(f"what was packed of {digest} does not read back; the whole form stays", digest=digest)

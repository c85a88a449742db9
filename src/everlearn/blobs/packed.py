"""Blobs that lie packed: `packed/ab/cd…` holds a container (`everlearn.blobs.deltas.container`) instead of the content.

The codec, and with it numpy, is loaded when the first packed blob is met.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from everlearn.blobs.failures import BlobDamagedError
from everlearn.blobs.names import packed_name, whole_name
from everlearn.blobs.shelf import Shelf
from everlearn.core.digest import Digest, digest_bytes

if TYPE_CHECKING:
    from everlearn.blobs.deltas import Head

_PIECE = 1024 * 1024
_LONGEST_HEAD = 128


def needs(shelf: Shelf, digest: Digest, *, entry: str | None = None) -> tuple[Digest, ...]:
    """Give what a packed blob is packed against; nothing for a blob that is not packed.

    `entry` is where its container lies aside, if it does; then it is read there, and stays there.
    """
    head = (entry and head_of(shelf, digest, name=entry)) or head_of(shelf, digest)
    return () if head is None else head.needs


def size_of(shelf: Shelf, digest: Digest) -> int | None:
    """Give the size of a packed blob's content; None when it is not packed."""
    head = head_of(shelf, digest)
    return None if head is None else head.size_bytes


def head_of(shelf: Shelf, digest: Digest, *, name: str | None = None) -> "Head | None":
    """Read what a container says about itself; None when there is none. Raises BlobDamagedError."""
    try:
        start = shelf.start(name or packed_name(digest), _LONGEST_HEAD)
    except FileNotFoundError:
        return None
    from everlearn.blobs.deltas import BadContainerError, read_head  # noqa: PLC0415  # loads numpy

    try:
        head = read_head(start)
    except BadContainerError as error:
        raise _damaged(digest, str(error)) from error
    if head.digest != digest:
        raise _damaged(digest, "it is the container of another blob")
    return head


def content_of(shelf: Shelf, digest: Digest, *, above: tuple[Digest, ...] = ()) -> bytes | None:
    """Give the content of a packed blob; None when it is not packed. `above` are those that need it.

    Raises
    ------
    BlobDamagedError
        When the container, or what it needs, is not what it was.
    """
    try:
        container = b"".join(shelf.read(packed_name(digest)))
    except FileNotFoundError:
        return None
    from everlearn.blobs.deltas import BadContainerError, decode, read_container  # noqa: PLC0415  # loads numpy

    try:
        head, delta = read_container(container)
        if head.digest != digest:
            raise _damaged(digest, "it is the container of another blob")
        bases = [_base(shelf, each, (*above, digest)) for each in head.needs]
        return decode(delta, head.size_bytes, b"".join(bases))
    except BadContainerError as error:
        raise _damaged(digest, str(error)) from error


def _base(shelf: Shelf, digest: Digest, above: tuple[Digest, ...]) -> bytes:
    if digest in above:
        raise _damaged(digest, "it needs itself")
    content = _whole(shelf, digest)
    if content is None:
        content = content_of(shelf, digest, above=above)
    if content is None:
        content = _whole(shelf, digest)  # it became whole between our two looks
    if content is None or digest_bytes(content) != digest:
        raise _damaged(above[-1], f"{digest}, which it needs, is {'gone' if content is None else 'another'}")
    return content


def _whole(shelf: Shelf, digest: Digest) -> bytes | None:
    try:
        return b"".join(shelf.read(whole_name(digest)))
    except FileNotFoundError:
        return None


def pieces_of(content: bytes) -> Iterator[bytes]:
    """Give a content in pieces of bounded size."""
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]


def span_of(pieces: Iterator[bytes], start: int, stop: int) -> Iterator[bytes]:
    """Give the bytes from `start` until before `stop` of a content that comes in pieces."""
    at = 0
    for piece in pieces:
        if wanted := piece[max(0, start - at) : max(0, stop - at)]:
            yield wanted
        at += len(piece)
        if at >= stop:
            return


def _damaged(digest: Digest, why: str) -> BlobDamagedError:
    return BlobDamagedError(
        f"the packed content of {digest} is damaged ({why}); restore it from a backup", digest=digest
    )

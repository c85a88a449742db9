"""A project's tree of files, in which runs and models own folders. The bytes lie in the blob store, each once."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from everlearn.blobs import BlobStore, Incoming, StoredBlob
from everlearn.core.clock import Clock
from everlearn.core.digest import Digest
from everlearn.db import Database, Tx
from everlearn.tracking.artifact_path import checked_artifact_path, folders_of
from everlearn.tracking.hazards import HEAD, TAIL, Hazard, Sample, hazard_of
from everlearn.tracking.model import Artifact, ArtifactBlockedError, ArtifactNotFoundError
from everlearn.tracking.store import artifacts as store

_AT_ONCE = 500  # rows
MOST_LISTED = 1_000  # of one folder, on a page


class Child(NamedTuple):
    """What is directly in a folder."""

    name: str
    size_bytes: int | None  # None: a folder


class FolderSize(NamedTuple):
    """What is in and under a folder, together."""

    file_count: int
    size_bytes: int


class SizedChild(NamedTuple):
    """What is directly in a folder, with what is under it."""

    name: str
    digest: Digest | None  # None: a folder
    size_bytes: int
    file_count: int
    newest_at: datetime | None
    hazard: Hazard | None


@dataclass(frozen=True, slots=True)
class Files:
    """Every project's files by path."""

    db: Database
    blobs: BlobStore
    clock: Clock

    def write(self, project: str, path: str, chunks: Iterable[bytes]) -> Artifact:
        """Keep a file of any size at a path, in constant memory; the newest one wins."""
        with self.receiving(project, path) as incoming:
            for chunk in chunks:
                incoming.write(chunk)
            return incoming.finish()

    @contextmanager
    def receiving(self, project: str, path: str, *, most_bytes: int | None = None) -> Iterator["IncomingFile"]:
        """Take a file whenever its bytes come; left without `finish`, nothing happened.

        Raises
        ------
        ArtifactBlockedError
            When a file stands where a folder would be needed, or a folder where the file would; before the first
            byte is taken, and again from `finish`.
        """
        checked_artifact_path(path)
        with self.db.read() as tx:
            check_unblocked(tx, project, path)
        with self.blobs.receiving(most_bytes=most_bytes) as incoming:
            yield IncomingFile(self, project, path, incoming, Sample())

    def put(self, project: str, path: str, digest: Digest, size_bytes: int) -> Artifact:
        """Keep bytes that are in the blob store already at a path."""
        stored = StoredBlob(digest=digest, size_bytes=size_bytes)
        return self.put_stored(project, path, stored, hazard_in(self.blobs, path, digest, size_bytes))

    def put_stored(self, project: str, path: str, stored: StoredBlob, hazard: Hazard | None) -> Artifact:
        """Keep what was just stored at a path."""
        artifact = Artifact(
            path=checked_artifact_path(path),
            digest=stored.digest,
            size_bytes=stored.size_bytes,
            logged_at=self.clock.now(),
            hazard=hazard,
        )
        with self.db.write() as tx:
            put_file(tx, project, artifact)
        return artifact

    def hazardous(self, project: str, folder: str, *, limit: int) -> list[Artifact]:
        """List files in and under a folder that could run code when somebody loads them."""
        checked_artifact_path(folder)
        with self.db.read() as tx:
            return store.hazardous_below(tx, project, folder, limit=limit)

    def find(self, project: str, path: str) -> Artifact:
        """Give a file without its bytes."""
        checked_artifact_path(path)
        with self.db.read() as tx:
            found = store.find(tx, project, path)
        if found is None:
            raise ArtifactNotFoundError(f"No such artifact: '{path[:200]}'")
        return found

    def open(self, project: str, path: str) -> tuple[Artifact, Iterator[bytes]]:
        """Give a file and its bytes in chunks, verified while they are read."""
        found = self.find(project, path)
        return found, self.blobs.stream(found.digest)

    def below(self, project: str, folder: str) -> Iterator[Artifact]:
        """Give every file in and under a folder, by path; a page of them in memory at a time."""
        after = None
        while True:
            with self.db.read() as tx:
                found = store.below(tx, project, folder, after=after, limit=_AT_ONCE)
            yield from found
            if len(found) < _AT_ONCE:
                return
            after = found[-1].path

    def children(self, project: str, folder: str) -> list[Child]:
        """List what is directly in a folder, by name; nothing when there is no such folder."""
        if folder:
            checked_artifact_path(folder)
        with self.db.read() as tx:
            return list(_children(tx, project, folder))

    def is_file(self, project: str, path: str) -> bool:
        """Tell whether a file, and no folder, is at a path."""
        with self.db.read() as tx:
            return store.find(tx, project, path) is not None

    def folder_size(self, project: str, folder: str) -> FolderSize:
        """Give what is in and under a folder, together."""
        with self.db.read() as tx:
            return FolderSize(*store.size_below(tx, project, folder)[:2])

    def sized_children(self, project: str, folder: str, *, most: int = MOST_LISTED) -> list[SizedChild]:
        """List what is directly in a folder, the largest first, each folder with the size of all that is under it."""
        found = []
        with self.db.read() as tx:
            for child in islice(_children(tx, project, folder), most):
                path = f"{folder}/{child.name}"
                if child.size_bytes is None:
                    count, size_bytes, newest_at = store.size_below(tx, project, path)
                    found.append(SizedChild(child.name, None, size_bytes, count, newest_at, None))
                elif (artifact := store.find(tx, project, path)) is not None:
                    found.append(_sized(child.name, artifact))
        return sorted(found, key=lambda child: (child.digest is not None, -child.size_bytes, child.name))


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file that is arriving."""

    files: Files
    project: str
    path: str
    incoming: Incoming
    sample: Sample

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.incoming.write(chunk)
        self.sample.take(chunk)

    def finish(self) -> Artifact:
        """Put the file at its path."""
        stored = self.incoming.finish()
        return self.files.put_stored(self.project, self.path, stored, hazard_of(self.path, self.sample))


def hazard_in(blobs: BlobStore, path: str, digest: Digest, size_bytes: int) -> Hazard | None:
    """Give the hazard of content that is in the blob store, by its beginning and its end."""
    head = b"".join(blobs.stream_span(digest, 0, min(HEAD, size_bytes)))
    tail = b"".join(blobs.stream_span(digest, max(0, size_bytes - TAIL), size_bytes))
    return hazard_of(path, Sample(head, tail, size_bytes))


def _sized(name: str, artifact: Artifact) -> SizedChild:
    return SizedChild(name, artifact.digest, artifact.size_bytes, 1, artifact.logged_at, artifact.hazard)


def put_file(tx: Tx, project: str, artifact: Artifact) -> None:
    """Put a file at its path inside the caller's transaction."""
    check_unblocked(tx, project, artifact.path)
    store.put(tx, project, artifact)


def check_unblocked(tx: Tx, project: str, path: str) -> None:
    """Refuse a path that would need a file where a folder is, or a folder where a file is."""
    blocking = store.blocking_path(tx, project, path, folders_of(path))
    if blocking is not None:
        raise ArtifactBlockedError(
            f"{path[:80]!r} cannot stand beside {blocking[:80]!r}: one of them would be a folder"
        )


def _children(tx: Tx, project: str, folder: str) -> Iterator[Child]:
    start, after = f"{folder}/" if folder else "", None
    while found := store.below(tx, project, folder, after=after, limit=_AT_ONCE):
        for artifact in found:
            if after is not None and artifact.path < after:
                continue  # in a folder that has been listed
            name, slash, _ = artifact.path.removeprefix(start).partition("/")
            yield Child(name, None if slash else artifact.size_bytes)
            after = f"{start}{name}0" if slash else artifact.path  # "0" follows "/": past everything in the folder
        if after is None or len(found) < _AT_ONCE:
            return

"""A project's tree of files, in which runs and models own folders. The bytes lie in the blob store, each once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from everlearn.blobs import BlobStore
from everlearn.core.clock import Clock
from everlearn.core.digest import Digest
from everlearn.db import Database, Tx
from everlearn.tracking.artifact_path import checked_artifact_path, folders_of
from everlearn.tracking.model import Artifact, ArtifactBlockedError, ArtifactNotFoundError
from everlearn.tracking.store import artifacts as store

_AT_ONCE = 500  # rows


class Child(NamedTuple):
    """What is directly in a folder."""

    name: str
    size_bytes: int | None  # None: a folder


@dataclass(frozen=True, slots=True)
class Files:
    """Every project's files by path."""

    db: Database
    blobs: BlobStore
    clock: Clock

    def write(self, project: str, path: str, chunks: Iterable[bytes]) -> Artifact:
        """Keep a file of any size at a path, in constant memory; the newest one wins.

        Raises
        ------
        ArtifactBlockedError
            When a file stands where a folder would be needed, or a folder where the file would.
        """
        checked_artifact_path(path)
        stored = self.blobs.put_stream(chunks)
        return self.put(project, path, stored.digest, stored.size_bytes)

    def put(self, project: str, path: str, digest: Digest, size_bytes: int) -> Artifact:
        """Keep bytes that are in the blob store already at a path."""
        artifact = Artifact(
            path=checked_artifact_path(path), digest=digest, size_bytes=size_bytes, logged_at=self.clock.now()
        )
        with self.db.write() as tx:
            put_file(tx, project, artifact)
        return artifact

    def open(self, project: str, path: str) -> tuple[Artifact, Iterator[bytes]]:
        """Give a file and its bytes in chunks, verified while they are read."""
        checked_artifact_path(path)
        with self.db.read() as tx:
            found = store.find(tx, project, path)
        if found is None:
            raise ArtifactNotFoundError(f"No such artifact: '{path[:200]}'")
        return found, self.blobs.stream(found.digest)

    def delete(self, project: str, path: str) -> int:
        """Remove a file, or a folder with all in it; give the number of files. The bytes stay for others."""
        checked_artifact_path(path)
        with self.db.write() as tx:
            return store.delete(tx, project, path)

    def children(self, project: str, folder: str) -> list[Child]:
        """List what is directly in a folder, by name; nothing when there is no such folder."""
        if folder:
            checked_artifact_path(folder)
        with self.db.read() as tx:
            return list(_children(tx, project, folder))


def put_file(tx: Tx, project: str, artifact: Artifact) -> None:
    """Put a file at its path inside the caller's transaction."""
    blocking = store.blocking_path(tx, project, artifact.path, folders_of(artifact.path))
    if blocking is not None:
        raise ArtifactBlockedError(
            f"{artifact.path[:80]!r} cannot stand beside {blocking[:80]!r}: one of them would be a folder"
        )
    store.put(tx, project, artifact)


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

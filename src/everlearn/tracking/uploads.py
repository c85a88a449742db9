"""Files that arrive in parts: in any order, from several connections, over a restart of the server.

A part is durable when it is acknowledged; sent again, it replaces itself. The file appears at its path when all parts
are put together, at once and whole, named by the digest of the whole like every other file.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from everlearn.blobs import BlobStore, Incoming, Parts, StoredBlob
from everlearn.core.actor import Actor
from everlearn.core.clock import Clock
from everlearn.core.digest import Digest, hex_of
from everlearn.core.ids import new_id
from everlearn.db import Database, Tx
from everlearn.tracking.artifact_path import checked_artifact_path
from everlearn.tracking.files import check_unblocked, put_file
from everlearn.tracking.hazards import Sample, hazard_of
from everlearn.tracking.model import (
    Artifact,
    BadPartError,
    TooManyUploadsError,
    Upload,
    UploadNotFoundError,
    UploadState,
    ValueTooLongError,
)
from everlearn.tracking.store import uploads as store

MOST_PARTS = 10_000
LARGEST_PART = 1024**3  # bytes
LARGEST_FILE = 1024**4
MOST_OPEN = 1_000  # uploads of a project
ABANDONED_AFTER = timedelta(days=1)
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Uploads:
    """The uploads of every project."""

    db: Database
    blobs: BlobStore
    clock: Clock

    def begin(self, project: str, path: str, parts: int, *, actor: Actor) -> Upload:
        """Announce a file in so many parts.

        Raises
        ------
        BadPartError
            When it has no part or too many.
        ArtifactBlockedError
            When a file stands where a folder would be needed, or a folder where the file would.
        TooManyUploadsError
            When the project has too many uploads under way.
        """
        if not 1 <= parts <= MOST_PARTS:
            raise BadPartError(f"a file has 1 to {MOST_PARTS} parts, not {parts}; choose larger or smaller ones")
        upload = Upload(
            id=new_id("upl"),
            project=project,
            path=checked_artifact_path(path),
            parts=parts,
            state=UploadState.OPEN,
            begun_by=actor,
        )
        with self.db.write() as tx:
            check_unblocked(tx, project, upload.path)
            if store.count_open(tx, project) >= MOST_OPEN:
                raise TooManyUploadsError(f"{MOST_OPEN} uploads are under way; complete or abort some, or wait a day")
            store.insert(tx, upload, at=self.clock.now())
        return upload

    @contextmanager
    def receiving(self, project: str, upload_id: str, number: int) -> Iterator["IncomingPart"]:
        """Take one part whenever its bytes come; left without `finish`, nothing happened."""
        with self.db.read() as tx:
            upload = _known(tx, project, upload_id)
        if not 1 <= number <= upload.parts:
            raise BadPartError(f"the upload has parts 1 to {upload.parts}; there is no part {number}", part=number)
        with Parts.of(self.blobs).receiving(upload_id, number, most_bytes=LARGEST_PART) as incoming:
            yield IncomingPart(self, upload_id, number, incoming)

    def put_part(self, upload_id: str, number: int, part: StoredBlob) -> None:
        """Write down a part that is kept; the newest one of its number wins."""
        with self.db.write() as tx:
            if is_open := store.touch(tx, upload_id, at=self.clock.now()):
                store.put_part(tx, upload_id, number, part)
                _check_size(store.size_bytes(tx, upload_id))
        if not is_open:  # it ended meanwhile
            Parts.of(self.blobs).discard(upload_id)
            raise _not_found(upload_id)

    def complete(self, project: str, path: str, upload_id: str, given: Sequence[tuple[int, str]]) -> None:
        """Put the parts together; `given` names each by its number and its digest in hexadecimal digits.

        Done again, it changes nothing.

        Raises
        ------
        BadPartError
            When parts are missing or are not what the client says.
        ArtifactBlockedError
            When meanwhile a file or folder stands in the way.
        """
        with self.db.write() as tx:
            upload = _known(tx, project, upload_id, path=path, over=True)
            if upload.state is UploadState.COMPLETE:
                return
            store.touch(tx, upload_id, at=self.clock.now())
            known = store.parts_of(tx, upload_id)
        _check_parts(upload, known, given)
        sample = Sample()
        stored = self.blobs.put_stream(self._together(upload_id, known, sample))
        now = self.clock.now()
        with self.db.write() as tx:
            if not store.close(tx, upload_id, UploadState.COMPLETE, at=now):
                raise _not_found(upload_id)
            artifact = Artifact(
                path=path,
                digest=stored.digest,
                size_bytes=stored.size_bytes,
                logged_at=now,
                hazard=hazard_of(path, sample),
            )
            put_file(tx, project, artifact)
        Parts.of(self.blobs).discard(upload_id)

    def abort(self, project: str, path: str, upload_id: str) -> None:
        """Give an upload up and remove its parts; one that is complete stays so."""
        with self.db.write() as tx:
            upload = _known(tx, project, upload_id, path=path, over=True)
            store.close(tx, upload_id, UploadState.ABORTED, at=self.clock.now())
        if upload.state is not UploadState.COMPLETE:
            Parts.of(self.blobs).discard(upload_id)

    def sweep(self) -> int:
        """Remove what is left of uploads that nobody has touched for a day; give their number."""
        swept, before = 0, self.clock.now() - ABANDONED_AFTER
        while True:
            with self.db.read() as tx:
                found = store.stale(tx, before, limit=_AT_ONCE)
            for upload_id in found:
                with self.db.write() as tx:
                    store.close(tx, upload_id, UploadState.ABORTED, at=before)  # from here on it takes no part
                Parts.of(self.blobs).discard(upload_id)
                with self.db.write() as tx:
                    store.delete(tx, upload_id)
            swept += len(found)
            if len(found) < _AT_ONCE:
                return swept

    def _together(self, upload_id: str, known: Mapping[int, Digest], sample: Sample) -> Iterator[bytes]:
        for number, digest in known.items():
            for chunk in Parts.of(self.blobs).stream(upload_id, number, digest):
                sample.take(chunk)
                yield chunk


@dataclass(frozen=True, slots=True)
class IncomingPart:
    """A part that is arriving."""

    uploads: Uploads
    upload_id: str
    number: int
    incoming: Incoming

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.incoming.write(chunk)

    def finish(self) -> Digest:
        """Acknowledge the part; give the digest that `complete` must be told."""
        part = self.incoming.finish()
        self.uploads.put_part(self.upload_id, self.number, part)
        return part.digest


def _known(tx: Tx, project: str, upload_id: str, *, path: str | None = None, over: bool = False) -> Upload:
    found = store.find(tx, upload_id)
    is_meant = found is not None and found.project == project and path in {None, found.path}
    if found is None or not is_meant or not (over or found.state is UploadState.OPEN):
        raise _not_found(upload_id)
    return found


def _check_parts(upload: Upload, known: Mapping[int, Digest], given: Sequence[tuple[int, str]]) -> None:
    missing = [number for number in range(1, upload.parts + 1) if number not in known]
    if missing:
        listed = ", ".join(map(str, missing[:10]))
        raise BadPartError(f"{len(missing)} of {upload.parts} parts are missing: {listed}", missing=[*missing[:100]])
    told = {number: said.strip('"').removeprefix("sha256:") for number, said in given}
    wrong = [number for number, digest in known.items() if told.get(number) != hex_of(digest)]
    if wrong or len(given) != upload.parts:
        listed = ", ".join(map(str, wrong[:10]))
        raise BadPartError(f"these parts are not listed as they were kept: {listed}", parts=[*wrong[:100]])


def _check_size(size: int) -> None:
    if size > LARGEST_FILE:
        raise ValueTooLongError(f"the parts have {size} bytes together; a file has at most {LARGEST_FILE}")


def _not_found(upload_id: str) -> UploadNotFoundError:
    return UploadNotFoundError(f"No such upload, or it is over: '{upload_id[:80]}'")

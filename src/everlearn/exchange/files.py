"""Files of runs and models, brought into a project's tree: each content is stored once, under its digest."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from everlearn.blobs import BlobStore
from everlearn.core.clock import Clock
from everlearn.core.errors import EverlearnError
from everlearn.db import Database, Tx
from everlearn.exchange.comparing import Folder
from everlearn.exchange.model import Kind, Progress
from everlearn.exchange.places import FoundFile, Place, Places
from everlearn.exchange.steps import Step
from everlearn.tracking import Artifact, checked_artifact_path
from everlearn.tracking.files import hazard_in, put_file
from everlearn.tracking.handover import files


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesImport:
    """Where files come from and where they go."""

    db: Database
    blobs: BlobStore
    clock: Clock
    project: str
    places: Places | None  # None: the files stay where they are
    progress: Progress
    not_found: dict[str, None] = field(default_factory=dict)  # what could not be read, each once

    def steps(self, owner: str, location: str, folder: str) -> Iterator[Step]:
        """Store what is at a location and not yet here; what cannot be read is written down and left."""
        place = self._place(owner, location)
        if place is None:
            return
        known = self._sizes_here(folder)
        for file in place.files():
            self.progress(Kind.FILES, 1)
            if known.get(file.path) == file.size_bytes:
                continue
            artifact = self._stored(owner, place, file, f"{folder}/{file.path}")
            if artifact is not None:
                yield Step(Kind.FILES, 1, _Putting(self.project, artifact))

    def sizes(self, owner: str, location: str, folder: str) -> Folder:
        """Give the sizes of the files on both sides."""
        place = self._place(owner, location)
        there = {} if place is None else {file.path: file.size_bytes for file in place.files()}
        return owner, there, self._sizes_here(folder) if there else {}

    def _place(self, owner: str, location: str) -> Place | None:
        if self.places is None or not location:
            return None
        place = self.places.of(location)
        if place is None:
            self.not_found.setdefault(f"{owner}: {location} is below no folder that --artifacts names")
        return place

    def _sizes_here(self, folder: str) -> dict[str, int]:
        start = f"{folder}/"
        return {one.path.removeprefix(start): one.size_bytes for one in files(self.db, self.project, folder)}

    def _stored(self, owner: str, place: Place, file: FoundFile, path: str) -> Artifact | None:
        try:
            checked_artifact_path(path)
            blob = self.blobs.put_stream(place.read(file.path))
        except OSError as error:
            self.not_found.setdefault(f"{owner}: {file.path} cannot be read: {error.strerror or error}")
            return None
        except EverlearnError as error:
            if not error.code.startswith("tracking."):
                raise  # our own store does not work
            self.not_found.setdefault(f"{owner}: {file.path} cannot be kept: {error.message}")
            return None
        return Artifact(
            path=path,
            digest=blob.digest,
            size_bytes=blob.size_bytes,
            logged_at=self.clock.now(),
            hazard=hazard_in(self.blobs, path, blob.digest, blob.size_bytes),
        )


@dataclass(frozen=True, slots=True)
class _Putting:
    project: str
    artifact: Artifact

    def __call__(self, tx: Tx) -> bool:
        put_file(tx, self.project, self.artifact)
        return True

"""The folder of a spool: its identity, its lock, its segments."""

import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from everlearn.core.errors import ConflictError
from everlearn.core.ids import new_id

_SUFFIX = ".spool"


class SpoolInUseError(ConflictError):
    """Another process writes to this spool."""

    code = "serving.spool_in_use"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One file of a spool."""

    path: Path
    start: int  # position of its first byte

    @property
    def end(self) -> int:
        """Give the position behind its last byte."""
        return self.start + self.path.stat().st_size


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolFolder:
    """A spool that this process owns until `release`."""

    path: Path
    id: str  # made with the folder; an emptied folder is another spool, whose positions begin again at 0
    lock_fd: int

    def segments(self) -> Sequence[Segment]:
        """Give the segments in order."""
        starts = sorted(int(path.stem) for path in self.path.glob(f"*{_SUFFIX}"))
        return [Segment(path=self.path / f"{start:020d}{_SUFFIX}", start=start) for start in starts]

    def new_segment(self, start: int) -> Segment:
        """Create an empty segment, so that it is still there after a power cut."""
        path = self.path / f"{start:020d}{_SUFFIX}"
        path.touch()
        _sync_folder(self.path)
        return Segment(path=path, start=start)

    def remove_before(self, position: int, *, keep: Segment | None) -> None:
        """Remove the segments that end at or before a position."""
        for segment in self.segments():
            if (keep is None or segment.start != keep.start) and segment.end <= position:
                segment.path.unlink()

    def release(self) -> None:
        """Let another process have it."""
        os.close(self.lock_fd)


def open_folder(path: Path) -> SpoolFolder:
    """Take a spool's folder for this process, creating it where there is none.

    The lock goes with the process, however that ends.

    Raises
    ------
    SpoolInUseError
        When another process has it.
    """
    path.mkdir(parents=True, exist_ok=True)
    lock_fd = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock_fd)
        raise SpoolInUseError(
            "another gateway writes to this spool folder; give each gateway a name or a folder of its own"
        ) from error
    return SpoolFolder(path=path, id=_identity(path), lock_fd=lock_fd)


def _identity(folder: Path) -> str:
    place = folder / "id"
    if not place.exists():
        draft = folder / "id.new"
        with draft.open("w") as file:
            file.write(new_id("spool"))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
        _sync_folder(folder)
    return place.read_text()


def _sync_folder(folder: Path) -> None:
    folder_fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(folder_fd)
    finally:
        os.close(folder_fd)

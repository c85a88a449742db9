"""Where files of an MLflow lie: folders that were named, and nothing outside them.

A database says of each run where its files are, and whoever wrote that database could have said `/etc`. So a file is
read only below a folder that the person at the keyboard named: `FOLDER`, or `OLD=FOLDER` when it has moved since.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from everlearn.exchange.model import NotReadableError

CHUNK_BYTES = 1024 * 1024
_PROXIED = "mlflow-artifacts"


class FoundFile(NamedTuple):
    """A file in a place."""

    path: str  # relative to the place, with "/"
    size_bytes: int


class Place(Protocol):
    """A folder of files."""

    def files(self) -> Iterator[FoundFile]:
        """Give every file in and under it; nothing when there is no such folder."""
        ...

    def read(self, path: str) -> Iterator[bytes]:
        """Give the bytes of one; raises OSError when it cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder below one that was named."""

    root: Path  # what was named, without links
    path: Path

    def files(self) -> Iterator[FoundFile]:
        """Walk down, by name; links are followed only to files that lie under the root."""
        for folder, folders, names in os.walk(self.path):
            folders.sort()
            for name in sorted(names):
                file = Path(folder) / name
                if file.is_file() and file.resolve().is_relative_to(self.root):
                    yield FoundFile(file.relative_to(self.path).as_posix(), file.stat().st_size)

    def read(self, path: str) -> Iterator[bytes]:
        """Read the file piece by piece."""
        with (self.path / path).open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that was named, and the address at which the database knows it."""

    known_as: str  # without a slash at the end
    folder: Path


@dataclass(frozen=True, slots=True)
class Places:
    """Every folder that was named."""

    roots: Sequence[Root]

    def of(self, address: str) -> Place | None:
        """Find the folder behind an address of MLflow's; None when it is in none of those that were named."""
        parts = urlsplit(address)
        if parts.scheme == _PROXIED:
            return self._proxied(unquote(parts.path).strip("/"))
        path = unquote(parts.path) if parts.scheme == "file" else address
        for root in self.roots:
            rest = _below(path.removeprefix("./"), root.known_as)
            if rest is not None:
                return _folder(root, rest)
        return None

    def _proxied(self, rest: str) -> Place | None:
        found = [place for root in self.roots if (place := _folder(root, rest)) is not None]
        return next((place for place in found if place.path.is_dir()), found[0] if found else None)


def named_places(named: Sequence[str]) -> Places:
    """Read what the person said: each `FOLDER` or `OLD=FOLDER`.

    Raises
    ------
    NotReadableError
        When a folder is not there.
    """
    roots = []
    for one in named:
        old, separator, new = one.rpartition("=")
        folder = Path(new).expanduser()
        if not folder.is_dir():
            raise NotReadableError(f"there is no folder {folder} (of --artifacts {one})")
        resolved = folder.resolve()
        known = (
            [old.removeprefix("file://").removeprefix("./")]
            if separator
            else [new.removeprefix("./"), str(folder.absolute()), str(resolved)]
        )
        roots += [Root(address.rstrip("/"), resolved) for address in dict.fromkeys(known)]
    return Places(tuple(roots))


def _folder(root: Root, rest: str) -> Folder | None:
    path = root.folder / rest
    return Folder(root.folder, path) if path.resolve().is_relative_to(root.folder) else None


def _below(path: str, known_as: str) -> str | None:
    if path.rstrip("/") == known_as:
        return ""
    return path.removeprefix(f"{known_as}/") if path.startswith(f"{known_as}/") else None

"""Looking at the files of a model as mlflow's clients write them, without loading any.

`MLmodel` is YAML in block style, written by the client: a part of it begins with its name at the beginning of a line.
Whether a file could run code is told by its name and by its first bytes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from everlearn.promotion.ports import Inspected
from everlearn.tracking import Files
from everlearn.tracking.model import ArtifactNotFoundError

MOST_FILES = 1_000
LARGEST_DESCRIPTION = 1_000_000  # bytes of an MLmodel file that are read
_DEEPEST = 8
_SIGNATURE = re.compile(rb"^signature:", re.MULTILINE)
_EXAMPLE = re.compile(rb"^saved_input_example_info:[ \t]*(?!null\b)", re.MULTILINE)
_UNSAFE = re.compile(r".*\.(pkl|pickle|joblib|cloudpickle|dill|pt|pth|bin|ckpt|h5|keras)", re.IGNORECASE)
_PICKLE = re.compile(rb"\x80[\x02-\x05]")  # protocols 2 to 5 say so


@dataclass(frozen=True, slots=True)
class FileInspector:
    """Reads what lies in the project's tree of files."""

    files: Files

    def inspect(self, project: str, folder: str) -> Inspected | None:
        """Tell what is in a folder; None when it holds no MLmodel file."""
        try:
            described = self._head(project, f"{folder}/MLmodel", LARGEST_DESCRIPTION)
        except ArtifactNotFoundError:
            return None
        unsafe = [path for path in self._paths(project, folder, _DEEPEST) if self._is_unsafe(project, path)]
        return Inspected(
            has_signature=_SIGNATURE.search(described) is not None,
            has_input_example=_EXAMPLE.search(described) is not None,
            unsafe_files=tuple(path.removeprefix(f"{folder}/") for path in unsafe),
        )

    def _is_unsafe(self, project: str, path: str) -> bool:
        return _UNSAFE.fullmatch(path) is not None or _PICKLE.match(self._head(project, path, 2)) is not None

    def _paths(self, project: str, folder: str, depth: int) -> Iterator[str]:
        for child in self.files.children(project, folder)[:MOST_FILES]:
            if child.size_bytes is not None:
                yield f"{folder}/{child.name}"
            elif depth:
                yield from self._paths(project, f"{folder}/{child.name}", depth - 1)

    def _head(self, project: str, path: str, size_bytes: int) -> bytes:
        found = b""
        for chunk in self.files.open(project, path)[1]:
            found += chunk
            if len(found) >= size_bytes:
                break
        return found[:size_bytes]

"""Looking at the files of a model as mlflow's clients write them, without loading any.

`MLmodel` is YAML in block style, written by the client: a part of it begins with its name at the beginning of a line.
Whether a file could run code was told when it was kept (`tracking.hazards`).
"""

import re
from dataclasses import dataclass

from everlearn.promotion.ports import Inspected
from everlearn.tracking import Files
from everlearn.tracking.model import ArtifactNotFoundError

MOST_FILES = 1_000  # unsafe ones that are named
LARGEST_DESCRIPTION = 1_000_000  # bytes of an MLmodel file that are read
_SIGNATURE = re.compile(rb"^signature:[ \t]*(?!null\b)", re.MULTILINE)
_EXAMPLE = re.compile(rb"^saved_input_example_info:[ \t]*(?!null\b)", re.MULTILINE)


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
        unsafe = self.files.hazardous(project, folder, limit=MOST_FILES)
        return Inspected(
            has_signature=_SIGNATURE.search(described) is not None,
            has_input_example=_EXAMPLE.search(described) is not None,
            unsafe_files=tuple(one.path.removeprefix(f"{folder}/") for one in unsafe),
        )

    def _head(self, project: str, path: str, size_bytes: int) -> bytes:
        found = b""
        for chunk in self.files.open(project, path)[1]:
            found += chunk
            if len(found) >= size_bytes:
                break
        return found[:size_bytes]

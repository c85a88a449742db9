"""What promotion needs from those who can look into a model's files."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What the files of a model say about it; they are read, never loaded."""

    has_signature: bool
    has_input_example: bool
    unsafe_files: tuple[str, ...]  # those that could run code when they are loaded


class Inspector(Protocol):
    """Looks at the files of a model."""

    def inspect(self, project: str, folder: str) -> Inspected | None:
        """Tell what is in a folder of the project's tree; None when no model is there."""
        ...

"""What tracking needs from packages above it."""

from dataclasses import dataclass
from typing import Protocol

from everlearn.db import Tx
from everlearn.storage import Hold


class Protection(Protocol):
    """Knows what must not go."""

    def of_folder(self, tx: Tx, project: str, folder: str) -> tuple[Hold, ...]:
        """Give the legal holds on files in, below or around a folder of a project's tree."""
        ...


@dataclass(frozen=True, slots=True)
class NoProtection:
    """Nothing is held."""

    def of_folder(self, tx: Tx, project: str, folder: str) -> tuple[Hold, ...]:  # noqa: ARG002  # as the port has it
        """Give none."""
        return ()

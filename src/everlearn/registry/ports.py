"""What the registry needs from those above it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from everlearn.db import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """One condition of a contract that a version does not fulfil."""

    condition: str  # stable, for machines: "gate_passed"
    detail: str  # for people: what is missing and what to do


class AliasContract(Protocol):
    """What a version must fulfil before an alias may name it."""

    def unmet(self, tx: Tx, project: str, model: str, alias: str, number: int | None) -> Sequence[Unmet]:
        """Give the conditions that are not fulfilled; none: the alias may move. `number` None: it is taken away."""
        ...

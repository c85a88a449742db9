"""The ledger of decisions: prepared from a rule and a window, recorded with their event, computed again on demand."""

from everlearn.decisions.events import Decided
from everlearn.decisions.model import (
    DecisionNotFoundError,
    Replay,
    ReplayedLedger,
    RuleUnknownError,
    WindowDamagedError,
    WindowMissingError,
)
from everlearn.decisions.service import Decisions

__all__ = [
    "Decided",
    "DecisionNotFoundError",
    "Decisions",
    "Replay",
    "ReplayedLedger",
    "RuleUnknownError",
    "WindowDamagedError",
    "WindowMissingError",
]

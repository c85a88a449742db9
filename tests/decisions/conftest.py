"""A ledger with one rule, whose arithmetic a reader can do in the head."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from everlearn.blobs import BlobStore, open_blobs
from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock
from everlearn.core.decisions import Decision, Finding, Rules, Verdict
from everlearn.core.digest import hex_of
from everlearn.core.json import JSONObject, JSONValue
from everlearn.db import Database
from everlearn.decisions import Decisions
from everlearn.decisions.events import EVENTS
from everlearn.eventlog import Catalogue, EventLog

NOON = datetime(2013, 2, 1, 12, tzinfo=UTC)
ROBOT = Actor("system:test")


def mean_at_most(parameters: JSONObject, window: JSONValue) -> Finding:
    """Pass where the mean of the numbers does not exceed the limit."""
    asked: Any = parameters
    seen: Any = window
    numbers = seen["numbers"]
    if not numbers:
        return Finding(verdict=Verdict.NOT_EVALUATED, reason="no numbers", evidence={"n": 0})
    mean = sum(numbers) / len(numbers)
    verdict = Verdict.PASS if mean <= asked["limit"] else Verdict.FAIL
    return Finding(verdict=verdict, reason=f"mean {mean:g}", evidence={"mean": mean, "n": len(numbers)})


RULES: Rules = {"test.mean@1": mean_at_most}


@dataclass(frozen=True)
class Ledger:
    """The ledger, and the places behind it that a test may break."""

    decisions: Decisions
    clock: ManualClock
    blob_folder: Path

    def prepared(self, numbers: list[float], **changes: Any) -> Decision:
        asked: dict[str, Any] = {
            "project": "default",
            "kind": "test.gate",
            "subject": "model:default/eta",
            "rule": "test.mean@1",
            "parameters": {"limit": 1.0},
            "window": {"numbers": numbers},
            "effective_at": NOON,
        }
        return self.decisions.prepare(**asked | changes)

    def recorded(self, numbers: list[float], **changes: Any) -> Decision:
        decision = self.prepared(numbers, **changes)
        with self.decisions.db.write() as tx:
            return self.decisions.record(tx, decision, actor=ROBOT)

    def with_rules(self, rules: Rules) -> "Ledger":
        mine = self.decisions
        return Ledger(Decisions(mine.db, mine.log, mine.blobs, mine.clock, rules), self.clock, self.blob_folder)

    def window_file(self, decision: Decision) -> Path:
        digits = hex_of(decision.window)
        return self.blob_folder / "sha256" / digits[:2] / digits[2:]

    def events(self) -> list[Any]:
        with self.decisions.db.read() as tx:
            return self.decisions.log.read(tx, after=0, limit=1_000)


def ledger_on(db: Database, folder: Path) -> Ledger:
    clock = ManualClock(datetime(2024, 3, 1, tzinfo=UTC))
    blobs: BlobStore = open_blobs(f"file://{folder}")
    return Ledger(Decisions(db, EventLog(Catalogue(EVENTS), clock), blobs, clock, RULES), clock, folder)


@pytest.fixture
def ledger(db: Database, tmp_path: Path) -> Ledger:
    """On each engine."""
    return ledger_on(db, tmp_path / "blobs")


@pytest.fixture
def sqlite_ledger(sqlite_db: Database, tmp_path: Path) -> Ledger:
    """On SQLite."""
    return ledger_on(sqlite_db, tmp_path / "blobs")

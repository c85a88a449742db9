from datetime import UTC, datetime
from pathlib import Path

import pytest

from everlearn.blobs import BlobStore, open_blobs
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.decisions.events import EVENTS as DECISION_EVENTS
from everlearn.eventlog import Catalogue, EventLog
from everlearn.policies.events import EVENTS as POLICY_EVENTS
from everlearn.registry import Registry
from everlearn.registry.events import EVENTS
from everlearn.storage.events import EVENTS as STORAGE_EVENTS
from everlearn.tracking.events import EVENTS as TRACKING_EVENTS


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2013, 1, 1, tzinfo=UTC))


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return open_blobs(f"file://{tmp_path / 'blobs'}")


@pytest.fixture
def log(clock: ManualClock) -> EventLog:
    return EventLog(Catalogue((*EVENTS, *DECISION_EVENTS, *POLICY_EVENTS, *STORAGE_EVENTS, *TRACKING_EVENTS)), clock)


@pytest.fixture
def registry(db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Registry:
    return Registry(db, log, blobs, clock)

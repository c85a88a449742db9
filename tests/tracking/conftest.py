from datetime import UTC, datetime
from pathlib import Path

import pytest

from everlearn.blobs import BlobStore, open_blobs
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import Catalogue, EventLog
from everlearn.storage.events import EVENTS as STORAGE
from everlearn.tracking import Tracking
from everlearn.tracking.events import EVENTS

NEW_YEAR = datetime(2013, 1, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NEW_YEAR)


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return open_blobs(f"file://{tmp_path / 'blobs'}")


@pytest.fixture
def log(clock: ManualClock) -> EventLog:
    return EventLog(Catalogue((*EVENTS, *STORAGE)), clock)


@pytest.fixture
def tracking(db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Tracking:
    return Tracking(db, log, blobs, clock)

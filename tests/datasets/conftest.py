from datetime import UTC, datetime
from pathlib import Path

import pytest

from everlearn.blobs import BlobStore, open_blobs
from everlearn.core.clock import ManualClock
from everlearn.datasets import Datasets
from everlearn.datasets.events import EVENTS
from everlearn.db import Database
from everlearn.eventlog import Catalogue, EventLog


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2013, 6, 1, tzinfo=UTC))


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return open_blobs(f"file://{tmp_path / 'blobs'}")


@pytest.fixture
def log(clock: ManualClock) -> EventLog:
    return EventLog(Catalogue(EVENTS), clock)


@pytest.fixture
def datasets(db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Datasets:
    return Datasets(db, log, blobs, clock)


@pytest.fixture
def local(sqlite_db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Datasets:
    """The service on SQLite, for what does not depend on the engine."""
    return Datasets(sqlite_db, log, blobs, clock)

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.tracing.senders import server_of
from tests.tracking.protocol import Server

from everlearn.blobs import BlobStore, open_blobs
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import Catalogue, EventLog
from everlearn.storage.events import EVENTS as STORAGE
from everlearn.tracing.events import EVENTS
from everlearn.tracking.events import EVENTS as TRACKING

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NEW_YEAR)


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return open_blobs(f"file://{tmp_path / 'blobs'}")


@pytest.fixture
def log(clock: ManualClock) -> EventLog:
    return EventLog(Catalogue((*EVENTS, *STORAGE, *TRACKING)), clock)


@pytest.fixture
def server(db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Server:
    return server_of(db, log, blobs, clock)


@pytest.fixture
def sqlite_server(sqlite_db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Server:
    """For what does not depend on the engine."""
    return server_of(sqlite_db, log, blobs, clock)

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.tracking.protocol import Server, server_of

from everlearn.app.events import CATALOGUE
from everlearn.blobs import BlobStore, open_blobs
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.policies import Policies
from everlearn.promotion import AliasPolicy


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return open_blobs(f"file://{tmp_path / 'blobs'}")


@pytest.fixture
def log(clock: ManualClock) -> EventLog:
    return EventLog(CATALOGUE, clock)


@pytest.fixture
def server(db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Server:
    return server_of(db, log, blobs, clock)


@pytest.fixture
def policies(db: Database, log: EventLog, clock: ManualClock) -> Policies:
    return Policies(db, log, clock, {"alias": AliasPolicy})

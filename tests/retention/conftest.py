from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.retention.house import House, house_of

from everlearn.blobs import open_blobs
from everlearn.core.clock import ManualClock
from everlearn.db import Database


@pytest.fixture
def house(db: Database, tmp_path: Path) -> House:
    return house_of(db, open_blobs((tmp_path / "blobs").as_uri()), ManualClock(datetime(2013, 1, 1, tzinfo=UTC)))

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.lineage.history import History, history_over

from everlearn.blobs import open_blobs
from everlearn.core.clock import ManualClock
from everlearn.db import Database


@pytest.fixture
def history(db: Database, tmp_path: Path) -> History:
    """A project in which nothing has happened, on each engine in turn."""
    clock = ManualClock(datetime(2013, 1, 1, tzinfo=UTC))
    return history_over(db, open_blobs(f"file://{tmp_path / 'blobs'}"), clock)

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.egress.receiver import Receiver, receiving
from tests.webhooks.bench import Bench, bench_over

from everlearn.core.clock import ManualClock
from everlearn.db import Database


@pytest.fixture
def bench(db: Database, tmp_path: Path) -> Bench:
    """A registry with webhooks and a worker, on each engine in turn."""
    return bench_over(db, tmp_path, ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))


@pytest.fixture
def sqlite_bench(sqlite_db: Database, tmp_path: Path) -> Bench:
    """The same, for what does not depend on the engine."""
    return bench_over(sqlite_db, tmp_path, ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A real server on this machine that takes deliveries."""
    with receiving() as receiver:
        yield receiver

import pytest
from tests.jobs.bench import Bench, bench_on

from everlearn.db import Database


@pytest.fixture
def bench(db: Database) -> Bench:
    """On each engine in turn."""
    return bench_on(db)


@pytest.fixture
def sqlite_bench(sqlite_db: Database) -> Bench:
    """On SQLite, for what does not depend on the engine."""
    return bench_on(sqlite_db)

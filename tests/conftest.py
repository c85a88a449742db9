"""Fixtures for everyone: a migrated database on both engines, as good as new for each test."""

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from tests.pooled import PooledDatabase

import everlearn.app.tables  # noqa: F401  # declares every table
from everlearn.db import Database, open_database
from everlearn.db.migrate import migrate

POSTGRESQL = os.environ.get("EVERLEARN_TEST_POSTGRESQL", "postgresql://127.0.0.1:5432/postgres")


def postgresql_or_skip() -> str:
    """Give a server to test on; skip on a laptop that has none, fail in CI."""
    try:
        psycopg.connect(POSTGRESQL, connect_timeout=2).close()
    except psycopg.OperationalError as error:
        if os.environ.get("CI"):
            pytest.fail(f"CI must have PostgreSQL at {POSTGRESQL}: {error}")
        pytest.skip("no PostgreSQL at 127.0.0.1:5432 (set EVERLEARN_TEST_POSTGRESQL to use another)")
    return POSTGRESQL


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """An empty PostgreSQL database, dropped afterwards."""
    server = postgresql_or_skip()
    name = f"everlearn_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    yield server.rsplit("/", 1)[0] + "/" + name
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def _postgresql_pool() -> Iterator[PooledDatabase]:
    pool = PooledDatabase(POSTGRESQL)
    yield pool
    pool.drop()


@pytest.fixture
def _migrated_postgresql_url(_postgresql_pool: PooledDatabase) -> Iterator[str]:
    postgresql_or_skip()
    yield _postgresql_pool.lend()
    _postgresql_pool.take_back()


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "everlearn.db"
    database = open_database(f"sqlite:///{path}")
    migrate(database)
    database.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each engine in turn: empty, or migrated where a test asks for `db` too."""
    is_migrated = "db" in request.fixturenames
    if request.param == "sqlite":
        path = tmp_path / "everlearn.db"
        if is_migrated:
            shutil.copy(request.getfixturevalue("_migrated_sqlite"), path)
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("_migrated_postgresql_url" if is_migrated else "postgresql_url")
    return url


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """A migrated database of each engine in turn: the same test body runs on both."""
    database = open_database(database_url)
    yield database
    database.close()


@pytest.fixture
def sqlite_db(tmp_path: Path, _migrated_sqlite: Path) -> Iterator[Database]:
    """A migrated SQLite database, for what does not depend on the engine."""
    path = tmp_path / "everlearn.db"
    shutil.copy(_migrated_sqlite, path)
    database = open_database(f"sqlite:///{path}")
    yield database
    database.close()

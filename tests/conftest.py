"""Fixtures for everyone: a migrated database on both engines, made fresh for each test."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

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


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each engine in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'everlearn.db'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """A migrated database of each engine in turn: the same test body runs on both."""
    database = open_database(database_url)
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def sqlite_db(tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database, for what does not depend on the engine."""
    database = open_database(f"sqlite:///{tmp_path / 'everlearn.db'}")
    migrate(database)
    yield database
    database.close()

"""Opening a database and working in it.

SQLite: write-ahead log, full synchronisation (an acknowledged commit survives a power cut), one writer at a time
by `begin immediate`, so a transaction never fails half-way for want of a lock. PostgreSQL: psycopg 3 behind a pool.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine import Connection, CursorResult, Engine

from everlearn.core.errors import InvalidError
from everlearn.db.failures import translate

BUSY_TIMEOUT_MS = 30_000


@dataclass(frozen=True)  # without slots: what it knows of its connection is kept
class Tx:
    """A transaction in progress. Stores take it as their first argument; whoever opened it commits it."""

    connection: Connection
    after_commit: list[Callable[[], None]] = field(default_factory=list)  # called once everything is durable

    @cached_property
    def driver(self) -> Any:
        """Give the driver's own connection, for statements that are written out (`Sql`)."""
        return self.connection.connection.dbapi_connection

    @cached_property
    def is_postgresql(self) -> bool:
        """Tell the engine, for the few statements that must differ."""
        return self.connection.dialect.name == "postgresql"

    def execute(
        self,
        statement: sa.Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> CursorResult[Any]:
        """Run one statement (with a list of parameters: once for each)."""
        result = self.connection.execute(statement, parameters)
        assert isinstance(result, CursorResult)  # noqa: S101  # narrows the type; Core always gives this
        return result


@dataclass(frozen=True, slots=True)
class Database:
    """A pool of connections and the two ways to use one."""

    engine: Engine
    url: str
    write_lock: RLock

    @property
    def is_sqlite(self) -> bool:
        """Tell whether this is the embedded engine."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """See one consistent state; nothing can be changed."""
        with _translated(self.engine), self.engine.connect() as connection:
            reading = connection.execution_options(everlearn_write=False)
            with reading.begin():
                yield Tx(reading)

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """Change things: everything inside commits together, or nothing does. Keep it short, no network inside."""
        with _translated(self.engine), self._turn(), self.engine.connect() as connection, _begun(connection) as tx:
            yield tx

    def connect(self) -> Connection:
        """Take a connection for `write_on`; the caller closes it."""
        with _translated(self.engine):
            return self.engine.connect()

    @contextmanager
    def write_on(self, connection: Connection) -> Iterator[Tx]:
        """Change things on a connection that the caller keeps, because it writes all the time."""
        with _translated(self.engine), self._turn(), _begun(connection) as tx:
            yield tx

    def _turn(self) -> AbstractContextManager[Any]:
        """Let threads of one process queue here in order instead of polling SQLite's lock."""
        return self.write_lock if self.is_sqlite else nullcontext()

    def close(self) -> None:
        """Give all connections back to the operating system."""
        self.engine.dispose()


def open_database(url: str, *, pool_size: int = 8) -> Database:
    """Open `sqlite:///path/to/file` or `postgresql://user@host/name`; creates no tables (see `db.migrate`).

    Raises
    ------
    InvalidError
        When the URL names another engine or is none.
    """
    try:
        parsed = sa.make_url(url)
    except exc.ArgumentError as error:
        raise InvalidError("not a database URL; expected sqlite:///file or postgresql://host/name") from error
    match parsed.get_backend_name():
        case "sqlite":
            engine = _sqlite_engine(parsed, pool_size)
        case "postgresql" | "postgres":
            engine = sa.create_engine(
                parsed.set(drivername="postgresql+psycopg"),
                pool_size=pool_size,
                max_overflow=pool_size,
                pool_pre_ping=True,
                connect_args={"connect_timeout": 5},
            )
            event.listen(engine, "begin", _begin_postgresql)
        case other:
            raise InvalidError(f"database engine {other!r} is not supported; use sqlite or postgresql")
    return Database(engine, url, RLock())


def _sqlite_engine(url: sa.URL, pool_size: int) -> Engine:
    if url.database in (None, "", ":memory:"):
        raise InvalidError("an in-memory SQLite database cannot be shared; give a file: sqlite:///path/to/file")
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url,
        poolclass=sa.QueuePool,
        pool_size=pool_size,
        max_overflow=pool_size,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say `begin` ourselves
    for pragma in (
        "journal_mode=wal",
        "synchronous=full",
        "foreign_keys=on",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "temp_store=memory",
        "cache_size=-32000",
        "wal_autocheckpoint=8000",  # pages: a checkpoint every 32 MB writes often-changed pages once, not eight times
    ):
        connection.execute(f"pragma {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("everlearn_write", False)
    connection.exec_driver_sql("begin immediate" if writing else "begin deferred")


def _begin_postgresql(connection: Connection) -> None:
    if not connection.get_execution_options().get("everlearn_write", False):
        connection.exec_driver_sql("set transaction isolation level repeatable read read only")


@contextmanager
def _begun(connection: Connection) -> Iterator[Tx]:
    writing = connection.execution_options(everlearn_write=True)
    tx = Tx(writing)
    with writing.begin():
        yield tx
    for callback in tx.after_commit:
        callback()


@contextmanager
def _translated(engine: Engine) -> Iterator[None]:
    try:
        yield
    except (exc.DBAPIError, engine.dialect.loaded_dbapi.Error) as error:
        ours = translate(error)
        if ours is None:
            raise
        raise ours from error

"""One migrated PostgreSQL database for many tests, emptied after each: making one takes longer than most tests do."""

import uuid
from dataclasses import dataclass

import psycopg
from psycopg import sql

from everlearn.db import metadata, open_database
from everlearn.db.migrate import migrate

_END_OTHERS = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> %s"
_SCHEMA = """
select md5(string_agg(line, E'\\n' order by line)) from (
    select attrelid::regclass || ' ' || attname || ' ' || atttypid || ' ' || attnotnull || ' ' || attisdropped as line
    from pg_attribute where attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
    union all
    select conrelid::regclass || ' ' || pg_get_constraintdef(oid) from pg_constraint
    where connamespace = 'public'::regnamespace
    union all
    select tgrelid::regclass || ' ' || tgname from pg_trigger where not tgisinternal
) as lines
"""


@dataclass(slots=True)
class PooledDatabase:
    """A database that is lent to one test after the other; one whose schema a test changed is replaced."""

    server: str
    url: str = ""
    schema: str = ""

    def lend(self) -> str:
        """Give the address of an empty, migrated database."""
        if not self.url:
            self._make()
        return self.url

    def take_back(self) -> None:
        """Empty the database, whatever a test and its processes left there."""
        with psycopg.connect(self.url, autocommit=True) as admin:
            admin.execute(_END_OTHERS, [admin.info.backend_pid])
            is_as_made = _schema(admin) == self.schema
            if is_as_made:
                _empty(admin)
        if not is_as_made:
            self.drop()

    def drop(self) -> None:
        """Remove the database."""
        if self.url:
            with psycopg.connect(self.server, autocommit=True) as admin:
                admin.execute(sql.SQL("drop database {} with (force)").format(_named(self.url)))
        self.url = ""

    def _make(self) -> None:
        url = f"{self.server.rsplit('/', 1)[0]}/everlearn_pool_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.server, autocommit=True) as admin:
            admin.execute(sql.SQL("create database {}").format(_named(url)))
        self.url = url
        database = open_database(url)
        migrate(database)
        database.close()
        with psycopg.connect(url, autocommit=True) as admin:
            self.schema = _schema(admin)


def _named(url: str) -> sql.Identifier:
    return sql.Identifier(url.rsplit("/", 1)[1])


def _schema(admin: "psycopg.Connection[tuple[object, ...]]") -> str:
    row = admin.execute(_SCHEMA).fetchone()
    return str(row[0]) if row else ""


def _empty(admin: "psycopg.Connection[tuple[object, ...]]") -> None:
    names = [table.name for table in metadata.sorted_tables]
    question = sql.SQL(" union all ").join(
        sql.SQL("(select {} where exists (select 1 from {}))").format(sql.Literal(name), sql.Identifier(name))
        for name in names
    )
    filled = [str(name) for (name,) in admin.execute(question)]
    if filled:
        tables = sql.SQL(", ").join(map(sql.Identifier, filled))
        admin.execute(sql.SQL("truncate {} restart identity cascade").format(tables))

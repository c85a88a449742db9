import multiprocessing as mp
from pathlib import Path

import pytest
import sqlalchemy as sa

from everlearn.core.errors import ConflictError, DamagedError, InvalidError, UnavailableError
from everlearn.db import Database, open_database
from everlearn.db.migrate import migrate, newest_revision, schema_revision


def count_up(url: str, times: int) -> None:
    database = open_database(url)
    for _ in range(times):
        with database.write() as tx:
            value = tx.execute(sa.text("select n from counter")).scalar_one()
            tx.execute(sa.text("update counter set n = :n"), {"n": value + 1})
    database.close()


def make_counter(url: str) -> Database:
    database = open_database(url)
    with database.write() as tx:
        tx.execute(sa.text("create table counter (n integer not null check (n >= 0))"))
        tx.execute(sa.text("insert into counter values (0)"))
    return database


def test_a_failed_transaction_leaves_nothing_behind(database_url: str) -> None:
    database = make_counter(database_url)

    def change_twice() -> None:
        with database.write() as tx:
            tx.execute(sa.text("update counter set n = 5"))
            tx.execute(sa.text("update counter set n = -1"))

    with pytest.raises(ConflictError):
        change_twice()

    with database.read() as tx:
        assert tx.execute(sa.text("select n from counter")).scalar_one() == 0
    database.close()


def test_concurrent_sqlite_writers_lose_no_update(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'counter.db'}"
    database = make_counter(url)
    context = mp.get_context("spawn")
    writers = [context.Process(target=count_up, args=(url, 50)) for _ in range(4)]

    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    with database.read() as tx:
        assert tx.execute(sa.text("select n from counter")).scalar_one() == 200
    database.close()


def test_a_reader_cannot_write_on_postgresql(postgresql_url: str) -> None:
    database = make_counter(postgresql_url)

    with pytest.raises(Exception, match="read-only"), database.read() as tx:
        tx.execute(sa.text("update counter set n = 1"))
    database.close()


def test_migrating_brings_any_engine_to_the_newest_schema(database_url: str) -> None:
    database = open_database(database_url)

    migrate(database)
    migrate(database)

    with database.read() as tx:
        assert schema_revision(tx) == newest_revision()
    database.close()


def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"this was never a database" * 100)
    database = open_database(f"sqlite:///{tmp_path / 'broken.db'}")

    with pytest.raises(DamagedError, match="damaged"), database.read() as tx:
        tx.execute(sa.text("select 1"))


def test_an_unreachable_postgresql_is_called_unavailable() -> None:
    database = open_database("postgresql://127.0.0.1:1/nowhere")

    with pytest.raises(UnavailableError, match="does not answer"), database.read() as tx:
        tx.execute(sa.text("select 1"))


@pytest.mark.parametrize("url", ["mysql://host/db", "no url at all", "sqlite://"])
def test_a_url_we_cannot_use_is_refused_with_the_ones_we_can(url: str) -> None:
    with pytest.raises(InvalidError, match="sqlite"):
        open_database(url)

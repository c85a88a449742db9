"""Writes that share a commit: each is answered on its own, after everything is durable."""

import asyncio
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from everlearn.core.errors import ConflictError, UnavailableError
from everlearn.db import Database, Sql, Tx, open_database
from everlearn.db.group import GroupWriter

INSERT = Sql("insert into numbers (n) values (?)")


@pytest.fixture
def numbers(db: Database) -> Database:
    with db.write() as tx:
        tx.execute(sa.text("create table numbers (n integer primary key)"))
    return db


def stored(db: Database) -> list[int]:
    with db.read() as tx:
        return [int(n) for (n,) in Sql("select n from numbers order by n").rows(tx)]


def adding(number: int) -> Callable[[Tx], int]:
    def work(tx: Tx) -> int:
        INSERT.run(tx, number)
        return number

    return work


def test_a_write_that_fails_takes_no_other_with_it(numbers: Database) -> None:
    writer = GroupWriter(numbers)

    async def all_at_once() -> list[int | BaseException]:
        wanted = [*range(50), 7, *range(50, 60)]  # 7 twice
        return await asyncio.gather(*(writer.submit(adding(n)) for n in wanted), return_exceptions=True)

    answers = asyncio.run(all_at_once())
    writer.close()

    assert [type(one) for one in answers if not isinstance(one, int)] == [ConflictError]
    assert stored(numbers) == list(range(60))


def test_a_write_alone_fails_as_itself_and_the_next_one_succeeds(numbers: Database) -> None:
    writer = GroupWriter(numbers)

    async def one_by_one() -> None:
        await writer.submit(adding(1))
        with pytest.raises(ConflictError):
            await writer.submit(adding(1))
        await writer.submit(adding(2))

    asyncio.run(one_by_one())
    writer.close()

    assert stored(numbers) == [1, 2]


def test_a_broken_connection_is_replaced(numbers: Database) -> None:
    writer = GroupWriter(numbers)

    def broken(tx: Tx) -> None:
        tx.driver.close()

    async def breaking() -> None:
        await writer.submit(adding(1))
        with pytest.raises(Exception):  # noqa: B017, PT011  # what the driver makes of it
            await writer.submit(broken)
        await writer.submit(adding(2))

    asyncio.run(breaking())
    writer.close()

    assert stored(numbers) == [1, 2]


def test_a_database_that_is_not_there_is_one_that_does_not_answer_now() -> None:
    writer = GroupWriter(open_database("postgresql://127.0.0.1:1/nobody"))

    with pytest.raises(UnavailableError):
        asyncio.run(writer.submit(adding(1)))
    writer.close()


def test_a_reader_sees_one_state_while_others_write(numbers: Database) -> None:
    count = Sql("select count(*) from numbers")
    with numbers.read() as tx:
        before = count.row(tx)
        with numbers.write() as other:
            INSERT.run(other, 1)
        after = count.row(tx)

    assert before == after == (0,)
    assert stored(numbers) == [1]

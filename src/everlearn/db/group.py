"""Group commit: writes that arrive together become durable together.

A commit costs a wait for the disk, whatever is in it. One thread takes all writes that wait, runs them in one
transaction, each behind a savepoint, and answers them when the transaction is committed: nobody is told of a write
that is not durable, and a write that fails takes no other with it.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeVar

from sqlalchemy.engine import Connection

from everlearn.db.engine import Database, Tx
from everlearn.db.failures import translate
from everlearn.db.sql import Sql

T = TypeVar("T")
_MOST_TOGETHER = 64


_SAVE, _KEEP = Sql("savepoint one"), Sql("release savepoint one")
_UNDO = Sql("rollback to savepoint one")


class _Write(NamedTuple):
    work: Callable[[Tx], Any]
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[Any]"


class _Outcome(NamedTuple):
    write: _Write
    result: Any
    failure: BaseException | None


@dataclass(frozen=True, slots=True)
class GroupWriter:
    """Takes writes from any thread or event loop; its own thread begins with the first one."""

    db: Database
    queue: "SimpleQueue[_Write | None]" = field(default_factory=SimpleQueue)
    thread: list[threading.Thread] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def submit(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a transaction of the writer's; returns when it is durable, raises what it raised."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        if not self.thread:
            self._begin()
        self.queue.put(_Write(work, loop, done))
        return await done

    def close(self) -> None:
        """Finish what is queued and end the thread."""
        with self.lock:
            if self.thread:
                self.queue.put(None)
                self.thread.pop().join()

    def _begin(self) -> None:
        with self.lock:
            if not self.thread:
                self.thread.append(threading.Thread(target=self._run, name="group-writer", daemon=True))
                self.thread[0].start()

    def _run(self) -> None:
        kept = _Kept(self.db)
        while (first := self.queue.get()) is not None:
            waiting, ends = self._waiting(first)
            self._write(kept, waiting)
            if ends:
                break
        kept.drop()

    def _waiting(self, first: _Write) -> tuple[list[_Write], bool]:
        waiting = [first]
        while len(waiting) < _MOST_TOGETHER and not self.queue.empty():
            following = self.queue.get()
            if following is None:
                return waiting, True
            waiting.append(following)
        return waiting, False

    def _write(self, kept: "_Kept", waiting: list[_Write]) -> None:
        waiting = [one for one in waiting if not one.done.cancelled()]
        outcomes: list[_Outcome] = []
        try:
            with self.db.write_on(kept.connection()) as tx:
                if len(waiting) == 1:  # alone: the transaction itself is the savepoint
                    outcomes.append(_Outcome(waiting[0], waiting[0].work(tx), None))
                else:
                    outcomes.extend(_attempted(tx, one) for one in waiting)
        except BaseException as error:  # noqa: BLE001  # whatever it is, whoever waits must be told
            kept.drop()  # it may be the connection's fault
            outcomes = [_Outcome(one, None, error) for one in waiting]
        for loop in {one.write.loop for one in outcomes}:
            mine = [one for one in outcomes if one.write.loop is loop]
            with suppress(RuntimeError):  # the loop has ended, and with it everybody who waited in it
                loop.call_soon_threadsafe(_answer, mine)


@dataclass(slots=True)
class _Kept:
    """The writer's own connection: taking one from the pool for each commit would cost as much as a statement."""

    db: Database
    opened: Connection | None = None

    def connection(self) -> Connection:
        """Give the connection, opened where there is none."""
        if self.opened is None:
            self.opened = self.db.connect()
        return self.opened

    def drop(self) -> None:
        """Give the connection back."""
        if self.opened is not None:
            self.opened.close()
            self.opened = None


def _attempted(tx: Tx, one: _Write) -> _Outcome:
    callbacks = len(tx.after_commit)
    _SAVE.run(tx)
    try:
        result = one.work(tx)
    except Exception as error:  # noqa: BLE001  # it belongs to the one who asked
        _UNDO.run(tx)
        del tx.after_commit[callbacks:]
        return _Outcome(one, None, translate(error) or error)
    _KEEP.run(tx)
    return _Outcome(one, result, None)


def _answer(outcomes: list[_Outcome]) -> None:
    """Tell those who wait in one event loop, inside it."""
    for write, result, failure in outcomes:
        if write.done.done():  # whoever asked has left
            continue
        if failure is None:
            write.done.set_result(result)
        else:
            write.done.set_exception(failure)

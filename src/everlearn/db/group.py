"""Group commit: writes that arrive together become durable together.

A commit costs a wait for the disk, whatever is in it. One thread takes all writes that wait, runs them in one
transaction, each behind a savepoint, and answers them when the transaction is committed: nobody is told of a write
that is not durable, and a write that fails takes no other with it.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, TypeVar

from everlearn.db.engine import Database, Tx

T = TypeVar("T")
_MOST_TOGETHER = 64


@dataclass(frozen=True, slots=True)
class _Write:
    work: Callable[[Tx], Any]
    done: Future[Any]


@dataclass(frozen=True, slots=True)
class GroupWriter:
    """Takes writes from any thread or event loop; its own thread begins with the first one."""

    db: Database
    queue: "SimpleQueue[_Write | None]" = field(default_factory=SimpleQueue)
    thread: list[threading.Thread] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def submit(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a transaction of the writer's; returns when it is durable, raises what it raised."""
        return await asyncio.wrap_future(self.send(work))

    def send(self, work: Callable[[Tx], T]) -> "Future[T]":
        """Queue a write."""
        done: Future[T] = Future()
        if not self.thread:
            self._begin()
        self.queue.put(_Write(work, done))
        return done

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
        while (first := self.queue.get()) is not None:
            waiting, ends = self._waiting(first)
            self._write(waiting)
            if ends:
                return

    def _waiting(self, first: _Write) -> tuple[list[_Write], bool]:
        waiting = [first]
        while len(waiting) < _MOST_TOGETHER and not self.queue.empty():
            following = self.queue.get()
            if following is None:
                return waiting, True
            waiting.append(following)
        return waiting, False

    def _write(self, waiting: list[_Write]) -> None:
        waiting = [one for one in waiting if one.done.set_running_or_notify_cancel()]
        results: list[tuple[_Write, Any, BaseException | None]] = []
        try:
            with self.db.write() as tx:
                if len(waiting) == 1:  # alone: the transaction itself is the savepoint
                    results.append((waiting[0], waiting[0].work(tx), None))
                else:
                    results.extend(_attempted(tx, one) for one in waiting)
        except BaseException as error:  # noqa: BLE001  # whatever it is, whoever waits must be told
            for one in waiting:
                one.done.set_exception(error)
            return
        for one, result, failure in results:
            if failure is None:
                one.done.set_result(result)
            else:
                one.done.set_exception(failure)


def _attempted(tx: Tx, one: _Write) -> tuple[_Write, Any, BaseException | None]:
    callbacks = len(tx.after_commit)
    tx.connection.exec_driver_sql("savepoint one")
    try:
        result = one.work(tx)
    except Exception as error:  # noqa: BLE001  # it belongs to the one who asked
        tx.connection.exec_driver_sql("rollback to savepoint one")
        del tx.after_commit[callbacks:]
        return one, None, error
    tx.connection.exec_driver_sql("release savepoint one")
    return one, result, None

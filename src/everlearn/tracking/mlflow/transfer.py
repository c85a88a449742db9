"""Bytes on their way between a connection, which lives in the event loop, and disks and stores, which live in threads.

No thread is held while a slow client is waited for: a thread takes or gives one piece at a time. One side works on a
piece while the other side works on the next, so memory is bounded by two pieces. A piece is large, because handing
one over costs more than copying it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, ExitStack, suppress
from typing import Any, Protocol, TypeVar

from everlearn.web.mlflow.application import chunks_of
from everlearn.web.mlflow.routes import Receive, Send

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_PIECE = 1024 * 1024  # bytes


class Sink(Protocol[T_co]):
    """Whatever takes bytes and gives something for the whole."""

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        ...

    def finish(self) -> T_co:
        """Take no more; what was written counts from now on."""
        ...


async def taken_in(receive: Receive, opened: AbstractContextManager[Sink[T]], threads: Executor) -> T:
    """Write a request's body to a sink and give what its `finish` gives.

    Raises
    ------
    ConnectionError
        When the client leaves before the end; nothing is kept then.
    """
    pieces = _pieces(chunks_of(receive))
    first = await anext(pieces, b"")
    second = await anext(pieces, b"") if len(first) >= _PIECE else b""
    if not second:
        return await _run(threads, _at_once, opened, first)
    stack = ExitStack()
    sink = await _run(threads, stack.enter_context, opened)
    writing = _run(threads, _write_both, sink, first, second)
    try:
        async for piece in pieces:
            await writing
            writing = _run(threads, sink.write, piece)
        await writing
        return await _run(threads, sink.finish)
    finally:
        with suppress(Exception):  # it was awaited above unless something else went wrong first
            await writing
        await _run(threads, stack.close)


async def sent_out(chunks: Iterator[bytes], size: int, receive: Receive, send: Send, threads: Executor) -> None:
    """Send a body of so many bytes, reading ahead by one piece; stop when the client leaves."""
    if not size:
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return
    gone = asyncio.ensure_future(_left(receive))
    reading = _run(threads, next, chunks, b"")
    try:
        while size > 0 and (chunk := await reading) and not gone.done():
            size -= len(chunk)
            if size > 0:
                reading = _run(threads, next, chunks, b"")
            await send({"type": "http.response.body", "body": chunk, "more_body": size > 0})
    finally:
        gone.cancel()
        with suppress(Exception):
            await reading
        if isinstance(chunks, Generator):
            await _run(threads, chunks.close)


async def send_done(send: Send, *headers: tuple[bytes, bytes]) -> None:
    """Answer that it is done."""
    told = [(b"content-type", b"application/json"), (b"content-length", b"2"), *headers]
    await send({"type": "http.response.start", "status": 200, "headers": told})
    await send({"type": "http.response.body", "body": b"{}", "more_body": False})


async def _pieces(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    held, size = list[bytes](), 0
    async for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= _PIECE:
            yield b"".join(held)
            held, size = [], 0
    if size:
        yield b"".join(held)


def _at_once(opened: AbstractContextManager[Sink[T]], content: bytes) -> T:
    with opened as sink:
        sink.write(content)
        return sink.finish()


def _write_both(sink: Sink[Any], first: bytes, second: bytes) -> None:
    sink.write(first)
    sink.write(second)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _run(threads: Executor, call: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
    return asyncio.get_running_loop().run_in_executor(threads, call, *arguments)

"""Files on their way out: whole or in part, always as downloads of a neutral type, since they may be anybody's HTML."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from everlearn.blobs import BlobStore
from everlearn.core.digest import Digest
from everlearn.tracking.mlflow.transfer import sent_out
from everlearn.web.mlflow.ranges import RangeError, Span, is_known, wanted_span
from everlearn.web.mlflow.routes import Receive, Scope, Send

Header = tuple[bytes, bytes]


class Content(NamedTuple):
    """What stands at a path, and the name that it is saved under."""

    digest: Digest
    size_bytes: int
    name: str


class _Opened(NamedTuple):
    status: int
    headers: list[Header]
    size_bytes: int
    chunks: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Downloads:
    """Sends content. Its digest is its entity tag: a part is always of the content that the client knows."""

    blobs: BlobStore
    threads: ThreadPoolExecutor

    async def send(self, find: Callable[[], Content], scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for what `find` finds; damage breaks the answer off before its end."""
        opened = await asyncio.get_running_loop().run_in_executor(self.threads, self._opened, find, scope)
        await send({"type": "http.response.start", "status": opened.status, "headers": opened.headers})
        await sent_out(opened.chunks, opened.size_bytes, receive, send, self.threads)

    def _opened(self, find: Callable[[], Content], scope: Scope) -> _Opened:
        content, asked = find(), dict(scope["headers"])
        etag = f'"{content.digest}"'
        headers = _headers(content, etag)
        if is_known(asked, etag):
            return _Opened(304, headers, 0, iter(()))
        try:
            span = wanted_span(asked, etag, content.size_bytes)
        except RangeError:
            unsatisfied = (b"content-range", f"bytes */{content.size_bytes}".encode())
            return _Opened(416, [*headers, unsatisfied, (b"content-length", b"0")], 0, iter(()))
        size = content.size_bytes if span is None else span.stop - span.start
        headers.append((b"content-length", str(size).encode()))
        if span is not None:
            headers.append((b"content-range", f"bytes {span.start}-{span.stop - 1}/{content.size_bytes}".encode()))
        status = 200 if span is None else 206
        if scope["method"] == "HEAD":
            return _Opened(status, headers, 0, iter(()))
        return _Opened(status, headers, size, _first_read(self._chunks(content, span)))

    def _chunks(self, content: Content, span: Span | None) -> Iterator[bytes]:
        if span is None:
            return self.blobs.stream(content.digest)
        return self.blobs.stream_span(content.digest, span.start, span.stop)


def _first_read(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Read the first piece now, so that what is absent or small and damaged is told before the answer begins."""
    first = next(chunks, b"")

    def all_of_them() -> Iterator[bytes]:
        yield first
        yield from chunks

    return all_of_them()


def _headers(content: Content, etag: str) -> list[Header]:
    return [
        (b"content-type", b"application/octet-stream"),
        (b"content-disposition", f"attachment; filename*=UTF-8''{quote(content.name, safe='')}".encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"accept-ranges", b"bytes"),
        (b"etag", etag.encode()),
    ]

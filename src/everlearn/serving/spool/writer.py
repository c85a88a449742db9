"""Writing a spool: one thread writes what all waiting requests left, flushes once, and tells them all.

The more requests wait, the more of them share a flush; a lone request waits for one flush and nothing else.
"""

import asyncio
import os
from collections.abc import Sequence
from queue import SimpleQueue
from threading import Thread

from everlearn.core.errors import EverlearnError, StorageFullError, UnavailableError
from everlearn.serving.spool.folder import Segment, SpoolFolder
from everlearn.serving.spool.frames import encode_frame

SEGMENT_BYTES = 64 * 1024 * 1024
MOST_UNSHIPPED_BYTES = 8 * 1024 * 1024 * 1024
_MOST_A_FLUSH_BYTES = 8 * 1024 * 1024

sync = getattr(os, "fdatasync", os.fsync)
"""Makes a file's content durable; macOS has no `fdatasync`."""

_Entry = tuple[bytes, "asyncio.Future[None]"]


class SpoolWriter:
    """The writing end of a spool, for one event loop."""

    def __init__(
        self,
        folder: SpoolFolder,
        loop: asyncio.AbstractEventLoop,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        most_unshipped_bytes: int = MOST_UNSHIPPED_BYTES,
    ) -> None:
        self.folder = folder
        self.shipped = 0  # position; the shipper moves it
        self._loop = loop
        self._segment_bytes = segment_bytes
        self._most_unshipped_bytes = most_unshipped_bytes
        self._queue: SimpleQueue[_Entry | None] = SimpleQueue()
        self._segment = _next_segment(folder)
        self._fd = _open(self._segment)
        self._is_broken = False  # the segment's tail is unknown; a new one begins before the next record
        self.durable_end = self._segment.start  # all before this position survives a power cut
        self._thread = Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    @property
    def segment(self) -> Segment:
        """Give the segment being written."""
        return self._segment

    @property
    def unshipped_bytes(self) -> int:
        """Tell how much is not in the database yet."""
        return max(0, self.durable_end - self.shipped)

    def append(self, payload: bytes) -> "asyncio.Future[None]":
        """Write a record; the future is done when it is durable, and fails when it could not be written."""
        done = self._loop.create_future()
        if self.unshipped_bytes > self._most_unshipped_bytes:
            done.set_exception(
                StorageFullError("the prediction spool is full because the database has been away too long")
            )
        else:
            self._queue.put((encode_frame(payload), done))
        return done

    def close(self) -> None:
        """Write what is waiting and stop."""
        self._queue.put(None)
        self._thread.join()
        os.close(self._fd)

    def _run(self) -> None:
        is_open = True
        while is_open:
            entries, is_open = self._waiting()
            if entries:
                error = self._flush(b"".join(frame for frame, _ in entries))
                self._loop.call_soon_threadsafe(_settle, [done for _, done in entries], error)

    def _waiting(self) -> tuple[list[_Entry], bool]:
        entries: list[_Entry] = []
        size_bytes = 0
        entry = self._queue.get()
        while entry is not None:
            entries.append(entry)
            size_bytes += len(entry[0])
            if self._queue.empty() or size_bytes > _MOST_A_FLUSH_BYTES:
                return entries, True
            entry = self._queue.get()
        return entries, False

    def _flush(self, content: bytes) -> EverlearnError | None:
        try:
            if self._is_broken or self.durable_end - self._segment.start > self._segment_bytes:
                self._begin_segment()
            _write_all(self._fd, content)
            sync(self._fd)
        except OSError as error:
            self._is_broken = True
            failure = UnavailableError("the prediction spool cannot be written; nothing was answered, try again")
            failure.__cause__ = error
            return failure
        self.durable_end += len(content)
        return None

    def _begin_segment(self) -> None:
        if self._is_broken:
            # a flush that failed may have left anything behind the last durable byte
            os.truncate(self._segment.path, self.durable_end - self._segment.start)
        segment = _next_segment(self.folder)
        new_fd = _open(segment)
        os.close(self._fd)
        self._segment, self._fd, self._is_broken = segment, new_fd, False
        self.durable_end = segment.start


def _next_segment(folder: SpoolFolder) -> Segment:
    segments = folder.segments()
    return folder.new_segment(segments[-1].end if segments else 0)


def _open(segment: Segment) -> int:
    return os.open(segment.path, os.O_WRONLY | os.O_APPEND)


def _write_all(fd: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _settle(waiting: Sequence["asyncio.Future[None]"], error: EverlearnError | None) -> None:
    for done in waiting:
        if done.done():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

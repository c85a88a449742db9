import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlearn.core.errors import StorageFullError, UnavailableError
from everlearn.serving.spool import SpoolFolder, SpoolInUseError, SpoolWriter, open_folder, read_portion
from everlearn.serving.spool.frames import encode_frame, payload_at


def written(path: Path, *payloads: bytes, segment_bytes: int = 1_000_000) -> int:
    """Write with a process's life: open, append one after the other, close; give the durable end."""

    async def live(writer: SpoolWriter) -> int:
        for payload in payloads:
            await writer.append(payload)
        return writer.durable_end

    return in_life(path, live, segment_bytes=segment_bytes)


def in_life(path: Path, live: Callable[[SpoolWriter], Awaitable[int]], *, segment_bytes: int = 1_000_000) -> int:
    async def run() -> int:
        writer = SpoolWriter(folder, asyncio.get_running_loop(), segment_bytes=segment_bytes)
        try:
            return await live(writer)
        finally:
            writer.close()

    folder = open_folder(path)
    try:
        return asyncio.run(run())
    finally:
        folder.release()


def read_all(path: Path, until: int, *, position: int = 0) -> tuple[list[bytes], int]:
    payloads: list[bytes] = []
    skipped_bytes = 0
    folder = open_folder(path)
    while position < until:
        portion = read_portion(folder.segments(), position, until)
        payloads += portion.payloads
        skipped_bytes += portion.skipped_bytes
        position = portion.end
    folder.release()
    return payloads, skipped_bytes


def last_segment(path: Path) -> Path:
    return max(path.glob("*.spool"))


def test_records_come_back_in_order(tmp_path: Path) -> None:
    end = written(tmp_path, b"one", b"", b"three")

    assert read_all(tmp_path, end) == ([b"one", b"", b"three"], 0)


def test_records_of_several_lives_follow_each_other(tmp_path: Path) -> None:
    written(tmp_path, b"one")
    end = written(tmp_path, b"two")

    assert read_all(tmp_path, end) == ([b"one", b"two"], 0)


def test_requests_that_wait_together_are_flushed_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushes: list[int] = []
    flush = os.fdatasync

    def counted(fd: int) -> None:
        flushes.append(fd)
        flush(fd)

    async def live(writer: SpoolWriter) -> int:
        await asyncio.gather(*(writer.append(str(number).encode()) for number in range(500)))
        return writer.durable_end

    monkeypatch.setattr("everlearn.serving.spool.writer.sync", counted)
    end = in_life(tmp_path, live)

    assert len(read_all(tmp_path, end)[0]) == 500
    assert len(flushes) < 250


def test_a_torn_tail_is_left_where_the_crash_left_it(tmp_path: Path) -> None:
    written(tmp_path, b"one")
    with last_segment(tmp_path).open("ab") as file:
        file.write(encode_frame(b"never answered")[:-3])
    end = written(tmp_path, b"two")

    assert read_all(tmp_path, end) == ([b"one", b"two"], 8 + len(b"never answered") - 3)


def test_damage_hides_no_more_than_the_rest_of_its_segment(tmp_path: Path) -> None:
    written(tmp_path, b"one", b"two", b"three")
    segment = last_segment(tmp_path)
    segment.write_bytes(segment.read_bytes().replace(b"two", b"twO"))
    end = written(tmp_path, b"four")

    payloads, skipped_bytes = read_all(tmp_path, end)

    assert payloads == [b"one", b"four"]
    assert skipped_bytes == len(encode_frame(b"two") + encode_frame(b"three"))


def test_a_record_larger_than_a_portion_is_read_whole(tmp_path: Path) -> None:
    large = os.urandom(3_000_000)
    end = written(tmp_path, b"one", large, b"three")

    assert read_all(tmp_path, end) == ([b"one", large, b"three"], 0)


def test_a_segment_ends_when_it_is_long_enough_and_goes_when_it_is_shipped(tmp_path: Path) -> None:
    end = written(tmp_path, *[b"x" * 100] * 10, segment_bytes=300)
    folder = open_folder(tmp_path)
    segments = folder.segments()

    folder.remove_before(segments[2].start, keep=None)

    assert len(segments) == 4
    assert [segment.start for segment in folder.segments()] == [segment.start for segment in segments[2:]]
    folder.release()
    assert len(read_all(tmp_path, end, position=0)[0]) == 4


def test_a_position_keeps_its_meaning_when_earlier_segments_are_gone(tmp_path: Path) -> None:
    before = written(tmp_path, b"one")
    last_segment(tmp_path).unlink()
    folder = open_folder(tmp_path)
    folder.new_segment(before)
    folder.release()
    end = written(tmp_path, b"two")

    assert read_all(tmp_path, end, position=before) == ([b"two"], 0)


def test_two_processes_cannot_write_one_spool(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)

    with pytest.raises(SpoolInUseError, match="another gateway"):
        open_folder(tmp_path)
    folder.release()


def test_a_spool_keeps_its_identity_until_its_folder_is_emptied(tmp_path: Path) -> None:
    def identity(path: Path) -> str:
        folder: SpoolFolder = open_folder(path)
        folder.release()
        return folder.id

    assert identity(tmp_path / "a") == identity(tmp_path / "a")
    assert identity(tmp_path / "a") != identity(tmp_path / "b")


def test_a_full_disk_fails_the_request_and_nothing_else(tmp_path: Path) -> None:
    async def live(writer: SpoolWriter) -> int:
        await writer.append(b"one")
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, writer._fd)
        with pytest.raises(UnavailableError, match="cannot be written"):
            await writer.append(b"two")
        await writer.append(b"three")
        os.close(full)
        return writer.durable_end

    end = in_life(tmp_path, live)

    assert read_all(tmp_path, end) == ([b"one", b"three"], 0)


def test_a_database_that_is_away_too_long_stops_the_answers_before_the_disk_is_full(tmp_path: Path) -> None:
    async def run() -> None:
        writer = SpoolWriter(folder, asyncio.get_running_loop(), most_unshipped_bytes=100)
        await writer.append(b"x" * 200)
        with pytest.raises(StorageFullError):
            await writer.append(b"y")
        writer.shipped = writer.durable_end
        await writer.append(b"z")
        writer.close()

    folder = open_folder(tmp_path)
    asyncio.run(run())
    folder.release()


@given(payload=st.binary(max_size=50), cut=st.integers(1, 57), flip=st.integers(0, 56))
def test_a_frame_is_whole_or_not_there(payload: bytes, cut: int, flip: int) -> None:
    frame = encode_frame(payload)
    place = flip % len(frame)
    flipped = frame[:place] + bytes([frame[place] ^ 1]) + frame[place + 1 :]

    assert payload_at(frame, 0) == payload
    assert payload_at(frame[:-cut], 0) is None
    assert payload_at(flipped, 0) is None

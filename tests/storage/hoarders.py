"""A process that lets writers and a collector work on one store, and kills them at instants that a seed decides.

    python hoarders.py DATABASE_URL BLOBS_URL SEED ROUNDS

Prints what the collectors did. The collector's premise, that a writer refers to a blob within the grace period, is
made true here: its clock never runs further ahead of a write in progress than that. So the grace period can be tiny,
and everything happens at once.
"""

import mmap
import os
import random
import signal
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import everlearn.app.tables  # noqa: F401  # declares every table
from everlearn.blobs import BlobStore, open_blobs
from everlearn.core.actor import Actor
from everlearn.core.clock import SystemClock
from everlearn.core.digest import Digest, digest_bytes
from everlearn.db import open_database
from everlearn.eventlog import Catalogue, EventLog
from everlearn.storage import Collector, Grace
from everlearn.storage.events import EVENTS
from everlearn.tracking import Files
from everlearn.tracking.store.artifacts import delete

WRITERS = 2
GRACE = timedelta(milliseconds=50)
COARSE = 0.02  # seconds by which a file system's clock may lag
CONTENTS = [f"content {number} ".encode() * 400 for number in range(10)]
NOTHING = 4e9  # seconds since 1970: no write in progress
Say = Callable[[str], None]


@dataclass(frozen=True)
class WritesClock:
    """The time, but at most the grace period after the beginning of any write in progress."""

    begun: mmap.mmap

    def now(self) -> datetime:
        oldest = min(struct.unpack_from(f"{WRITERS}d", self.begun))
        return datetime.fromtimestamp(min(time.time(), oldest + GRACE.total_seconds()), UTC)


def write(urls: list[str], begun: mmap.mmap, number: int, seed: int, say: Say) -> NoReturn:
    db, blobs, source = open_database(urls[0]), open_blobs(urls[1]), random.Random(seed)  # test data
    files = Files(db, blobs, SystemClock())
    while True:
        chosen = [(f"{number}/{source.randrange(6)}.bin", source.choice(CONTENTS)) for _ in range(4)]
        struct.pack_into("d", begun, 8 * number, time.time() - COARSE)
        stored = [(path, _stored(blobs, content, source), len(content)) for path, content in chosen]
        for path, digest, size in stored:
            files.put("default", path, digest, size)
        with db.write() as tx:
            delete(tx, "default", f"{number}/{source.randrange(6)}.bin")
        struct.pack_into("d", begun, 8 * number, NOTHING)
        say("wrote")


def _stored(blobs: BlobStore, content: bytes, source: random.Random) -> Digest:
    if source.randrange(2) and blobs.exists(digest := digest_bytes(content)):
        return digest  # refers to what it found, without the content at hand
    return blobs.put_stream([content[:99], content[99:]]).digest


def collect(urls: list[str], begun: mmap.mmap, say: Say) -> NoReturn:
    db, blobs, clock = open_database(urls[0]), open_blobs(urls[1]), WritesClock(begun)
    grace = Grace(before_aside=timedelta(0), before_removal=GRACE)
    collector = Collector(db, blobs, EventLog(Catalogue(EVENTS), SystemClock()), clock, grace)
    while True:
        done = collector.collect(actor=Actor("user:ada"))
        say(f"collected {done.condemned} {done.restored} {done.removed} {done.missing}")


def forked(work: Callable[[Say], NoReturn], pipe: int) -> int:
    """Start a child; what it says goes into the pipe, a line at a time."""
    child = os.fork()
    if child == 0:
        os.environ["RUST_BACKTRACE"] = "0"
        try:
            work(lambda line: (os.write(pipe, f"{line}\n".encode()), None)[1])
        finally:
            os._exit(1)
    return child


def lived_and_killed(urls: list[str], seed: int) -> list[str]:
    """Let everybody work until enough was said, kill them all, and give what they said."""
    begun, (reading, writing) = mmap.mmap(-1, 8 * WRITERS), os.pipe()
    for number in range(WRITERS):
        struct.pack_into("d", begun, 8 * number, NOTHING)
    children = [
        forked(lambda say, number=number: write(urls, begun, number, seed * 10 + number, say), writing)  # type: ignore[misc]
        for number in range(WRITERS)
    ]
    children.append(forked(lambda say: collect(urls, begun, say), writing))
    os.close(writing)
    said: list[str] = []
    enough = random.Random(seed).randrange(8, 24)  # test data
    with os.fdopen(reading) as lines:
        for line in lines:
            said.append(line.strip())
            if said.count("wrote") >= enough and len(said) - said.count("wrote") >= 3:
                break
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    if codes != [-signal.SIGKILL] * len(children):
        raise SystemExit(f"somebody failed: {codes}")
    return said


def main(database_url: str, blobs_url: str, seed: str, rounds: str) -> None:
    for number in range(int(rounds)):
        for line in lived_and_killed([database_url, blobs_url], int(seed) + number):
            if line != "wrote":
                sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

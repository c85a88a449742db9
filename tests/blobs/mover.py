"""A process that stores and reads a large blob and says how much its memory grew, in bytes."""

import sys
from collections.abc import Iterator
from pathlib import Path

from everlearn.blobs import open_blobs

MEGABYTE = 1024 * 1024


def megabytes(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield number.to_bytes(8) * (MEGABYTE // 8)


def peak() -> int:
    # not getrusage: its figure is inherited from the process that started this one
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024


def main(url: str, count: str) -> None:
    blobs = open_blobs(url)
    blobs.put(b"warm")
    before = peak()
    stored = blobs.put_stream(megabytes(int(count)))
    read = sum(len(piece) for piece in blobs.stream(stored.digest))
    sys.stdout.write(f"{read} {peak() - before}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

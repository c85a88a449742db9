"""A process that stores blobs until it is killed: says each digest before storing it and again when it is stored."""

import hashlib
import random
import sys
from collections.abc import Iterator

from everlearn.blobs import open_blobs


def main(url: str, seed: str, largest: str) -> None:
    blobs = open_blobs(url)
    source = random.Random(seed)  # test data
    while True:
        content = source.randbytes(source.randrange(int(largest)))
        say("storing", hashlib.sha256(content).hexdigest())
        say("stored", blobs.put_stream(pieces(content)).digest.removeprefix("sha256:"))


def pieces(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), 65_536):
        yield content[start : start + 65_536]


def say(what: str, digits: str) -> None:
    sys.stdout.write(f"{what} {digits}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A process that packs every blob it is told of against the next, and again from the first, until it is killed."""

import itertools
import sys

from everlearn.blobs import open_blobs
from everlearn.blobs.packing import pack
from everlearn.core.digest import Digest


def main(url: str, *digests: str) -> None:
    blobs = open_blobs(url)
    while True:
        for older, newer in itertools.pairwise(digests):
            say("packing")
            pack(blobs, Digest(older), against=Digest(newer))
            say("packed")
        for digest in digests:
            blobs.put(blobs.get(Digest(digest)))  # whole again


def say(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""In which ways a content can be written."""

from dataclasses import dataclass
from enum import IntEnum


class Encoding(IntEnum):
    """How a content is written; the numbers stand in containers and never change their meaning."""

    STORED = 0  # as it is
    PREFIX = 1  # zstd, with the base before it
    CHUNKS = 2  # copies of chunks of the base, the rest as PREFIX
    COLUMNS = 3  # columns of numbers by a form, the rest as PREFIX


@dataclass(frozen=True, slots=True)
class Delta:
    """A content written in some way."""

    encoding: Encoding
    payload: bytes

"""Which files could run code when somebody loads them: told by their names and a few of their bytes, never by loading.

A hazard is a warning to whoever fetches the file. Nothing here executes, imports or rebuilds what it looks at:
`pickletools` reads opcodes without following them, a zip's directory is read as names, and what is compressed is
looked into for its first bytes only. All of it is bounded by `HEAD` and `TAIL`.
"""

import bz2
import lzma
import pickletools
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

HEAD = 64 * 1024  # bytes from the beginning that are looked at
TAIL = 256 * 1024  # and from the end, where zip archives have their directory

_COMPRESSED = re.compile(r"\.(gz|bz2|xz|lzma|z|zst|lz4)$", re.IGNORECASE)
_PICKLED = frozenset({"pkl", "pickle", "pck", "joblib", "dill", "cloudpickle", "pt", "pth", "ckpt"})
_CODED = frozenset({"h5", "hdf5", "keras"})
_NUMPY = re.compile(rb"\x93NUMPY[\x01-\x03].{3,5}\{.*?'descr':\s*(?:'[|<>=]?O'|\[.*?'[|<>=]?O')", re.DOTALL)
_BINARY_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_CALLS = frozenset({"INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "REDUCE", "BUILD"})
_LOCAL, _ENTRY, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


class Hazard(StrEnum):
    """What loading a file would do that reading it does not."""

    PICKLE = "pickle"  # a pickle runs whatever it names
    ARCHIVED_PICKLE = "archived_pickle"  # an archive with a pickle in it, as PyTorch saves models
    NUMPY_OBJECTS = "numpy_objects"  # an array of Python objects, which are pickled
    NAMED_PICKLE = "named_pickle"  # named like one; its bytes do not tell
    NAMED_CODE = "named_code"  # Keras and HDF5 models may carry layers of code

    @property
    def words(self) -> str:
        """The hazard as people read it."""
        return self.value.replace("_", " ")


@dataclass(slots=True)
class Sample:
    """The beginning and the end of a file, taken while it passes."""

    head: bytes = b""
    tail: bytes = b""
    size_bytes: int = 0

    def take(self, chunk: bytes) -> None:
        """Look at the next bytes."""
        if len(self.head) < HEAD:
            self.head += chunk[: HEAD - len(self.head)]
        self.tail = chunk[-TAIL:] if len(chunk) >= TAIL else (self.tail + chunk)[-TAIL:]
        self.size_bytes += len(chunk)


def hazard_of(path: str, sample: Sample) -> Hazard | None:
    """Give the hazard of a file; None when neither its name nor its bytes say that it has one.

    Bytes are believed before names. What hides deeper (a pickle inside a tar, or behind megabytes of padding in an
    archive that is not a zip) is not found: the absence of a hazard is no promise.
    """
    if found := _of_bytes(sample):
        return found
    _, dot, extension = _COMPRESSED.sub("", path.rpartition("/")[2]).lower().rpartition(".")
    if not dot:
        return None
    if extension in _PICKLED:
        return Hazard.NAMED_PICKLE
    return Hazard.NAMED_CODE if extension in _CODED else None


def _of_bytes(sample: Sample) -> Hazard | None:
    is_whole = sample.size_bytes <= len(sample.head)
    if any(_is_named_pickle(name) for name in _zip_names(sample)):
        return Hazard.ARCHIVED_PICKLE
    for content, is_all in ((sample.head, is_whole), (_unpacked(sample.head), False)):
        if _NUMPY.match(content[:4_096]):
            return Hazard.NUMPY_OBJECTS
        if _is_pickle(content, is_all=is_all):
            return Hazard.PICKLE
    return None


def _is_pickle(content: bytes, *, is_all: bool) -> bool:
    """Tell whether opcodes of a pickle stand at the beginning.

    Protocols 2 to 5 begin with a byte that says so and must go on with an opcode. Protocols 0 and 1 are plain text,
    and a text may read like opcodes: they count when something is called, or when a pickle ends where the file ends.
    """
    names, ended_at = _opcodes(content)
    if _BINARY_PICKLE.match(content):
        return len(names) > 1
    return bool(_CALLS & set(names)) or (is_all and len(names) > 1 and ended_at == len(content))


def _opcodes(content: bytes) -> tuple[list[str], int | None]:
    """Read opcodes until something is none; give their names, and where the pickle ends if it does."""
    names: list[str] = []
    try:
        for opcode, _, position in pickletools.genops(content):
            if opcode.name == "INST" and "MARK" not in names:
                return names, None  # it would have nothing to work on: a text that begins with an i
            names.append(opcode.name)
            if opcode.name == "STOP":
                return names, (position or 0) + 1
    except (ValueError, IndexError, struct.error, UnicodeError, OverflowError, DeprecationWarning):
        return names, None  # the warning: an escape that no string of a pickle has, where warnings are errors
    return names, None


def _unpacked(head: bytes) -> bytes:
    """Give the first bytes of what is compressed; nothing of what is not."""
    try:
        if head[:2] == b"\x1f\x8b" or (len(head) > 1 and head[0] == 0x78 and (head[0] * 256 + head[1]) % 31 == 0):
            return zlib.decompressobj(47).decompress(head, HEAD)
        if head[:3] == b"BZh":
            return bz2.BZ2Decompressor().decompress(head, HEAD)
        if head[:6] == b"\xfd7zXZ\x00" or head[:3] == b"\x5d\x00\x00":
            return lzma.LZMADecompressor(memlimit=64 * 1024 * 1024).decompress(head, HEAD)
    except (zlib.error, OSError, lzma.LZMAError, EOFError):
        return b""
    return b""


def _is_named_pickle(name: str) -> bool:
    return name.rpartition(".")[2].lower() in {"pkl", "pickle", "joblib", "dill"}


def _zip_names(sample: Sample) -> Iterator[str]:
    """Give the names in a zip: of the first file, and of the directory as far as the end of the file holds it."""
    if sample.head.startswith(_LOCAL) and len(sample.head) >= 30:
        (length,) = struct.unpack_from("<H", sample.head, 26)
        yield sample.head[30 : 30 + length].decode("utf-8", "replace")
    end = sample.tail.rfind(_END)
    at = sample.tail.find(_ENTRY) if end >= 0 else -1
    while 0 <= at <= end - 46 and sample.tail.startswith(_ENTRY, at):
        name, extra, comment = struct.unpack_from("<HHH", sample.tail, at + 28)
        yield sample.tail[at + 46 : at + 46 + name].decode("utf-8", "replace")
        at += 46 + name + extra + comment

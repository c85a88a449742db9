"""Runs of numbers in a content: in which style they are written, as words and back.

little, big     words beside each other, the lowest or the highest byte first
fixed           words each behind the same tag byte: repeated floats of protocol buffers that are not packed
varint          whole numbers in LEB128, each behind the same tag byte: repeated integers of protocol buffers
string          short texts, each behind the same tag byte and its length, of at most 256 distinct ones
decimal         numbers in text, as Python writes floats (the shortest text that is read as the same float)
single          the same for 32-bit floats as XGBoost writes them (the shortest text, as 1.5E-2)
integer         whole numbers in text
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from everlearn.blobs.deltas import varints
from everlearn.blobs.deltas.planes import Words


class Style(IntEnum):
    """How the numbers of a run are written."""

    LITTLE = 0
    BIG = 1
    FIXED = 2
    VARINT = 3
    STRING = 4
    DECIMAL = 5
    SINGLE = 6
    INTEGER = 7


@dataclass(frozen=True, slots=True)
class Run:
    """Where numbers lie in a content, and what they are."""

    start: int
    end: int
    key: bytes  # runs of one key are one column
    style: Style
    width: int  # bytes of a word
    is_float: bool
    extra: bytes = b""  # the tag byte, the table of texts, the separator


def words_of(content: bytes, run: Run) -> Words:
    """Read the numbers of a run."""
    part = content[run.start : run.end]
    match run.style:
        case Style.LITTLE:
            return np.frombuffer(part, dtype=f"<u{run.width}")
        case Style.BIG:
            return np.frombuffer(part, dtype=f">u{run.width}").astype(f"<u{run.width}")
        case Style.FIXED:
            rows = np.frombuffer(part, dtype=np.uint8).reshape(-1, 1 + run.width)
            return np.ascontiguousarray(rows[:, 1:]).view(f"<u{run.width}").reshape(-1)
        case Style.VARINT:
            return _varints(part)
        case Style.STRING:
            return _string_numbers(part, run.extra)
    return _TEXT_READERS[run.style](part.split(run.extra))


def written_words(words: Words, style: Style, extra: bytes) -> bytes:
    """Write the numbers as they stood in the content."""
    match style:
        case Style.LITTLE:
            return words.tobytes()
        case Style.BIG:
            return words.astype(words.dtype.newbyteorder(">")).tobytes()
        case Style.FIXED:
            rows = np.empty((len(words), 1 + words.dtype.itemsize), dtype=np.uint8)
            rows[:, 0] = extra[0]
            rows[:, 1:] = words.view(np.uint8).reshape(len(words), -1)
            return rows.tobytes()
        case Style.VARINT:
            return b"".join(extra + varints.written(number) for number in words.tolist())
        case Style.STRING:
            return b"".join(map(_strings(extra).__getitem__, words.tolist()))
    return extra.join(_TEXT_WRITERS[style](words))


def _varints(part: bytes) -> Words:
    raw = np.frombuffer(part, dtype=np.uint8)
    numbers, position = [], 0
    while position < len(raw):
        position += 1  # the tag
        value = shift = 0
        while part[position] & 0x80:
            value |= (part[position] & 0x7F) << shift
            shift, position = shift + 7, position + 1
        numbers.append(value | part[position] << shift)
        position += 1
    return np.array(numbers, dtype="<u8")


def _strings(extra: bytes) -> list[bytes]:
    reader, found = varints.Reader(extra), []
    while not reader.at_end:
        found.append(reader.sized())
    return found


def _string_numbers(part: bytes, extra: bytes) -> Words:
    places = {text: place for place, text in enumerate(_strings(extra))}
    numbers, position = [], 0
    while position < len(part):
        end = position + 2 + part[position + 1]
        numbers.append(places[part[position:end]])
        position = end
    return np.array(numbers, dtype="<u1")


def _read_decimals(tokens: list[bytes]) -> Words:
    return np.array([float(token) for token in tokens], dtype="<f8").view("<u8")


def _read_singles(tokens: list[bytes]) -> Words:
    with np.errstate(over="ignore"):  # what is too large comes back as another text, and is left alone
        return np.array([float(token) for token in tokens], dtype="<f8").astype("<f4").view("<u4")


def _read_integers(tokens: list[bytes]) -> Words:
    return np.array([int(token) for token in tokens], dtype="<i8").view("<u8")


def _write_decimals(words: Words) -> list[bytes]:
    return [repr(number).encode() for number in words.view("<f8").tolist()]


def _write_singles(words: Words) -> list[bytes]:
    return [shortest_single(number) for number in words.view("<f4")]


def _write_integers(words: Words) -> list[bytes]:
    return [b"%d" % number for number in words.view("<i8").tolist()]


def shortest_single(number: np.float32) -> bytes:
    """Write a 32-bit float with as few digits as tell it from its neighbours, as `1.5E-2`."""
    exact = float(number)
    for digits in range(9):
        text = f"{exact:.{digits}E}"
        if np.float32(text) == number:
            break
    mantissa, _, exponent = text.partition("E")
    return f"{mantissa}E{int(exponent)}".encode()


_TEXT_READERS: dict[Style, Callable[[list[bytes]], Words]] = {
    Style.DECIMAL: _read_decimals,
    Style.SINGLE: _read_singles,
    Style.INTEGER: _read_integers,
}
_TEXT_WRITERS: dict[Style, Callable[[Words], list[bytes]]] = {
    Style.DECIMAL: _write_decimals,
    Style.SINGLE: _write_singles,
    Style.INTEGER: _write_integers,
}

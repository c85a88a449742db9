"""Columns of numbers against those of the predecessor.

A column is a run of words of one width. Each is written in the way that comes out shortest:

    plain       the words
    previous    each word minus the one before: counters and sorted numbers
    base        each word minus the word in its place in the base, both taken as whole numbers in the order of the
                floats they are: a weight that training moved a little differs in its low bits only, across the border
                of two exponents too, where XOR (as in Gorilla, Pelkonen et al., VLDB 2015) flips everything
    table       positions in the sorted table of the values that occur more than once, here or in the base's column;
                behind them the values that do not: thresholds of trees come from the same bins again and again
    changed     which words are others than in the base, and of those the differences: an online learner touches few
    twin        which words an earlier column has in the same place, and the others as a table: XGBoost writes the
                weight of a leaf twice, once among the thresholds of the splits

A difference is written with its sign in the lowest bit, and all are modulo the width: every pattern of bits, not a
number, minus zero and subnormal ones included, comes back as it was. Words may be put into another order first, which
the reader works out from what it has already: that of the exponents in the base, because how many low bits a step of
training changes depends on the exponent; or that of another column of the same length.

Complexity: O(n log n) for the orders and tables, O(n) for the rest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from everlearn.blobs.deltas import planes, varints
from everlearn.blobs.deltas.errors import BadContainerError
from everlearn.blobs.deltas.planes import Words

_SAMPLE = 1 << 17  # words on which the way is chosen
_LARGEST_TABLE = 1 << 16
_MOST_GROUPS = 1 << 12  # distinct values of a column that others are ordered by
_SIGNIFICANT_BITS = {2: 7, 4: 23, 8: 52}  # of a fraction; what is above is sign and exponent (of bfloat16, for 2)


class Way(IntEnum):
    """How the words are written; from TWIN on with the place of an earlier column added."""

    PLAIN = 0
    PREVIOUS = 1
    BASE = 2
    TABLE = 3
    CHANGED = 4
    TWIN = 5


class Order(IntEnum):
    """In which order they are written; from COLUMN on with the place of an earlier column added."""

    GIVEN = 0
    BASE_EXPONENT = 1
    COLUMN = 2


@dataclass(frozen=True, slots=True)
class Column:
    """Words that belong together."""

    key: bytes  # what the words are; a column of the base with this key is compared with them
    words: Words
    is_float: bool


def write_columns(columns: Sequence[Column], bases: Sequence[Column | None]) -> bytes:
    """Write columns, each against the base beside it."""
    return b"".join(_written(columns, index, base) for index, base in enumerate(bases))


def read_columns(reader: varints.Reader, shapes: Sequence[Column], bases: Sequence[Column | None]) -> list[Words]:
    """Read what `write_columns` wrote; `shapes` have the widths and lengths, their words are not looked at."""
    known: list[Words] = []
    for shape, base in zip(shapes, bases, strict=True):
        known.append(_read(reader, shape, base, known))
    return known


def _written(columns: Sequence[Column], index: int, base: Column | None) -> bytes:
    column, earlier = columns[index], [each.words for each in columns[:index]]
    ways = list(_ways(column, base, earlier))
    if len(ways) > 1 and len(column.words) > _SAMPLE:
        start = (len(column.words) - _SAMPLE) // 2
        part = slice(start, start + _SAMPLE)
        cut = Column(column.key, column.words[part], column.is_float)
        cut_base = None if base is None else Column(base.key, base.words[part], base.is_float)
        cut_earlier = [each[part] if len(each) == len(column.words) else each for each in earlier]
        ways = [min(ways, key=lambda way: len(_in_this_way(cut, cut_base, cut_earlier, *way)))]
    return min((_in_this_way(column, base, earlier, *way) for way in ways), key=len)


def _ways(column: Column, base: Column | None, earlier: Sequence[Words]) -> Iterator[tuple[int, int]]:
    orders, twins = [int(Order.GIVEN)], []
    is_paired = base is not None and base.words.dtype == column.words.dtype
    if is_paired and column.is_float:
        orders.append(Order.BASE_EXPONENT)
    if len(column.words) <= _SAMPLE:
        orders += [Order.COLUMN + place for place, each in enumerate(earlier) if _groups(column.words, each)]
        twins = [Way.TWIN + place for place, each in enumerate(earlier) if _is_twin(column.words, each)]
    for order in orders:
        yield Way.PLAIN, order
        if order == Order.GIVEN:
            yield Way.PREVIOUS, order
        if is_paired:
            yield Way.BASE, order
        if is_paired and order == Order.GIVEN:
            yield Way.CHANGED, order
        if order != Order.BASE_EXPONENT:
            yield Way.TABLE, order
            yield from ((twin, order) for twin in twins)


def _groups(words: Words, other: Words) -> bool:
    return len(other) == len(words) and 1 < len(np.unique(other)) <= _MOST_GROUPS


def _is_twin(words: Words, other: Words) -> bool:
    if other.dtype != words.dtype or len(other) != len(words):
        return False
    return int(np.count_nonzero(other == words)) * 8 > len(words)


def _in_this_way(column: Column, base: Column | None, earlier: Sequence[Words], way: int, order: int) -> bytes:
    places = _places(column, base, earlier, order)
    words = column.words if places is None else column.words[places]
    head = varints.written(way) + varints.written(order)
    match way:
        case Way.PLAIN:
            return head + planes.write_words(words)
        case Way.PREVIOUS:
            return head + planes.write_words(_signed_low(np.diff(words, prepend=words.dtype.type(0))))
        case Way.BASE:
            against = _base_words(column, base, places)
            return head + planes.write_words(_signed_low(_ordered(column, words) - _ordered(column, against)))
        case Way.TABLE:
            return head + _write_table(words, _known_values(column, base))
        case Way.CHANGED:
            against = _base_words(column, base, places)
            mask = words != against
            differences = _ordered(column, words[mask]) - _ordered(column, against[mask])
            return head + planes.write_words(mask.astype("<u1")) + planes.write_words(_signed_low(differences))
    twin = _twin(column, earlier, way, places)
    mask, known = (words == twin).astype("<u1"), _known_values(column, base)
    return head + planes.write_words(mask) + _write_table(words[mask == 0], known)


def _read(reader: varints.Reader, shape: Column, base: Column | None, earlier: Sequence[Words]) -> Words:
    way, order = reader.number(), reader.number()
    places = _places(shape, base, earlier, order)
    count, width = len(shape.words), shape.words.dtype.itemsize
    match way:
        case Way.PLAIN:
            words = planes.read_words(reader, count, width)
        case Way.PREVIOUS:
            differences = _signed_back(planes.read_words(reader, count, width))
            words = np.cumsum(differences, dtype=differences.dtype)
        case Way.BASE:
            differences = _signed_back(planes.read_words(reader, count, width))
            words = _disordered(shape, differences + _ordered(shape, _base_words(shape, base, places)))
        case Way.CHANGED:
            words = _base_words(shape, base, places).copy()
            mask = planes.read_words(reader, count, 1) != 0
            differences = _signed_back(planes.read_words(reader, int(mask.sum()), width))
            words[mask] = _disordered(shape, differences + _ordered(shape, words[mask]))
        case Way.TABLE:
            words = _read_table(reader, count, width, _known_values(shape, base))
        case _:
            words = _twin(shape, earlier, way, places).copy()
            others = planes.read_words(reader, count, 1) == 0
            words[others] = _read_table(reader, int(others.sum()), width, _known_values(shape, base))
    if places is None:
        return words
    out = np.empty_like(words)
    out[places] = words
    return out


def _places(column: Column, base: Column | None, earlier: Sequence[Words], order: int) -> NDArray[np.intp] | None:
    if order == Order.GIVEN:
        return None
    if order == Order.BASE_EXPONENT:
        exponents = _base_words(column, base, None) >> _SIGNIFICANT_BITS[column.words.dtype.itemsize]
        return np.argsort(exponents & _exponent_bits(column), kind="stable")
    place = order - Order.COLUMN
    if place >= len(earlier) or len(earlier[place]) != len(column.words):
        raise BadContainerError("a column is ordered by one that does not fit")
    return np.argsort(earlier[place], kind="stable")


def _twin(column: Column, earlier: Sequence[Words], way: int, places: NDArray[np.intp] | None) -> Words:
    place = way - Way.TWIN
    if not 0 <= place < len(earlier) or earlier[place].shape != column.words.shape:
        raise BadContainerError("a column needs one that does not fit")
    words = earlier[place]
    return words if places is None else words[places]


def _exponent_bits(column: Column) -> Any:
    bits = 8 * column.words.dtype.itemsize - 1 - _SIGNIFICANT_BITS[column.words.dtype.itemsize]
    return column.words.dtype.type((1 << bits) - 1)


def _base_words(column: Column, base: Column | None, places: NDArray[np.intp] | None) -> Words:
    """Give the base's words in the places of a column's; beyond the end of a shorter base they are zero."""
    if base is None or base.words.dtype != column.words.dtype:
        raise BadContainerError("a column needs a base that is not there")
    words, count = base.words[: len(column.words)], len(column.words)
    if len(words) < count:
        words = np.concatenate((words, np.zeros(count - len(words), dtype=words.dtype)))
    return words if places is None else words[places]


def _ordered(column: Column, words: Words) -> Words:
    """Map the bits of floats to whole numbers in the same order; whole numbers stay."""
    if not column.is_float:
        return words
    signed = words.view(f"i{words.dtype.itemsize}")
    flipped = (signed >> (8 * words.dtype.itemsize - 1)).view(words.dtype) >> words.dtype.type(1)
    return words ^ flipped


_disordered = _ordered  # the map is its own inverse: it keeps the sign and flips the rest of what is negative


def _signed_low(differences: Words) -> Words:
    signed = differences.view(f"i{differences.dtype.itemsize}")
    sign = (signed >> (8 * differences.dtype.itemsize - 1)).view(differences.dtype)
    return (differences << differences.dtype.type(1)) ^ sign


def _signed_back(words: Words) -> Words:
    one = words.dtype.type(1)
    return (words >> one) ^ (np.zeros_like(words) - (words & one))


def _known_values(column: Column, base: Column | None) -> Words:
    if base is None or base.words.dtype != column.words.dtype:
        return np.empty(0, dtype=column.words.dtype)
    return _repeated(base.words)


def _repeated(words: Words) -> Words:
    """Give the values that occur more than once, sorted, if there are not too many."""
    values, counts = np.unique(words, return_counts=True)
    repeated = values[counts > 1]
    return repeated if len(repeated) <= _LARGEST_TABLE // 2 else repeated[:0]


def _write_table(words: Words, known: Words) -> bytes:
    new = np.setdiff1d(_repeated(words), known)
    table = np.union1d(known, new)
    places = np.minimum(np.searchsorted(table, words), max(len(table) - 1, 0))
    is_known = table[places] == words if len(table) else np.zeros(len(words), dtype=bool)
    positions = np.where(is_known, places + 1, 0).astype(_position_type(len(table)))
    steps, alone = np.diff(new, prepend=new.dtype.type(0)), words[~is_known]
    head = varints.written(len(new)) + planes.write_words(steps) + planes.write_words(positions)
    return head + planes.write_words(alone)


def _read_table(reader: varints.Reader, count: int, width: int, known: Words) -> Words:
    steps = planes.read_words(reader, reader.count(count), width)
    table = np.union1d(known, np.cumsum(steps, dtype=steps.dtype))
    positions = planes.read_words(reader, count, _position_type(len(table)).itemsize).astype(np.intp)
    if count and int(positions.max()) > len(table):
        raise BadContainerError("a column points outside its table")
    words = np.concatenate((np.zeros(1, dtype=table.dtype), table))[positions]
    alone = positions == 0
    words[alone] = planes.read_words(reader, int(alone.sum()), width)
    return words


def _position_type(size: int) -> np.dtype[Any]:
    return np.dtype("<u1") if size < 1 << 8 else np.dtype("<u2")

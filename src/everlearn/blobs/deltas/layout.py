"""A content taken apart into columns of numbers and the rest, and put together again.

A form (see `forms`) only tells where numbers lie. A run that would not be written back byte for byte stays in the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from everlearn.blobs.deltas import varints
from everlearn.blobs.deltas.columns import Column
from everlearn.blobs.deltas.errors import BadContainerError
from everlearn.blobs.deltas.planes import Words
from everlearn.blobs.deltas.runs import Run, Style, words_of, written_words

_SHORTEST = 8  # numbers of a column: fewer stay in the rest


@dataclass(frozen=True, slots=True)
class Layout:
    """What a content consists of."""

    rest: bytes  # all that is in no run
    plan: bytes  # where the runs go
    columns: tuple[Column, ...]


def taken_apart(content: bytes, runs: Sequence[Run]) -> Layout:
    """Take a content apart; runs are in order and do not overlap."""
    parts: dict[bytes, list[Words]] = {}
    kept: list[tuple[Run, int]] = []
    for run in _of_long_columns(runs):
        words = words_of(content, run)
        if written_words(words, run.style, run.extra) == content[run.start : run.end]:
            parts.setdefault(run.key, []).append(words)
            kept.append((run, len(words)))
    places = {key: place for place, key in enumerate(parts)}
    first = {run.key: run for run, _ in reversed(kept)}
    columns = tuple(Column(key, np.concatenate(found), first[key].is_float) for key, found in parts.items())
    rest, position, plan = [], 0, [varints.written(len(columns))]
    for key, column in zip(parts, columns, strict=True):
        plan.append(_kind(first[key], len(column.words)))
    for run, count in kept:
        rest.append(content[position : run.start])
        plan += [varints.written(number) for number in (run.start - position, places[run.key], count)]
        position = run.end
    return Layout(b"".join((*rest, content[position:])), b"".join(plan), columns)


def shapes_of(plan: bytes, size: int) -> list[Column]:
    """Give the columns that a plan of a content of `size` bytes speaks of, with words yet to be filled in."""
    shapes = [shape for shape, _, _ in _kinds(varints.Reader(plan))]
    if sum(len(shape.words) for shape in shapes) > size:  # a number takes a byte at least
        raise BadContainerError("columns are longer than the content")
    return shapes


def put_together(rest: bytes, plan: bytes, columns: Sequence[Words]) -> bytes:
    """Undo `taken_apart`."""
    reader, used, position, parts = varints.Reader(plan), [0] * len(columns), 0, []
    kinds = _kinds(reader)
    while not reader.at_end:
        gap, place, count = reader.number(), reader.number(), reader.number()
        parts.append(rest[position : position + gap])
        position += gap
        if place >= len(columns) or used[place] + count > len(columns[place]) or position > len(rest):
            raise BadContainerError("a run points outside its column")
        words = columns[place][used[place] : used[place] + count]
        used[place] += count
        parts.append(written_words(words, kinds[place][1], kinds[place][2]))
    return b"".join((*parts, rest[position:]))


def _of_long_columns(runs: Sequence[Run]) -> list[Run]:
    """Leave out columns that are too short, and runs whose kind differs from the first of their key."""
    first: dict[bytes, Run] = {}
    lengths: dict[bytes, int] = {}
    for run in runs:
        first.setdefault(run.key, run)
        lengths[run.key] = lengths.get(run.key, 0) + run.end - run.start
    alike = [run for run in runs if (run.style, run.width, run.extra) == _kind_of(first[run.key])]
    return [run for run in alike if lengths[run.key] >= _SHORTEST * run.width]


def _kind_of(run: Run) -> tuple[Style, int, bytes]:
    return run.style, run.width, run.extra


def _kind(run: Run, count: int) -> bytes:
    head = bytes((run.style, run.width, run.is_float))
    return head + varints.written(count) + varints.sized(run.extra)


def _kinds(reader: varints.Reader) -> list[tuple[Column, Style, bytes]]:
    found = []
    for _ in range(reader.number()):
        style, width, is_float = reader.take(3)
        if style not in set(Style) or width not in {1, 2, 4, 8}:
            raise BadContainerError("a column is of no known kind")
        count, extra = reader.number(), reader.sized()
        found.append(
            (Column(b"", np.broadcast_to(np.zeros(1, f"<u{width}"), count), bool(is_float)), Style(style), extra)
        )
    return found

"""Lists of numbers in text: JSON (XGBoost's, or a learner's state) and LightGBM's `name=1 2 3` lines.

Which way of writing numbers a list has is seen from the list: whole numbers; XGBoost's 32-bit floats (`1.5E-2`); else
the shortest text of a 64-bit float, as Python, JavaScript and Rust write it.
"""

import re
from collections.abc import Iterator, Sequence

from everlearn.blobs.deltas.runs import Run, Style

_NUMBER = rb"-?[0-9][0-9.eE+-]*"
_JSON_LIST = re.compile(rb'"([^"\\]{1,80})": ?\[(' + _NUMBER + rb"(?:, ?" + _NUMBER + rb")*)\]")
_LINE = re.compile(rb"^([a-z_]{1,40})=(" + _NUMBER + rb"(?: " + _NUMBER + rb")+)$", re.MULTILINE)
_INTEGERS = re.compile(rb"(?:-?[1-9][0-9]{0,17}|0)(?:[, ]+(?:-?[1-9][0-9]{0,17}|0))*")
_SINGLES = re.compile(rb"-?[0-9](?:\.[0-9]+)?E-?[0-9]+(?:,-?[0-9](?:\.[0-9]+)?E-?[0-9]+)*")
_SAMPLE = 4096


def text_runs(content: bytes) -> Sequence[Run]:
    """Find the lists; those of one name are one column."""
    if content[:1] in {b"{", b"["}:
        return list(_lists(content, _JSON_LIST))
    return list(_lists(content, _LINE)) if content[:5] == b"tree\n" else []


def _lists(content: bytes, pattern: re.Pattern[bytes]) -> Iterator[Run]:
    for found in pattern.finditer(content):
        numbers = found[2]
        separator = b" " if pattern is _LINE else b", " if b", " in numbers[:_SAMPLE] else b","
        style, width = _style_of(numbers)
        key = b"%s/%d" % (found[1], style) + separator
        try:
            _check(numbers, separator, style)
        except ValueError:
            continue
        yield Run(found.start(2), found.end(2), key, style, width, style is not Style.INTEGER, separator)


def _style_of(numbers: bytes) -> tuple[Style, int]:
    if _INTEGERS.fullmatch(numbers):
        return Style.INTEGER, 8
    if _SINGLES.fullmatch(numbers):
        return Style.SINGLE, 4
    return Style.DECIMAL, 8


def _check(numbers: bytes, separator: bytes, style: Style) -> None:
    """Raise ValueError unless every piece is a number that can be read."""
    for token in numbers.split(separator):
        int(token) if style is Style.INTEGER else float(token)

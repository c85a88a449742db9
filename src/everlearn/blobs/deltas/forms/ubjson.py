"""Universal Binary JSON as XGBoost writes it: typed arrays, `[$d#L`, a length of eight bytes and big-endian numbers."""

import re
from collections.abc import Iterator, Sequence

from everlearn.blobs.deltas.runs import Run, Style

_TYPES = {b"d": (4, True), b"D": (8, True), b"l": (4, False), b"L": (8, False), b"I": (2, False), b"U": (1, False)}
_ARRAY = re.compile(rb"([a-z_]{1,40})\[\$([dDlLIU])#L(.{8})", re.DOTALL)


def ubjson_runs(content: bytes) -> Sequence[Run]:
    """Find the typed arrays; those of one name, in all trees, are one column."""
    return list(_arrays(content)) if content[:1] == b"{" else []


def _arrays(content: bytes) -> Iterator[Run]:
    position = 0
    while found := _ARRAY.search(content, position):
        width, is_float = _TYPES[found[2]]
        end = found.end() + width * int.from_bytes(found[3], "big")
        if end > len(content):
            position = found.end()
            continue
        position = end
        if end > found.end():
            yield Run(found.end(), end, found[1] + found[2], Style.BIG, width, is_float)

"""Files of arrays that say where they are: safetensors and `.npy`."""

import json
import re
from collections.abc import Sequence

from everlearn.blobs.deltas.runs import Run, Style

_LONGEST_HEADER = 100_000_000  # of safetensors, by its format
_FLOATS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
_OTHERS = {
    "F8_E4M3": 1,
    "F8_E5M2": 1,
    "BOOL": 1,
    "I8": 1,
    "U8": 1,
    "I64": 8,
    "U64": 8,
    "I32": 4,
    "U32": 4,
    "I16": 2,
    "U16": 2,
}
_DESCRIPTION = re.compile(rb"'descr': '([<>|])([fiub])([1248])'")


def safetensors_runs(content: bytes) -> Sequence[Run]:
    """Find the tensors of a safetensors file: eight bytes of length, a JSON header, then the tensors."""
    size = int.from_bytes(content[:8], "little")
    if not 2 <= size <= min(_LONGEST_HEADER, len(content) - 8) or content[8:9] != b"{":
        return []
    try:
        header = json.loads(content[8 : 8 + size])
        return _tensors(header, 8 + size, len(content))
    except (ValueError, TypeError, KeyError, RecursionError):
        return []


def _tensors(header: dict[str, dict[str, object]], begin: int, end: int) -> Sequence[Run]:
    found, position = [], begin
    named = [(name, about) for name, about in header.items() if name != "__metadata__"]
    for name, about in sorted(named, key=lambda each: _offsets(each[1])):
        start, stop = begin + _offsets(about)[0], begin + _offsets(about)[1]
        dtype = str(about["dtype"])
        width = _FLOATS.get(dtype) or _OTHERS[dtype]
        if not position <= start <= stop <= end or (stop - start) % width:
            return []
        found.append(Run(start, stop, name.encode(), Style.LITTLE, width, dtype in _FLOATS))
        position = stop
    return found


def _offsets(about: dict[str, object]) -> tuple[int, int]:
    match about["data_offsets"]:
        case [int(start), int(stop)]:
            return start, stop
    raise ValueError


def npy_runs(content: bytes) -> Sequence[Run]:
    """Find the array of a `.npy` file."""
    run = npy_run(content, 0, len(content), b"array")
    return [] if run is None else [run]


def npy_run(content: bytes, start: int, end: int, key: bytes) -> Run | None:
    """Find the array of a `.npy` file that lies within a content."""
    if content[start : start + 6] != b"\x93NUMPY":
        return None
    sized = 2 if content[start + 6 : start + 7] == b"\1" else 4
    begin = start + 8 + sized
    data = begin + int.from_bytes(content[start + 8 : begin], "little")
    described = _DESCRIPTION.search(content[begin:data])
    if described is None or data > end:
        return None
    order, kind, width = described[1], described[2], int(described[3])
    if (end - data) % width:
        return None
    style = Style.BIG if order == b">" else Style.LITTLE
    return Run(data, end, key, style, width, is_float=kind == b"f")

"""Zip archives whose members are not compressed: `.npz` as `numpy.savez` writes it, and PyTorch's files.

PyTorch keeps tensors as members without a header; what they hold is said in a pickle, which nobody opens here. They
are taken for 32-bit floats, which costs nothing but some length when it is wrong.
"""

import io
import struct
import zipfile
from collections.abc import Iterator, Sequence
from itertools import pairwise

from everlearn.blobs.deltas.forms.arrays import npy_run
from everlearn.blobs.deltas.runs import Run, Style

_LOCAL_HEADER = 30  # bytes before name and extra field
_SMALLEST = 64  # bytes of a member worth looking at


def archive_runs(content: bytes) -> Sequence[Run]:
    """Find the arrays among the members."""
    if content[:4] != b"PK\3\4":
        return []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = sorted(archive.infolist(), key=lambda member: member.header_offset)
        runs = list(_runs(content, members))
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError):
        return []
    in_order = all(one.end <= other.start for one, other in pairwise(runs))
    return runs if in_order and (not runs or runs[-1].end <= len(content)) else []


def _runs(content: bytes, members: Sequence[zipfile.ZipInfo]) -> Iterator[Run]:
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.file_size < _SMALLEST:
            continue
        names = struct.unpack_from("<HH", content, member.header_offset + _LOCAL_HEADER - 4)
        start = member.header_offset + _LOCAL_HEADER + sum(names)
        end, key = start + member.file_size, member.filename.encode()
        run = npy_run(content, start, end, key)
        if run is None and not member.filename.endswith((".pkl", ".json")) and member.file_size % 4 == 0:
            run = Run(start, end, key, Style.LITTLE, 4, is_float=True)
        if run is not None:
            yield run

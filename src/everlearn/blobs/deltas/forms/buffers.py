"""Bytes without a known form, taken for floats: tried last, and kept only when it makes them shorter."""

from collections.abc import Sequence

from everlearn.blobs.deltas.runs import Run, Style


def single_runs(content: bytes) -> Sequence[Run]:
    """Take everything for 32-bit floats."""
    return _everything(content, 4)


def double_runs(content: bytes) -> Sequence[Run]:
    """Take everything for 64-bit floats."""
    return _everything(content, 8)


def _everything(content: bytes, width: int) -> Sequence[Run]:
    end = len(content) - len(content) % width
    return [Run(0, end, b"all", Style.LITTLE, width, is_float=True)] if end else []

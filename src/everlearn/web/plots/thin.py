"""Dropping points that no screen could show, without losing a peak."""

from collections.abc import Sequence

Pair = tuple[float, float | None]


def thinned(points: Sequence[Pair], *, columns: int) -> list[Pair]:
    """Keep the first, lowest, highest and last point of each of `columns` equal slices of the horizontal range.

    Gaps (None) are kept as one point each. Points must come in order. Few points come back unchanged.
    """
    if len(points) <= 4 * columns:
        return list(points)
    low, high = points[0][0], points[-1][0]
    width = (high - low) / columns or 1.0
    kept: list[Pair] = []
    start = 0
    for column in range(columns):
        end = start
        edge = low + (column + 1) * width if column < columns - 1 else float("inf")
        while end < len(points) and points[end][0] <= edge:
            end += 1
        kept.extend(_outline(points[start:end]))
        start = end
    return kept


def _outline(slice_: Sequence[Pair]) -> list[Pair]:
    known = [(value, index) for index, (_, value) in enumerate(slice_) if value is not None]
    if not known:
        return list(slice_[:1])
    gap = next((index for index, (_, value) in enumerate(slice_) if value is None), None)
    wanted = {0, len(slice_) - 1, min(known)[1], max(known)[1]} | ({gap} if gap is not None else set())
    return [slice_[index] for index in sorted(wanted)]

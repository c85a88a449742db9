"""SVG path data from places; a None is a gap."""

from collections.abc import Iterable, Iterator, Sequence

Place = tuple[float, float]


def line_path(points: Iterable[Place | None]) -> str:
    """Write a broken line through the places; a place alone between gaps becomes a dot (a line of no length)."""
    return " ".join(_segment(run) for run in _runs(points))


def band_path(upper: Sequence[Place], lower: Sequence[Place]) -> str:
    """Write the area between two lines over the same horizontal places."""
    if not upper:
        return ""
    return _segment(upper) + " L" + " L".join(f"{x:g},{y:g}" for x, y in reversed(lower)) + " Z"


def curve(start: Place, end: Place) -> str:
    """Write a curve that leaves and arrives horizontally."""
    middle = round((start[0] + end[0]) / 2, 1)
    return f"M{start[0]:g},{start[1]:g} C{middle:g},{start[1]:g} {middle:g},{end[1]:g} {end[0]:g},{end[1]:g}"


def _segment(points: Sequence[Place]) -> str:
    if len(points) == 1:
        x, y = points[0]
        return f"M{x:g},{y:g} h0"
    return "M" + " L".join(f"{x:g},{y:g}" for x, y in points)


def _runs(points: Iterable[Place | None]) -> Iterator[list[Place]]:
    run: list[Place] = []
    for point in points:
        if point is not None:
            run.append(point)
        elif run:
            yield run
            run = []
    if run:
        yield run

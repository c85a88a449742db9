"""A line without axes, for a cell or a tile: only the shape of the recent past."""

from collections.abc import Sequence
from dataclasses import dataclass

from everlearn.web.formats import number
from everlearn.web.plots.paths import line_path
from everlearn.web.plots.scale import Scale, value_range

WIDTH, HEIGHT = 96, 24
_INSET = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkDrawing:
    """Ready for the template."""

    path: str
    end_x: float
    end_y: float
    label: str  # for those who cannot see it
    limit_y: float | None  # a threshold, if one was given and is in sight


def sparkline(values: Sequence[float | None], *, limit: float | None = None, name: str = "") -> SparkDrawing | None:
    """Draw the values, evenly spaced, gaps where None; None when there is nothing to draw."""
    known = [(index, value) for index, value in enumerate(values) if value is not None]
    if not known:
        return None
    low, high = value_range([value for _, value in known] + ([] if limit is None else [limit]))
    x_scale = Scale(0, max(len(values) - 1, 1), _INSET, WIDTH - _INSET)
    y_scale = Scale(low, high, HEIGHT - _INSET, _INSET)
    points = [
        None if value is None else (x_scale.place(index), y_scale.place(value)) for index, value in enumerate(values)
    ]
    last_index, last_value = known[-1]
    return SparkDrawing(
        path=line_path(points),
        end_x=x_scale.place(last_index),
        end_y=y_scale.place(last_value),
        label=f"{name} from {number(known[0][1])} to {number(last_value)}".strip(),
        limit_y=None if limit is None else y_scale.place(limit),
    )

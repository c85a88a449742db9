"""Lines over time or over a number, with intervals as bands, thresholds as labelled lines and marked moments."""

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, groupby

from everlearn.web.formats import number
from everlearn.web.plots.paths import band_path, line_path
from everlearn.web.plots.scale import (
    LogScale,
    Scale,
    Tick,
    log_range,
    log_ticks,
    number_ticks,
    seconds_of,
    spread,
    time_ticks,
    value_range,
)
from everlearn.web.plots.thin import thinned

_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 132, 12, 34
_MARK_ROW, _MARK_ROWS = 15, 3  # labels of marked moments stand in rows above the plot
_LABEL_GAP = 15.0
_CHARACTER = 6.4  # a little more than the mean width at 12 px
_TABLE_ROWS = 400

X = datetime | float


@dataclass(frozen=True, slots=True)
class Point:
    """One value at one place; None is a gap."""

    x: X
    y: float | None


@dataclass(frozen=True, slots=True)
class Band:
    """An interval at one place."""

    x: X
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line, labelled at its end. `hue` 1 to 6 keeps its meaning across pages (1: what is served)."""

    name: str
    points: Sequence[Point]
    band: Sequence[Band] = ()
    hue: int = 1
    is_dashed: bool = False  # a reference, a forecast


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A level that matters, drawn across and labelled. `tone` is one of the status tones."""

    value: float
    label: str
    tone: str = "act"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerticalMark:
    """A moment that matters: a version deployed, a retraining."""

    x: X
    label: str
    tone: str = "idle"
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePlot:
    """What to draw. All horizontal values are instants, or all are numbers."""

    title: str
    series: tuple[Series, ...]
    unit: str = ""
    x_title: str = ""  # "UTC" is said by itself for instants
    thresholds: tuple[Threshold, ...] = ()
    marks: tuple[VerticalMark, ...] = ()
    with_zero: bool = False
    is_log: bool = False  # the vertical axis; values that are not positive become gaps
    csv_href: str = ""
    width: int = 960  # 560 for half a page
    height: int = 300
    left: int = _LEFT  # the margin before the axis; as wide as that of lanes above it, to share their axis
    x_range: tuple[X, X] | None = None  # what the axis shows; None: what there is


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnSeries:
    """A line as paths."""

    name: str
    hue: int
    is_dashed: bool
    path: str
    band: str
    label_x: float
    label_y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnLevel:
    """A threshold as a place."""

    y: float
    label_y: float
    label: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnMark:
    """A marked moment as a place, with the height of its label."""

    x: float
    label: str
    tone: str
    href: str
    label_y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDrawing:
    """Ready for the template `web/plots/line.html`."""

    title: str
    unit: str
    x_title: str
    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    series: tuple[DrawnSeries, ...]
    levels: tuple[DrawnLevel, ...]
    marks: tuple[DrawnMark, ...]
    head: tuple[str, ...]  # of the table of numbers
    rows: tuple[tuple[str, ...], ...]
    rows_left_out: int
    csv_href: str
    is_empty: bool


def draw_lines(plot: LinePlot) -> LineDrawing:
    """Compute the whole plot; time and memory grow with the number of points, the answer does not."""
    x_values = [_number(point.x) for series in plot.series for point in series.points]
    x_scale = _x_scale([_number(x) for x in plot.x_range or ()] or x_values, plot)
    marks = _drawn_marks(plot.marks, x_scale)
    top = _TOP + _MARK_ROW * len({mark.label_y for mark in marks})
    bottom = float(plot.height - _BOTTOM)
    y_scale = _y_scale(plot, bottom, float(top))
    is_time = any(isinstance(point.x, datetime) for series in plot.series for point in series.points[:1])
    series, levels = _drawn_lines(plot, x_scale, y_scale)
    head, rows = _table(plot)
    return LineDrawing(
        title=plot.title,
        unit=plot.unit,
        x_title=plot.x_title or ("UTC" if is_time else ""),
        width=plot.width,
        height=plot.height,
        left=x_scale.start,
        right=x_scale.end,
        top=float(top),
        bottom=bottom,
        x_ticks=_x_ticks(x_scale, is_time=is_time),
        y_ticks=log_ticks(y_scale) if isinstance(y_scale, LogScale) else number_ticks(y_scale),
        series=series,
        levels=levels,
        marks=marks,
        head=head,
        rows=rows[-_TABLE_ROWS:],
        rows_left_out=max(0, len(rows) - _TABLE_ROWS),
        csv_href=plot.csv_href,
        is_empty=not x_values,
    )


def _x_scale(values: Sequence[float], plot: LinePlot) -> Scale:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    return Scale(low, high if high > low else low + 1, float(plot.left), float(plot.width - _RIGHT))


def _y_scale(plot: LinePlot, bottom: float, top: float) -> Scale:
    if plot.is_log:
        return LogScale(*log_range(_heights(plot)), bottom, top)
    return Scale(*value_range(_heights(plot), with_zero=plot.with_zero), bottom, top)


def _x_ticks(scale: Scale, *, is_time: bool) -> tuple[Tick, ...]:
    about = max(3, int(scale.end - scale.start) // 110)
    return time_ticks(scale, about=about) if is_time else number_ticks(scale, about=about)


def _heights(plot: LinePlot) -> Iterator[float]:
    for series in plot.series:
        yield from (point.y for point in series.points if point.y is not None)
        yield from chain.from_iterable((band.low, band.high) for band in series.band)
    yield from (threshold.value for threshold in plot.thresholds)


def _drawn_lines(
    plot: LinePlot, x_scale: Scale, y_scale: Scale
) -> tuple[tuple[DrawnSeries, ...], tuple[DrawnLevel, ...]]:
    """Draw series and thresholds; their labels share the right margin and move apart together."""
    if plot.is_log:
        plot = _positive(plot)
    ends = [_end(series, y_scale) for series in plot.series]
    places = [y_scale.place(threshold.value) for threshold in plot.thresholds]
    labels = spread([*ends, *places], gap=_LABEL_GAP, low=y_scale.end, high=y_scale.start)
    series = tuple(
        DrawnSeries(
            name=each.name,
            hue=each.hue,
            is_dashed=each.is_dashed,
            path=_path(each, x_scale, y_scale),
            band=_band(each, x_scale, y_scale),
            label_x=x_scale.end + 8,
            label_y=round(label_y, 1),
        )
        for each, label_y in zip(plot.series, labels, strict=False)
    )
    levels = tuple(
        DrawnLevel(y=place, label_y=round(label_y, 1), label=threshold.label, tone=threshold.tone)
        for threshold, place, label_y in zip(plot.thresholds, places, labels[len(ends) :], strict=True)
    )
    return series, levels


def _positive(plot: LinePlot) -> LinePlot:
    return replace(
        plot,
        series=tuple(
            replace(
                series,
                points=[Point(one.x, one.y if one.y is not None and one.y > 0 else None) for one in series.points],
                band=[one for one in series.band if one.low > 0],
            )
            for series in plot.series
        ),
        thresholds=tuple(one for one in plot.thresholds if one.value > 0),
    )


def _path(series: Series, x_scale: Scale, y_scale: Scale) -> str:
    points = thinned([(_number(point.x), point.y) for point in series.points], columns=int(x_scale.end - x_scale.start))
    return line_path(None if y is None else (x_scale.place(x), y_scale.place(y)) for x, y in points)


def _band(series: Series, x_scale: Scale, y_scale: Scale) -> str:
    step = max(1, len(series.band) // int(2 * (x_scale.end - x_scale.start)))
    gaps = [_number(point.x) for point in series.points if point.y is None]
    parts = []
    for _, run in groupby(series.band[::step], key=lambda band: bisect(gaps, _number(band.x))):
        places = [(x_scale.place(_number(band.x)), y_scale.place(band.low), y_scale.place(band.high)) for band in run]
        parts.append(band_path([(x, high) for x, _, high in places], [(x, low) for x, low, _ in places]))
    return " ".join(parts)


def _end(series: Series, y_scale: Scale) -> float:
    last = next((point.y for point in reversed(series.points) if point.y is not None), None)
    return y_scale.start if last is None else y_scale.place(last)


def _drawn_marks(marks: Sequence[VerticalMark], x_scale: Scale) -> tuple[DrawnMark, ...]:
    """Draw marked moments; each label goes into the first row where it covers no other."""
    free_from = [float("-inf")] * _MARK_ROWS
    drawn = []
    for mark in sorted(marks, key=lambda each: _number(each.x)):
        if not x_scale.low <= _number(mark.x) <= x_scale.high:
            continue
        place = x_scale.place(_number(mark.x))
        row = next((row for row in range(_MARK_ROWS) if free_from[row] <= place), _MARK_ROWS - 1)
        free_from[row] = place + len(mark.label) * _CHARACTER + 12
        drawn.append(
            DrawnMark(x=place, label=mark.label, tone=mark.tone, href=mark.href, label_y=_TOP + row * _MARK_ROW)
        )
    return tuple(drawn)


def _table(plot: LinePlot) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    unit = f" ({plot.unit})" if plot.unit else ""
    head = ("time (UTC)" if plot.x_title == "" else plot.x_title, *(series.name + unit for series in plot.series))
    by_x: dict[float, tuple[X, dict[int, str]]] = {}
    for index, series in enumerate(plot.series):
        bands = {_number(band.x): band for band in series.band}
        for point in series.points:
            x = _number(point.x)
            text = number(point.y, 4)
            if x in bands:
                text += f" [{number(bands[x].low, 4)}, {number(bands[x].high, 4)}]"
            by_x.setdefault(x, (point.x, {}))[1][index] = text
    rows = tuple(
        (_x_text(at), *(values.get(index, "") for index in range(len(plot.series))))
        for _, (at, values) in sorted(by_x.items())
    )
    return head, rows


def _x_text(x: X) -> str:
    return x.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if isinstance(x, datetime) else number(x, 6)


def _number(x: X) -> float:
    return seconds_of(x) if isinstance(x, datetime) else x

"""Drawing metrics of one run: by group, over steps or time, raw and smoothed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from everlearn.core.errors import InvalidError
from everlearn.tracking.curves import Curve
from everlearn.tracking.metric_schema import UNDECLARED, MetricSchema
from everlearn.tracking.pages.words import cut
from everlearn.tracking.store.outline import Stretch
from everlearn.web.plots import LinePlot, Point, Series, draw_lines
from everlearn.web.plots.line import LineDrawing
from everlearn.web.plots.smooth import smoothed
from everlearn.web.view import Choice, Filter

MOST_DRAWN = 12
SMOOTHINGS = {"": 0.0, "0.6": 0.6, "0.9": 0.9, "0.97": 0.97}
_AXES = {"": "step", "time": "time"}
_LIVE_ROWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvesQuery:
    """How curves are drawn, as it stands in the address."""

    path: str
    axis: str = ""  # "": steps; "time": seconds since the run began
    scale: str = ""  # "log"
    smooth: str = ""  # a key of SMOOTHINGS
    group: str = ""  # of metrics; "": the first one
    metric: str = ""  # one metric alone

    def href(self) -> str:
        """Write the address."""
        said = (
            ("x", self.axis),
            ("y", self.scale),
            ("smooth", self.smooth),
            ("group", self.group),
            ("metric", self.metric),
        )
        given = [(name, value) for name, value in said if value]
        return f"{self.path}?{urlencode(given)}" if given else self.path


def read_query(path: str, said: Mapping[str, str]) -> CurvesQuery:
    """Read how curves are to be drawn from what an address asks.

    Raises
    ------
    InvalidError
        When a choice is none of those offered.
    """
    query = CurvesQuery(
        path=path,
        axis=said.get("x", ""),
        scale=said.get("y", ""),
        smooth=said.get("smooth", ""),
        group=said.get("group", ""),
        metric=said.get("metric", ""),
    )
    if query.axis not in _AXES or query.scale not in {"", "log"} or query.smooth not in SMOOTHINGS:
        raise InvalidError("x is step (left out) or time; y is left out or log; smooth is left out, 0.6, 0.9 or 0.97")
    return query


def group_of(key: str) -> str:
    """Give the group of a metric: what stands before its first slash."""
    head, slash, _ = key.partition("/")
    return head if slash else ""


def chosen_keys(keys: Sequence[str], query: CurvesQuery) -> list[str]:
    """Choose which metrics are drawn: one alone, or those of a group."""
    if query.metric:
        return [key for key in keys if key == query.metric]
    groups = groups_of(keys)
    group = query.group if query.group in groups else next(iter(groups), "")
    return [key for key in keys if group_of(key) == group or len(keys) <= MOST_DRAWN][:MOST_DRAWN]


def groups_of(keys: Sequence[str]) -> dict[str, int]:
    """Count the metrics of each group; groups without a prefix first, those of the machine last."""
    counts: dict[str, int] = {}
    for key in sorted(keys, key=lambda key: (group_of(key) == "system", group_of(key))):
        counts[group_of(key)] = counts.get(group_of(key), 0) + 1
    return counts


def choices(keys: Sequence[str], query: CurvesQuery) -> tuple[Filter, ...]:
    """Offer other metrics and other ways to draw."""
    found = []
    groups = groups_of(keys)
    if query.metric:
        everything = Choice(text="all metrics", href=replace(query, metric="").href())
        this = Choice(text=query.metric, href=query.href(), is_chosen=True)
        found.append(Filter(label="Metric", choices=(everything, this)))
    elif len(keys) > MOST_DRAWN:
        chosen = query.group if query.group in groups else next(iter(groups), "")
        offered = tuple(
            Choice(
                text=f"{group or 'no prefix'} ({count})",
                href=replace(query, group=group).href(),
                is_chosen=group == chosen,
            )
            for group, count in groups.items()
        )
        found.append(Filter(label="Group", choices=offered))
    return (*found, *ways_to_draw(query, CurvesQuery.href))


def ways_to_draw(query: CurvesQuery, href: Callable[[CurvesQuery], str]) -> tuple[Filter, ...]:
    """Offer axis, scale and smoothing; `href` writes the address of another way."""

    def offered(label: str, others: Sequence[tuple[str, CurvesQuery]]) -> Filter:
        return Filter(
            label=label,
            choices=tuple(Choice(text=text, href=href(other), is_chosen=other == query) for text, other in others),
        )

    return (
        offered("Over", [(word, replace(query, axis=key)) for key, word in _AXES.items()]),
        offered("Scale", [("linear", replace(query, scale="")), ("log", replace(query, scale="log"))]),
        offered("Smoothing", [(key or "none", replace(query, smooth=key)) for key in SMOOTHINGS]),
    )


def draw(
    curves: Sequence[Curve],
    query: CurvesQuery,
    *,
    begun_ms: int,
    schemas: dict[str, MetricSchema],
    is_live: bool = False,
) -> tuple[LineDrawing, ...]:
    """Draw each metric on its own plot."""
    wide = bool(query.metric)
    drawn = [_drawn(curve, query, begun_ms, schemas.get(curve.key, UNDECLARED), is_wide=wide) for curve in curves]
    # a running run is drawn again and again: a long table of numbers each time would be most of it
    return tuple(replace(one, rows=one.rows[-_LIVE_ROWS:]) if is_live else one for one in drawn)


def line_points(stretches: Sequence[Stretch], *, axis: str, begun_ms: int) -> list[Point]:
    """Write stretches as points that keep every spike: the least and the greatest of each, in the line's direction."""
    points, before = list[Point](), None
    for one in stretches:
        start, end = _places(one, axis, begun_ms)
        if one.size == 1:
            points.append(Point(start, one.mean))
        else:
            falls = before is not None and one.mean < before
            first, last = (one.high, one.low) if falls else (one.low, one.high)
            points += [Point(start, first), Point(end, last)]
        before = one.mean
    return points


def x_title(axis: str) -> str:
    """Name the horizontal axis."""
    return "seconds since the start" if axis == "time" else "step"


def _drawn(curve: Curve, query: CurvesQuery, begun_ms: int, schema: MetricSchema, *, is_wide: bool) -> LineDrawing:
    stretches = curve.shape.stretches
    raw = line_points(stretches, axis=query.axis, begun_ms=begun_ms)
    weight = SMOOTHINGS[query.smooth]
    series = [Series(name="raw" if weight else cut(curve.key, 16), points=raw, hue=6 if weight else 1)]
    if weight:
        means = smoothed([one.mean for one in stretches], weight=weight)
        places = [_places(one, query.axis, begun_ms)[1] for one in stretches]
        points = [Point(x, y) for x, y in zip(places, means, strict=True)]
        series.append(Series(name=f"smoothed {query.smooth}", points=points))
    return draw_lines(
        LinePlot(
            title=curve.key + (" (a sample of its points)" if curve.shape.is_sample else ""),
            unit=schema.unit,
            x_title=x_title(query.axis),
            series=tuple(series),
            is_log=query.scale == "log",
            width=960 if is_wide else 560,
            height=320 if is_wide else 220,
        )
    )


def _places(one: Stretch, axis: str, begun_ms: int) -> tuple[float, float]:
    if axis == "time":
        return (one.first_ms - begun_ms) / 1000, (one.last_ms - begun_ms) / 1000
    return float(one.first_step), float(one.last_step)

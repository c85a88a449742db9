"""Lanes over one time axis: what was true from when to when, and what happened at which moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from everlearn.web.plots.scale import Scale, Tick, seconds_of, time_ticks

WIDTH = 960
_LEFT, _RIGHT, _TOP, _BOTTOM = 132, 16, 8, 30
_LANE = 34
_SPAN = 18
_CLUSTER = 13.0  # marks nearer than this would cover each other
_CHARACTER = 6.4  # a little more than the mean width at 12 px
_URGENCY = ("stopped", "act", "watch", "good", "idle")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something that lasted; `end` None: it still does."""

    start: datetime
    end: datetime | None
    label: str
    tone: str = ""  # a status tone; empty: by `hue`
    hue: int = 1
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened."""

    at: datetime
    label: str
    tone: str = "idle"
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One row."""

    name: str
    spans: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LanePlot:
    """What to draw; everything outside `start` to `end` is cut off."""

    title: str
    lanes: tuple[Lane, ...]
    start: datetime
    end: datetime
    right: int = _RIGHT  # the margin behind the axis


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnSpan:
    """A span as a box; the label is empty where it has no room (the title says it all the same)."""

    x: float
    y: float
    width: float
    height: float
    label: str
    title: str
    tone: str
    hue: int
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnMark:
    """One mark, or several that would cover each other."""

    x: float
    y: float
    tone: str
    count: int
    title: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnLane:
    """One row as places."""

    name: str
    y: float
    middle: float
    height: float
    spans: tuple[DrawnSpan, ...]
    marks: tuple[DrawnMark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneDrawing:
    """Ready for the template `web/plots/lanes.html`."""

    title: str
    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    ticks: tuple[Tick, ...]
    lanes: tuple[DrawnLane, ...]
    rows: tuple[tuple[str, str, str, str], ...]  # lane, from, to, what
    is_empty: bool
    unit: str = ""
    csv_href: str = ""


def draw_lanes(plot: LanePlot) -> LaneDrawing:
    """Compute the whole plot."""
    low, high = seconds_of(plot.start), seconds_of(plot.end)
    scale = Scale(low, high if high > low else low + 1, float(_LEFT), float(WIDTH - plot.right))
    bottom = float(_TOP + _LANE * max(len(plot.lanes), 1))
    return LaneDrawing(
        title=plot.title,
        width=WIDTH,
        height=int(bottom) + _BOTTOM,
        left=float(_LEFT),
        right=float(WIDTH - plot.right),
        top=float(_TOP),
        bottom=bottom,
        ticks=time_ticks(scale, about=max(3, int(scale.end - scale.start) // 110)),
        lanes=tuple(_drawn_lane(lane, index, scale) for index, lane in enumerate(plot.lanes)),
        rows=tuple(row for lane in plot.lanes for row in _rows(lane)),
        is_empty=not any(lane.spans or lane.marks for lane in plot.lanes),
    )


def _drawn_lane(lane: Lane, index: int, scale: Scale) -> DrawnLane:
    top = float(_TOP + index * _LANE)
    middle = top + _LANE / 2
    spans = (_drawn_span(span, middle, scale) for span in lane.spans)
    return DrawnLane(
        name=lane.name,
        y=top,
        middle=middle,
        height=_LANE,
        spans=tuple(span for span in spans if span is not None),
        marks=_drawn_marks(lane.marks, middle, scale),
    )


def _drawn_span(span: Span, middle: float, scale: Scale) -> DrawnSpan | None:
    start = max(seconds_of(span.start), scale.low)
    end = scale.high if span.end is None else min(seconds_of(span.end), scale.high)
    if end < scale.low or start > scale.high:
        return None
    x = scale.place(start)
    width = round(max(scale.place(end) - x, 2.0), 1)
    fits = width >= len(span.label) * _CHARACTER + 8
    until = "now" if span.end is None else _text(span.end)
    return DrawnSpan(
        x=x,
        y=middle - _SPAN / 2,
        width=width,
        height=_SPAN,
        label=span.label if fits else "",
        title=f"{span.label}: {_text(span.start)} to {until}",
        tone=span.tone,
        hue=span.hue,
        href=span.href,
    )


def _drawn_marks(marks: Sequence[Mark], middle: float, scale: Scale) -> tuple[DrawnMark, ...]:
    clusters: list[list[tuple[float, Mark]]] = []
    for mark in sorted(marks, key=lambda each: each.at):
        if not scale.low <= seconds_of(mark.at) <= scale.high:
            continue
        place = scale.place(seconds_of(mark.at))
        if clusters and place - clusters[-1][0][0] < _CLUSTER:
            clusters[-1].append((place, mark))
        else:
            clusters.append([(place, mark)])
    return tuple(_drawn_cluster(cluster, middle) for cluster in clusters)


def _drawn_cluster(cluster: Sequence[tuple[float, Mark]], middle: float) -> DrawnMark:
    marks = [mark for _, mark in cluster]
    first = min(marks, key=lambda mark: _URGENCY.index(mark.tone))
    shown = "; ".join(f"{mark.label}, {_text(mark.at)}" for mark in marks[:6])
    more = f"; and {len(marks) - 6} more" if len(marks) > 6 else ""
    return DrawnMark(
        x=round(sum(place for place, _ in cluster) / len(cluster), 1),
        y=middle,
        tone=first.tone,
        count=len(marks),
        title=(f"{len(marks)} events: " if len(marks) > 1 else "") + shown + more,
        href=first.href,
    )


def _rows(lane: Lane) -> list[tuple[str, str, str, str]]:
    spans = [
        (span.start, (lane.name, _text(span.start), "" if span.end is None else _text(span.end), span.label))
        for span in lane.spans
    ]
    marks = [(mark.at, (lane.name, _text(mark.at), _text(mark.at), mark.label)) for mark in lane.marks]
    return [row for _, row in sorted(spans + marks)]


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")

"""Horizontal bars from a real zero, with intervals and thresholds; for comparing named things."""

from collections.abc import Sequence
from dataclasses import dataclass

from everlearn.web.formats import number
from everlearn.web.plots.scale import Scale, Tick, number_ticks

_LEFT, _RIGHT, _TOP, _BOTTOM = 184, 88, 8, 30
_HEAD = 16  # room for the threshold's label above the bars
_ROW = 26
_BAR = 14
_LABEL_LIMIT = 26
_NEAR = 30.0
_CHARACTER = 6.4  # a little more than the mean width at 12 px


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One named value, with its interval if it has one."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    tone: str = ""  # a status tone; empty: the neutral hue
    href: str = ""
    note: str = ""  # written after the value


@dataclass(frozen=True, slots=True, kw_only=True)
class BarPlot:
    """What to draw, in the order to draw it (worst first)."""

    title: str
    bars: tuple[Bar, ...]
    unit: str = ""
    threshold: float | None = None
    threshold_label: str = ""
    csv_href: str = ""
    width: int = 960  # 560 for half a page


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnBar:
    """One bar as places."""

    label: str
    full_label: str
    text: str
    tone: str
    href: str
    x: float
    y: float
    width: float
    height: float
    middle: float
    interval: tuple[float, float] | None
    text_x: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BarDrawing:
    """Ready for the template `web/plots/bars.html`."""

    title: str
    unit: str
    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    zero: float
    ticks: tuple[Tick, ...]
    bars: tuple[DrawnBar, ...]
    threshold: float | None
    threshold_label: str
    rows: tuple[tuple[str, str, str], ...]
    csv_href: str
    is_empty: bool


def draw_bars(plot: BarPlot) -> BarDrawing:
    """Compute the whole plot; zero is always in sight."""
    top = float(_TOP + (0 if plot.threshold is None else _HEAD))
    bottom = top + _ROW * max(len(plot.bars), 1)
    right = float(plot.width - max(_RIGHT, *(len(_text(bar)) * _CHARACTER + 12 for bar in plot.bars), 0))
    scale = Scale(*_range(plot), float(_LEFT), right)
    zero = scale.place(0.0)
    return BarDrawing(
        title=plot.title,
        unit=plot.unit,
        width=plot.width,
        height=int(bottom) + _BOTTOM,
        left=float(_LEFT),
        right=right,
        top=top,
        bottom=bottom,
        zero=zero,
        ticks=number_ticks(scale, about=max(3, plot.width // 160)),
        bars=tuple(_drawn(bar, top + index * _ROW, scale, plot.threshold) for index, bar in enumerate(plot.bars)),
        threshold=None if plot.threshold is None else scale.place(plot.threshold),
        threshold_label=plot.threshold_label,
        rows=tuple((bar.label, number(bar.value, 4), _interval_text(bar)) for bar in plot.bars),
        csv_href=plot.csv_href,
        is_empty=not plot.bars,
    )


def _range(plot: BarPlot) -> tuple[float, float]:
    values = [0.0, *([] if plot.threshold is None else [plot.threshold])]
    for bar in plot.bars:
        values.extend(value for value in (bar.value, bar.low, bar.high) if value is not None)
    low, high = min(values), max(values)
    air = (high - low) * 0.04 or 1.0
    return (low - air if low < 0 else 0.0, high + air if high > 0 or low == high else 0.0)


def _drawn(bar: Bar, y: float, scale: Scale, threshold: float | None) -> DrawnBar:
    zero = scale.place(0.0)
    end = zero if bar.value is None else scale.place(bar.value)
    interval = None if bar.low is None or bar.high is None else (scale.place(bar.low), scale.place(bar.high))
    rightmost = max([zero, end, *(interval or ())])
    if threshold is not None and 0 <= scale.place(threshold) - rightmost < _NEAR:
        rightmost = scale.place(threshold)  # the value stands behind the line, not across it
    return DrawnBar(
        label=_cut(bar.label),
        full_label=bar.label,
        text=_text(bar),
        tone=bar.tone,
        href=bar.href,
        x=min(zero, end),
        y=y + (_ROW - _BAR) / 2,
        width=round(max(abs(end - zero), 0.5), 1),
        height=_BAR,
        middle=y + _ROW / 2,
        interval=interval,
        text_x=round(rightmost + 6, 1),
    )


def _text(bar: Bar) -> str:
    return f"{number(bar.value)} {bar.note}".strip()


def _cut(label: str) -> str:
    return label if len(label) <= _LABEL_LIMIT else label[: _LABEL_LIMIT - 1] + "\u2026"


def _interval_text(bar: Bar) -> str:
    return "" if bar.low is None or bar.high is None else f"{number(bar.low, 4)} to {number(bar.high, 4)}"


def bars_of(values: Sequence[tuple[str, float]], *, tone: str = "") -> tuple[Bar, ...]:
    """Make plain bars of pairs."""
    return tuple(Bar(label=label, value=value, tone=tone) for label, value in values)

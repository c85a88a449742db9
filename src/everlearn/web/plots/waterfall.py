"""A waterfall: steps within steps, each as a bar from where it began to where it ended, below what called it."""

from dataclasses import dataclass

from everlearn.web.formats import duration, number
from everlearn.web.plots.scale import Scale, Tick, number_ticks

WIDTH = 960
_LEFT, _RIGHT, _TOP, _BOTTOM = 280, 80, 8, 30
_ROW, _BAR, _INDENT, _DEEPEST = 22, 12, 12, 10
_CHARACTER = 6.4  # a little more than the mean width at 12 px
_SHORTEST_S = 1e-6  # an axis needs some length


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One step; seconds since the whole began."""

    label: str
    depth: int
    start_s: float
    end_s: float | None  # None: it has not ended
    hue: int = 1
    tone: str = ""  # a status tone; empty: by `hue`
    note: str = ""  # what kind of step it is
    href: str = ""
    is_chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterfallPlot:
    """What to draw, in the order to draw it."""

    title: str
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnStretch:
    """One step as places."""

    label: str
    title: str
    text: str  # how long it took
    label_x: float
    x: float
    y: float
    width: float
    height: float
    middle: float
    text_x: float
    row_y: float
    row_height: float
    tone: str
    hue: int
    href: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterfallDrawing:
    """Ready for the template `web/plots/waterfall.html`."""

    title: str
    unit: str
    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    ticks: tuple[Tick, ...]
    stretches: tuple[DrawnStretch, ...]
    rows: tuple[tuple[str, str, str, str], ...]  # step, kind, begins, lasts
    is_empty: bool
    csv_href: str = ""


def draw_waterfall(plot: WaterfallPlot) -> WaterfallDrawing:
    """Compute the whole plot."""
    end = max((one.start_s if one.end_s is None else one.end_s for one in plot.stretches), default=0.0)
    factor, unit = (1.0, "s") if end >= 10 else (1_000.0, "ms")
    scale = Scale(0.0, max(end, _SHORTEST_S) * factor, float(_LEFT), float(WIDTH - _RIGHT))
    bottom = float(_TOP + _ROW * max(len(plot.stretches), 1))
    drawn = (_drawn(one, float(_TOP + index * _ROW), scale, factor) for index, one in enumerate(plot.stretches))
    return WaterfallDrawing(
        title=plot.title,
        unit=unit,
        width=WIDTH,
        height=int(bottom) + _BOTTOM,
        left=scale.start,
        right=scale.end,
        top=float(_TOP),
        bottom=bottom,
        ticks=number_ticks(scale, about=6),
        stretches=tuple(drawn),
        rows=tuple(
            (one.label, one.note, f"{number(one.start_s * factor)} {unit}", _lasted(one)) for one in plot.stretches
        ),
        is_empty=not plot.stretches,
    )


def _drawn(one: Stretch, y: float, scale: Scale, factor: float) -> DrawnStretch:
    x = scale.place(one.start_s * factor)
    until = scale.end if one.end_s is None else scale.place(one.end_s * factor)
    width = round(max(until - x, 2.0), 1)
    label_x = float(min(one.depth, _DEEPEST) * _INDENT)
    return DrawnStretch(
        label=_cut(one.label, int((_LEFT - label_x - 10) / _CHARACTER)),
        title=f"{one.label}{f', {one.note}' if one.note else ''}: {_lasted(one)}",
        text=_lasted(one),
        label_x=label_x,
        x=x,
        y=y + (_ROW - _BAR) / 2,
        width=width,
        height=_BAR,
        middle=y + _ROW / 2,
        text_x=round(x + width + 6, 1),
        row_y=y,
        row_height=_ROW,
        tone=one.tone,
        hue=one.hue,
        href=one.href,
        is_chosen=one.is_chosen,
    )


def _lasted(one: Stretch) -> str:
    return "not ended" if one.end_s is None else duration(max(one.end_s - one.start_s, 0.0))


def _cut(label: str, longest: int) -> str:
    return label if len(label) <= longest else f"{label[: longest - 1]}\u2026"

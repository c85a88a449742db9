"""Parallel coordinates: one vertical axis for each quantity, one line for each thing through its values."""

from collections.abc import Sequence
from dataclasses import dataclass

from everlearn.web.formats import MISSING, number
from everlearn.web.plots.paths import line_path
from everlearn.web.plots.scale import Scale, Tick, number_ticks, value_range

_TOP, _BOTTOM, _SIDE = 40, 16, 72
_LABEL_LIMIT = 14

Value = float | str | None  # a number, a word, or nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Strand:
    """One thing; its values in the order of the axes."""

    name: str
    values: tuple[Value, ...]
    href: str = ""
    hue: int = 6
    is_marked: bool = False  # drawn above the others


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelPlot:
    """What to draw. An axis on which every value is a number is a scale; on others the words stand evenly."""

    title: str
    axes: tuple[str, ...]
    strands: tuple[Strand, ...]
    width: int = 960
    height: int = 340


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnAxis:
    """One axis as places."""

    x: float
    title: str
    full_title: str
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnStrand:
    """One line as a path."""

    path: str
    title: str
    href: str
    hue: int
    is_marked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelDrawing:
    """Ready for the template `web/plots/parallel.html`."""

    title: str
    width: int
    height: int
    top: float
    bottom: float
    axes: tuple[DrawnAxis, ...]
    strands: tuple[DrawnStrand, ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_empty: bool
    unit: str = ""
    csv_href: str = ""


def draw_parallel(plot: ParallelPlot) -> ParallelDrawing:
    """Compute the whole plot."""
    top, bottom = float(_TOP), float(plot.height - _BOTTOM)
    step = (plot.width - 2 * _SIDE) / max(len(plot.axes) - 1, 1)
    columns = [[strand.values[index] for strand in plot.strands] for index in range(len(plot.axes))]
    placed = [_places(column, top, bottom) for column in columns]
    xs = [round(_SIDE + index * step, 1) for index in range(len(plot.axes))]
    return ParallelDrawing(
        title=plot.title,
        width=plot.width,
        height=plot.height,
        top=top,
        bottom=bottom,
        axes=tuple(
            DrawnAxis(x=x, title=_cut(title, 22), full_title=title, ticks=ticks)
            for x, title, (_, ticks) in zip(xs, plot.axes, placed, strict=True)
        ),
        strands=tuple(
            DrawnStrand(
                path=line_path(
                    None if (y := places[number_]) is None else (x, y)
                    for x, (places, _) in zip(xs, placed, strict=True)
                ),
                title=f"{strand.name}: " + ", ".join(map(_said, plot.axes, strand.values)),
                href=strand.href,
                hue=strand.hue,
                is_marked=strand.is_marked,
            )
            for number_, strand in sorted(enumerate(plot.strands), key=lambda pair: pair[1].is_marked)
        ),
        head=("what", *plot.axes),
        rows=tuple((strand.name, *map(_text, strand.values)) for strand in plot.strands),
        is_empty=not plot.strands or len(plot.axes) < 2,
    )


def _places(column: Sequence[Value], top: float, bottom: float) -> tuple[list[float | None], tuple[Tick, ...]]:
    known = [value for value in column if value is not None]
    if all(isinstance(value, float) for value in known):
        scale = Scale(*value_range(value for value in known if isinstance(value, float)), bottom, top)
        places = [scale.place(value) if isinstance(value, float) else None for value in column]
        return places, number_ticks(scale, about=4)
    words = sorted({_text(value) for value in known})
    gap = (bottom - top) / (len(words) + 1)
    at = {word: round(bottom - (index + 1) * gap, 1) for index, word in enumerate(words)}
    ticks = tuple(Tick(float(index), at[word], _cut(word, _LABEL_LIMIT)) for index, word in enumerate(words))
    return [None if value is None else at[_text(value)] for value in column], ticks


def _said(axis: str, value: Value) -> str:
    return f"{axis} {_text(value)}"


def _text(value: Value) -> str:
    if value is None:
        return MISSING
    return value if isinstance(value, str) else number(value, 4)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "\u2026"

"""Points over two numbers, each with a name and a place to go."""

from collections.abc import Sequence
from dataclasses import dataclass

from everlearn.web.formats import number
from everlearn.web.plots.scale import Scale, Tick, number_ticks, value_range

_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 12, 44


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One point. `hue` 1 to 6."""

    x: float
    y: float
    name: str
    href: str = ""
    hue: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterPlot:
    """What to draw."""

    title: str
    x_title: str
    y_title: str
    spots: tuple[Spot, ...]
    width: int = 560
    height: int = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnSpot:
    """A point as a place."""

    x: float
    y: float
    title: str
    href: str
    hue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterDrawing:
    """Ready for the template `web/plots/scatter.html`."""

    title: str
    x_title: str
    y_title: str
    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    spots: tuple[DrawnSpot, ...]
    rows: tuple[tuple[str, str, str], ...]
    is_empty: bool
    unit: str = ""
    csv_href: str = ""


def draw_scatter(plot: ScatterPlot) -> ScatterDrawing:
    """Compute the whole plot."""
    right, bottom = float(plot.width - _RIGHT), float(plot.height - _BOTTOM)
    x_scale = Scale(*value_range(spot.x for spot in plot.spots), float(_LEFT), right)
    y_scale = Scale(*value_range(spot.y for spot in plot.spots), bottom, float(_TOP))
    return ScatterDrawing(
        title=plot.title,
        x_title=plot.x_title,
        y_title=plot.y_title,
        width=plot.width,
        height=plot.height,
        left=float(_LEFT),
        right=right,
        top=float(_TOP),
        bottom=bottom,
        x_ticks=number_ticks(x_scale, about=max(3, plot.width // 110)),
        y_ticks=number_ticks(y_scale),
        spots=tuple(_drawn(spot, plot, x_scale, y_scale) for spot in plot.spots),
        rows=_rows(plot.spots),
        is_empty=not plot.spots,
    )


def _drawn(spot: Spot, plot: ScatterPlot, x_scale: Scale, y_scale: Scale) -> DrawnSpot:
    return DrawnSpot(
        x=x_scale.place(spot.x),
        y=y_scale.place(spot.y),
        title=f"{spot.name}: {plot.x_title} {number(spot.x, 4)}, {plot.y_title} {number(spot.y, 4)}",
        href=spot.href,
        hue=spot.hue,
    )


def _rows(spots: Sequence[Spot]) -> tuple[tuple[str, str, str], ...]:
    return tuple((spot.name, number(spot.x, 6), number(spot.y, 6)) for spot in spots)

"""Drawings of several runs at once: curves over each other, a scatter plot, parallel coordinates."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from everlearn.tracking.comparison.groups import differing_keys
from everlearn.tracking.curves import Curve, Curves
from everlearn.tracking.journal import RunRecord
from everlearn.tracking.metric_schema import UNDECLARED, MetricSchema
from everlearn.tracking.pages.columns import as_number, number_of, text_of
from everlearn.tracking.pages.compared import ComparisonQuery
from everlearn.tracking.pages.curves import SMOOTHINGS, line_points, x_title
from everlearn.tracking.pages.matrix import best_of
from everlearn.tracking.pages.query import Field, read_fields
from everlearn.tracking.pages.words import cut, run_name
from everlearn.tracking.store.runs import run_of
from everlearn.web.links import path_of
from everlearn.web.plots import (
    LinePlot,
    ParallelPlot,
    Point,
    ScatterPlot,
    Series,
    Spot,
    Strand,
    draw_lines,
    draw_parallel,
    draw_scatter,
)
from everlearn.web.plots.line import LineDrawing
from everlearn.web.plots.parallel import ParallelDrawing, Value
from everlearn.web.plots.scatter import ScatterDrawing
from everlearn.web.plots.smooth import smoothed

_MOST_PLOTS = 4
_STRETCHES = 80  # of one line among many
_NUMBERS_SHOWN = 30
_MOST_PARAMS, _MOST_METRICS = 6, 3
_HUES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterChoice:
    """The scatter plot and what else could be on its axes."""

    drawing: ScatterDrawing
    across: str
    up: str
    offered: tuple[tuple[str, str], ...]  # names and texts
    kept: tuple[tuple[str, str], ...]


def hue_of(place: int) -> int:
    """Give the hue of the run at a place."""
    return place % _HUES + 1


def overlaid(
    curves: Curves, query: ComparisonQuery, records: Sequence[RunRecord], schemas: Mapping[str, MetricSchema]
) -> tuple[LineDrawing, ...]:
    """Draw the metrics that were measured over time, each with a line for every run."""
    known = {one.key for record in records for one in record.newest}
    order = sorted(known, key=lambda key: (key not in schemas, key.startswith("system/"), key))
    histories = [set(curves.with_history(query.project, record.run.id, order)) for record in records]
    drawn = [key for key in order if any(key in held for held in histories)][:_MOST_PLOTS]
    read = [
        {curve.key: curve for curve in curves.read(query.project, record.run.id, drawn, most=_STRETCHES)}
        for record in records
    ]
    return tuple(_overlay(key, query, records, [held.get(key) for held in read], schemas) for key in drawn)


def _overlay(
    key: str,
    query: ComparisonQuery,
    records: Sequence[RunRecord],
    curves: Sequence[Curve | None],
    schemas: Mapping[str, MetricSchema],
) -> LineDrawing:
    series = tuple(
        Series(
            name=cut(run_name(run_of(record.run)), 18),
            points=_points(curve, query, record.run.start_ms),
            hue=hue_of(place),
            is_dashed=place // _HUES % 2 == 1,
        )
        for place, (record, curve) in enumerate(zip(records, curves, strict=True))
        if curve is not None
    )
    plot = LinePlot(
        title=key,
        unit=schemas.get(key, UNDECLARED).unit,
        x_title=x_title(query.curves.axis),
        series=series,
        is_log=query.curves.scale == "log",
        width=960 if len(series) > 8 else 560,
        height=max(240, 40 + 16 * len(series)),
    )
    drawing = draw_lines(plot)
    left_out = max(0, len(drawing.rows) - _NUMBERS_SHOWN)
    return replace(drawing, rows=drawing.rows[-_NUMBERS_SHOWN:], rows_left_out=left_out)


def _points(curve: Curve, query: ComparisonQuery, begun_ms: int) -> list[Point]:
    weight = SMOOTHINGS[query.curves.smooth]
    stretches = curve.shape.stretches
    if weight:
        means = smoothed([one.mean for one in stretches], weight=weight)
        stretches = tuple(
            one._replace(mean=mean, low=mean, high=mean) for one, mean in zip(stretches, means, strict=True)
        )
    return line_points(stretches, axis=query.curves.axis, begun_ms=begun_ms)


def scatter(query: ComparisonQuery, records: Sequence[RunRecord], metrics: Sequence[str]) -> ScatterChoice | None:
    """Draw any parameter or metric that is a number against any other; None when there are not two."""
    offered = _numeric_fields(records, metrics)
    if len(offered) < 2:
        return None
    names = [field.name for field in offered]
    up = query.up if query.up in names else names[0]
    across = query.across if query.across in names else next((name for name in names[::-1] if name != up), up)
    x_field, y_field = read_fields([across, up])
    spots = []
    for place, record in enumerate(records):
        x, y = _number(record, x_field), _number(record, y_field)
        if x is not None and y is not None:
            run = run_of(record.run)
            href = path_of("projects", query.project, "runs", run.id)
            spots.append(Spot(x=x, y=y, name=run_name(run), href=href, hue=hue_of(place)))
    plot = ScatterPlot(
        title=f"{y_field.key} against {x_field.key}", x_title=x_field.key, y_title=y_field.key, spots=tuple(spots)
    )
    return ScatterChoice(
        drawing=draw_scatter(plot),
        across=across,
        up=up,
        offered=tuple((field.name, f"{field.key} ({field.kind})") for field in offered),
        kept=query.given("across", "up"),
    )


def parallel(
    query: ComparisonQuery,
    records: Sequence[RunRecord],
    metrics: Sequence[str],
    schemas: Mapping[str, MetricSchema],
) -> ParallelDrawing | None:
    """Draw what differs and what came out on parallel axes; the best run by the first metric stands out."""
    params = [Field("param", key) for key in differing_keys([record.params for record in records])[:_MOST_PARAMS]]
    axes = [*params, *(Field("metric", key) for key in metrics[:_MOST_METRICS])]
    if len(axes) < 2 or len(records) < 2:
        return None
    first = metrics[0] if metrics else ""
    results = [number_of(record, first) for record in records]
    best = best_of(results, schemas.get(first, UNDECLARED).direction)
    strands = []
    for record, result in zip(records, results, strict=True):
        run, is_best = run_of(record.run), best is not None and result == best
        strands.append(
            Strand(
                name=run_name(run),
                values=tuple(_value(record, field) for field in axes),
                href=path_of("projects", query.project, "runs", run.id),
                hue=1 if is_best else 6,
                is_marked=is_best,
            )
        )
    title = "What differs, and what came out" + (f"; best {first} in blue" if best is not None else "")
    return draw_parallel(ParallelPlot(title=title, axes=tuple(field.key for field in axes), strands=tuple(strands)))


def _numeric_fields(records: Sequence[RunRecord], metrics: Sequence[str]) -> list[Field]:
    known = {one.key for record in records for one in record.newest}
    fields = [Field("metric", key) for key in (*metrics, *sorted(known - set(metrics)))]
    fields += [Field("param", key) for key in sorted({key for record in records for key in record.params})]
    return [field for field in fields if any(_number(record, field) is not None for record in records)]


def _number(record: RunRecord, field: Field) -> float | None:
    value = number_of(record, field.key) if field.kind == "metric" else as_number(text_of(record, field) or "")
    return value if value is not None and math.isfinite(value) else None


def _value(record: RunRecord, field: Field) -> Value:
    found = _number(record, field)
    return found if found is not None or field.kind == "metric" else text_of(record, field)

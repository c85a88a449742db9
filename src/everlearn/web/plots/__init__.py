"""Plots drawn on the server: pure functions compute the geometry, small templates write it as SVG.

    from everlearn.web.plots import LinePlot, Series, Threshold, draw_lines

    error = draw_lines(LinePlot(title="Mean absolute error", unit="min", series=(...), thresholds=(...)))

and in the template

    {% from "web/plots/line.html" import line_plot %}
    {{ line_plot(error) }}

Each comes as a `<figure>` with a caption and its numbers as a table one click away. Colours are classes of the style
sheet, so light and dark follow; series keep their hue on all pages when they are given it.

| plot | function | template macro |
| --- | --- | --- |
| lines with bands, thresholds, marks | `draw_lines(LinePlot)` | `web/plots/line.html` `line_plot` |
| horizontal bars with intervals | `draw_bars(BarPlot)` | `web/plots/bars.html` `bar_plot` |
| lanes over one time axis | `draw_lanes(LanePlot)` | `web/plots/lanes.html` `lane_plot` |
| points over two numbers | `draw_scatter(ScatterPlot)` | `web/plots/scatter.html` `scatter_plot` |
| lines through parallel axes | `draw_parallel(ParallelPlot)` | `web/plots/parallel.html` `parallel_plot` |
| steps within steps | `draw_waterfall(WaterfallPlot)` | `web/plots/waterfall.html` `waterfall_plot` |
| a graph of steps | `draw_graph(GraphPlot)` | `web/plots/graph.html` `graph_plot` |
| a line in a table's cell | `sparkline(values)` | `web/partials/spark.html` `spark` |
"""

from everlearn.web.plots.bars import Bar, BarPlot, draw_bars
from everlearn.web.plots.graph import Edge, GraphPlot, Node, draw_graph
from everlearn.web.plots.lanes import Lane, LanePlot, Mark, Span, draw_lanes
from everlearn.web.plots.line import Band, LinePlot, Point, Series, Threshold, VerticalMark, draw_lines
from everlearn.web.plots.parallel import ParallelPlot, Strand, draw_parallel
from everlearn.web.plots.scatter import ScatterPlot, Spot, draw_scatter
from everlearn.web.plots.spark import sparkline
from everlearn.web.plots.waterfall import Stretch, WaterfallPlot, draw_waterfall

__all__ = [
    "Band",
    "Bar",
    "BarPlot",
    "Edge",
    "GraphPlot",
    "Lane",
    "LanePlot",
    "LinePlot",
    "Mark",
    "Node",
    "ParallelPlot",
    "Point",
    "ScatterPlot",
    "Series",
    "Span",
    "Spot",
    "Strand",
    "Stretch",
    "Threshold",
    "VerticalMark",
    "WaterfallPlot",
    "draw_bars",
    "draw_graph",
    "draw_lanes",
    "draw_lines",
    "draw_parallel",
    "draw_scatter",
    "draw_waterfall",
    "sparkline",
]

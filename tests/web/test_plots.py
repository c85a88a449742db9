import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlearn.core.errors import InvalidError
from everlearn.web.plots import (
    Bar,
    BarPlot,
    Edge,
    GraphPlot,
    Lane,
    LanePlot,
    LinePlot,
    Mark,
    Node,
    Point,
    Series,
    Span,
    Threshold,
    VerticalMark,
    draw_bars,
    draw_graph,
    draw_lanes,
    draw_lines,
    sparkline,
)
from everlearn.web.plots.paths import band_path, line_path
from everlearn.web.plots.scale import Scale, number_ticks, seconds_of, spread, time_ticks, value_range
from everlearn.web.plots.thin import thinned

NEW_YEAR = datetime(2013, 1, 1, tzinfo=UTC)
numbers = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False)


def labels(low: float, high: float) -> list[str]:
    return [tick.label for tick in number_ticks(Scale(low, high, 0, 100))]


def time_labels(start: datetime, length: timedelta) -> list[str]:
    return [tick.label for tick in time_ticks(Scale(seconds_of(start), seconds_of(start + length), 0, 700))]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 10, ["0", "2", "4", "6", "8", "10"]),
        (0, 1, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-0.05, 0.12, ["-0.05", "0.00", "0.05", "0.10"]),
        (98, 103, ["98", "99", "100", "101", "102", "103"]),
        (0, 250_000, ["0", "50\u202f000", "100\u202f000", "150\u202f000", "200\u202f000", "250\u202f000"]),
    ],
)
def test_number_ticks_stand_at_round_numbers(low: float, high: float, expected: list[str]) -> None:
    assert labels(low, high) == expected


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (timedelta(hours=1), ["01 Jan", "00:15", "00:30", "00:45", "01:00"]),
        (timedelta(days=1), ["01 Jan", "06:00", "12:00", "18:00", "02 Jan"]),
        (timedelta(days=365), ["Jan 2013", "Mar", "May", "Jul", "Sep", "Nov", "Jan 2014"]),
        (timedelta(days=365 * 20), ["2015", "2020", "2025", "2030"]),
    ],
)
def test_time_ticks_stand_where_people_look(length: timedelta, expected: list[str]) -> None:
    assert time_labels(NEW_YEAR, length) == expected


@given(low=numbers, width=st.floats(min_value=1e-6, max_value=1e9))
def test_ticks_are_few_ordered_and_on_the_axis(low: float, width: float) -> None:
    scale = Scale(low, low + max(width, abs(low) * 1e-9), 0, 500)

    ticks = number_ticks(scale)

    assert len(ticks) <= 12
    assert [tick.at for tick in ticks] == sorted(tick.at for tick in ticks)
    assert all(-1 <= tick.at <= 501 for tick in ticks)


@given(st.lists(numbers, min_size=1))
def test_the_range_holds_every_value_and_is_never_empty(values: list[float]) -> None:
    low, high = value_range(values, with_zero=True)

    assert low < high
    assert low <= min([*values, 0]) <= max([*values, 0]) <= high


@given(st.lists(st.floats(min_value=0, max_value=300), min_size=1, max_size=10))
def test_labels_are_spread_apart_in_bounds_and_in_order(places: list[float]) -> None:
    moved = spread(places, gap=15, low=0, high=300)

    ordered = [moved[index] for index in sorted(range(len(places)), key=places.__getitem__)]
    assert all(after - before >= 15 - 1e-6 for before, after in pairwise(ordered))
    assert all(-1e-6 <= place <= 300 + 1e-6 for place in moved)


def test_a_gap_breaks_a_line_and_a_lonely_point_stays_visible() -> None:
    assert line_path([(0, 1), (1, 2), None, (3, 4), None]) == "M0,1 L1,2 M3,4 h0"


def test_a_band_goes_there_and_back() -> None:
    assert band_path([(0, 1), (2, 3)], [(0, 5), (2, 7)]) == "M0,1 L2,3 L2,7 L0,5 Z"


@given(st.lists(st.one_of(st.none(), numbers), min_size=1, max_size=3_000))
def test_thinning_keeps_both_extremes_and_the_ends(values: list[float | None]) -> None:
    points = [(float(index), value) for index, value in enumerate(values)]

    kept = thinned(points, columns=50)

    known = [value for value in values if value is not None]
    assert len(kept) <= max(len(points) if len(points) <= 200 else 0, 50 * 5)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    if known:
        assert {min(known), max(known)} <= {value for _, value in kept}


def lines(values: list[float | None], **changes: object) -> LinePlot:
    points = tuple(Point(NEW_YEAR + timedelta(days=index), value) for index, value in enumerate(values))
    return LinePlot(title="Error", series=(Series(name="served", points=points),), **changes)  # type: ignore[arg-type]


def test_a_higher_value_is_drawn_higher() -> None:
    drawing = draw_lines(lines([1.0, 2.0]))

    start, end = drawing.series[0].path.removeprefix("M").split(" L")
    assert float(start.split(",")[1]) > float(end.split(",")[1])


def test_a_threshold_is_always_in_sight() -> None:
    drawing = draw_lines(lines([1.0, 2.0], thresholds=(Threshold(value=50.0, label="limit"),)))

    assert drawing.top <= drawing.levels[0].y <= drawing.bottom


def test_marks_outside_the_data_are_left_out_and_neighbours_get_rows_of_their_own() -> None:
    at = [NEW_YEAR + timedelta(days=days) for days in (-5, 10, 10.1, 10.2)]
    marks = tuple(VerticalMark(x=each, label="promoted") for each in at)

    drawing = draw_lines(lines([1.0] * 30, marks=marks))

    assert len(drawing.marks) == 3
    assert len({mark.label_y for mark in drawing.marks}) == 3


def test_the_table_of_numbers_has_every_value_with_its_time() -> None:
    drawing = draw_lines(lines([1.5, None]))

    assert drawing.head == ("time (UTC)", "served")
    assert drawing.rows == (("2013-01-01 00:00", "1.5"), ("2013-01-02 00:00", "\u2013"))


def test_a_long_series_gives_a_short_drawing_and_says_what_the_table_leaves_out() -> None:
    drawing = draw_lines(lines([math.sin(index / 50) for index in range(50_000)]))

    assert len(drawing.series[0].path) < 60_000
    assert len(drawing.rows) == 400
    assert drawing.rows_left_out == 49_600


def test_nothing_is_drawn_of_nothing() -> None:
    assert draw_lines(LinePlot(title="x", series=())).is_empty
    assert draw_bars(BarPlot(title="x", bars=())).is_empty
    assert draw_lanes(LanePlot(title="x", lanes=(), start=NEW_YEAR, end=NEW_YEAR)).is_empty
    assert draw_graph(GraphPlot(title="x", nodes=(), edges=())).is_empty
    assert sparkline([None, None]) is None


def test_bars_start_at_a_real_zero() -> None:
    drawing = draw_bars(BarPlot(title="x", bars=(Bar(label="a", value=100), Bar(label="b", value=99))))

    first, second = drawing.bars
    assert first.x == second.x == drawing.zero
    assert second.width / first.width == pytest.approx(0.99, abs=0.005)


def test_a_negative_bar_ends_at_zero() -> None:
    drawing = draw_bars(BarPlot(title="x", bars=(Bar(label="a", value=-5), Bar(label="b", value=5))))

    assert drawing.bars[0].x + drawing.bars[0].width == pytest.approx(drawing.zero, abs=0.2)


def test_marks_that_would_cover_each_other_become_one_with_the_most_urgent_shape() -> None:
    marks = tuple(
        Mark(at=NEW_YEAR + timedelta(days=day), label=f"alert {day}", tone=tone)
        for day, tone in ((100, "watch"), (101, "stopped"), (102, "good"), (200, "act"))
    )
    plot = LanePlot(
        title="x", lanes=(Lane(name="Alerts", marks=marks),), start=NEW_YEAR, end=NEW_YEAR + timedelta(days=365)
    )

    drawn = draw_lanes(plot).lanes[0].marks

    assert [(mark.count, mark.tone) for mark in drawn] == [(3, "stopped"), (1, "act")]
    assert "alert 102" in drawn[0].title


def test_spans_are_cut_at_the_edges_and_those_outside_are_left_out() -> None:
    spans = (
        Span(start=NEW_YEAR - timedelta(days=9), end=NEW_YEAR + timedelta(days=1), label="before"),
        Span(start=NEW_YEAR + timedelta(days=2), end=None, label="open"),
        Span(start=NEW_YEAR + timedelta(days=90), end=None, label="outside"),
    )
    plot = LanePlot(title="x", lanes=(Lane(name="l", spans=spans),), start=NEW_YEAR, end=NEW_YEAR + timedelta(days=10))

    drawing = draw_lanes(plot)

    first, second = drawing.lanes[0].spans
    assert first.x == drawing.left
    assert second.x + second.width == pytest.approx(drawing.right, abs=0.2)


def graph(*edges: str) -> GraphPlot:
    pairs = [Edge(*edge.split(">")) for edge in edges]
    names = dict.fromkeys(name for pair in pairs for name in (pair.source, pair.target))
    return GraphPlot(title="x", nodes=tuple(Node(id=name, label=name) for name in names), edges=tuple(pairs))


def test_every_step_stands_to_the_right_of_what_it_needs() -> None:
    plot = graph("a>b", "b>d", "a>c", "c>d", "a>d")

    drawing = draw_graph(plot)

    x = {node.label: node.x for node in drawing.nodes}
    assert all(x[edge.source] < x[edge.target] for edge in plot.edges)


def test_boxes_never_cover_each_other() -> None:
    drawing = draw_graph(graph("a>b", "a>c", "a>d", "b>e", "c>e", "d>e", "a>e"))

    places = {(node.x, node.y) for node in drawing.nodes}
    assert len(places) == len(drawing.nodes)


def test_parallel_chains_do_not_cross() -> None:
    drawing = draw_graph(graph("a>c", "b>d", "c>e", "d>f"))

    y = {node.label: node.y for node in drawing.nodes}
    assert (y["a"] < y["b"]) == (y["c"] < y["d"]) == (y["e"] < y["f"])


@pytest.mark.parametrize("edges", [("a>b", "b>a"), ("a>b", "b>c", "c>b")])
def test_a_ring_is_refused(edges: tuple[str, ...]) -> None:
    with pytest.raises(InvalidError, match="ring"):
        draw_graph(graph(*edges))


def test_an_edge_to_nowhere_is_refused() -> None:
    with pytest.raises(InvalidError, match="not in the graph"):
        draw_graph(GraphPlot(title="x", nodes=(Node(id="a", label="a"),), edges=(Edge("a", "b"),)))


def test_a_sparkline_tells_its_ends_to_those_who_cannot_see_it() -> None:
    drawing = sparkline([3, 4, None, 5], name="error")

    assert drawing is not None
    assert drawing.label == "error from 3 to 5"

"""A page that shows every partial and every plot once, and an application that serves it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from jinja2 import BaseLoader, ChoiceLoader, DictLoader
from litestar import Litestar, get

from everlearn.core.actor import Actor
from everlearn.web import HTML, PUBLIC, PageRenderer, Service
from everlearn.web.application import Site, make_litestar
from everlearn.web.auth import Caller, Credentials
from everlearn.web.metrics import http_metrics
from everlearn.web.navigation import Navigation, NavItem
from everlearn.web.plots import (
    Band,
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
from everlearn.web.plots.bars import BarDrawing
from everlearn.web.plots.graph import GraphDrawing
from everlearn.web.plots.lanes import LaneDrawing
from everlearn.web.plots.line import LineDrawing
from everlearn.web.render import Pages
from everlearn.web.view import (
    Cell,
    Choice,
    Column,
    DiffLine,
    EmptyState,
    Evidence,
    Filter,
    Link,
    Moment,
    PageHead,
    Pair,
    Status,
    Table,
    Tile,
    Tone,
    cells,
)

NEW_YEAR = datetime(2013, 1, 1, tzinfo=UTC)

TEMPLATE = """{% extends "web/base.html" %}
{% from "web/partials/status.html" import page_head, pill %}
{% from "web/partials/tiles.html" import tiles %}
{% from "web/partials/table.html" import table %}
{% from "web/partials/pairs.html" import pairs %}
{% from "web/partials/moments.html" import moments %}
{% from "web/partials/evidence.html" import evidence %}
{% from "web/partials/filters.html" import filter_bar %}
{% from "web/partials/diff.html" import diff %}
{% from "web/plots/line.html" import line_plot %}
{% from "web/plots/bars.html" import bar_plot %}
{% from "web/plots/lanes.html" import lane_plot %}
{% from "web/plots/graph.html" import graph_plot %}
{% block title %}{{ head.title }}{% endblock %}
{% block content %}
{{ page_head(head) }}
{{ tiles(numbers) }}
{{ lane_plot(life) }}
{{ filter_bar(filters) }}
<h2>Error</h2>
{{ line_plot(error) }}
<div class="columns">
<section><h2>Drift</h2>{{ bar_plot(drift) }}</section>
<section><h2>What happened</h2>{{ moments(happened) }}</section>
</div>
<h2>Versions</h2>
{{ table(versions) }}
{{ table(nothing) }}
<h2>Pipeline</h2>
{{ graph_plot(steps) }}
<h2>Decision</h2>
{% call evidence(decision) %}{{ line_plot(empty_plot) }}{% endcall %}
{{ diff(changes, "version 3", "version 4") }}
{% endblock %}
"""


@dataclass(frozen=True, kw_only=True)
class Gallery:
    head: PageHead
    numbers: tuple[Tile, ...]
    filters: tuple[Filter, ...]
    life: LaneDrawing
    error: LineDrawing
    empty_plot: LineDrawing
    drift: BarDrawing
    steps: GraphDrawing
    happened: tuple[Moment, ...]
    versions: Table
    nothing: Table
    decision: Evidence
    changes: tuple[DiffLine, ...]


@dataclass(frozen=True)
class Somebody:
    actor: Actor
    name: str

    def role_in(self, project: str) -> StrEnum | None:
        return None


class EverybodyMay:
    async def identify(self, _credentials: Credentials) -> Caller:
        return Somebody(Actor("user:ada"), "ada")

    def require(self, caller: Caller, *, project: str, role: StrEnum) -> None:
        return

    def check_host(self, host: str) -> None:
        return


def day(number: float) -> datetime:
    return NEW_YEAR + timedelta(days=number)


def error_points() -> Iterator[Point]:
    for number in range(365):
        if 40 < number < 46:
            yield Point(day(number), None)
        else:
            yield Point(day(number), 8.2 + 2.1 * math.sin(number / 40) + 0.6 * math.sin(number * 1.7))


def gallery() -> Gallery:
    points = tuple(error_points())
    band = tuple(Band(p.x, p.y - 0.8, p.y + 0.8) for p in points if p.y is not None)
    return Gallery(
        head=PageHead(
            title="eta",
            kind="model",
            status=Status(
                word="degraded",
                tone=Tone.ACT,
                why="MAE 9.1 min, 18 % above its objective since Tuesday; retraining decided, canary at 5 %.",
            ),
            crumbs=(Link(text="default", href="/"), Link(text="models", href="/models")),
            links=(Link(text="JSON", href="/api"),),
        ),
        numbers=(
            Tile(
                label="Mean absolute error",
                value="9.1",
                unit="min",
                note="objective 7.7",
                tone=Tone.ACT,
                spark=sparkline([7, 7.4, 7.1, None, 8, 8.6, 9.1], limit=7.7, name="error"),
            ),
            Tile(label="Served by", value="v4", note="since 12 March", href="/v4"),
            Tile(label="Requests", value="61.2", unit="per s", note="p99 4.1 ms", tone=Tone.GOOD),
            Tile(
                label="Drifted features", value="2", unit="of 11", note="after false-discovery control", tone=Tone.WATCH
            ),
        ),
        filters=(
            Filter(
                label="Window",
                choices=(
                    Choice(text="day", href="?w=day"),
                    Choice(text="week", href="?w=week", is_chosen=True),
                    Choice(text="month", href="?w=month"),
                ),
            ),
        ),
        life=draw_lanes(
            LanePlot(
                title="The year of eta",
                start=day(0),
                end=day(365),
                lanes=(
                    Lane(
                        name="Champion",
                        spans=(
                            Span(start=day(5), end=day(70), label="version 1", href="/v1"),
                            Span(start=day(70), end=day(74), label="version 2", hue=2),
                            Span(start=day(74), end=day(200), label="version 1"),
                            Span(start=day(200), end=None, label="version 4", hue=3),
                        ),
                    ),
                    Lane(
                        name="Rollouts",
                        spans=(
                            Span(start=day(66), end=day(70), label="canary", tone="watch"),
                            Span(start=day(190), end=day(200), label="canary", tone="watch"),
                        ),
                        marks=(Mark(at=day(74), label="rolled back", tone="stopped", href="/d/1"),),
                    ),
                    Lane(
                        name="Alerts",
                        marks=tuple(
                            Mark(at=day(at), label="drift of temp", tone=tone, href="/a")
                            for at, tone in ((30, "watch"), (32, "act"), (33, "watch"), (150, "good"), (260, "act"))
                        ),
                    ),
                ),
            )
        ),
        error=draw_lines(
            LinePlot(
                title="Mean absolute error by day",
                unit="min",
                series=(
                    Series(name="served", points=points, band=band),
                    Series(
                        name="frozen January",
                        hue=6,
                        is_dashed=True,
                        points=tuple(
                            Point(p.x, None if p.y is None else p.y + 1 + i / 90) for i, p in enumerate(points)
                        ),
                    ),
                    Series(
                        name="candidate",
                        hue=2,
                        points=tuple(Point(p.x, None if p.y is None else p.y - 0.7) for p in points[190:200]),
                    ),
                ),
                thresholds=(Threshold(value=10.5, label="objective 10.5"),),
                marks=(
                    VerticalMark(x=day(70), label="v2", tone="idle", href="/v2"),
                    VerticalMark(x=day(74), label="rolled back", tone="stopped"),
                    VerticalMark(x=day(355), label="v4 retired", tone="watch"),
                ),
                csv_href="/error.csv",
            )
        ),
        empty_plot=draw_lines(LinePlot(title="Evidence over time", series=())),
        drift=draw_bars(
            BarPlot(
                title="Population stability index",
                width=560,
                threshold=0.25,
                threshold_label="act above 0.25",
                bars=(
                    Bar(label="temperature at departure, degrees", value=0.412, low=0.33, high=0.49, tone="act"),
                    Bar(label="wind_speed", value=0.19, low=0.12, high=0.24, tone="watch", href="/f"),
                    Bar(label="hour", value=0.04),
                    Bar(label="bias", value=-0.08, low=-0.1, high=-0.05),
                    Bar(label="carrier", value=None),
                ),
            )
        ),
        steps=draw_graph(
            GraphPlot(
                title="Run of train-eta",
                nodes=(
                    Node(id="load", label="load flights", note="1.2 s, cached", tone="good", href="/s/load"),
                    Node(id="weather", label="load weather", note="0.3 s", tone="good"),
                    Node(id="features", label="features", note="4.0 s", tone="good"),
                    Node(id="split", label="split", tone="good"),
                    Node(id="train", label="train", note="running, 12 s", tone="watch"),
                    Node(id="profile", label="reference profile of everything", note="waiting", tone="idle"),
                    Node(id="package", label="package", note="failed: no room left", tone="stopped"),
                ),
                edges=(
                    Edge("load", "features"),
                    Edge("weather", "features"),
                    Edge("features", "split"),
                    Edge("split", "train"),
                    Edge("split", "profile"),
                    Edge("load", "package"),
                    Edge("train", "package"),
                    Edge("profile", "package"),
                ),
            )
        ),
        happened=(
            Moment(
                at=day(200.6),
                title="Version 4 promoted",
                tone=Tone.GOOD,
                text="Error lower by 0.9 min, 95 % interval 0.4 to 1.3.",
                href="/d/3",
                who="system:rollouts",
            ),
            Moment(at=day(190), title="Canary at 5 %", tone=Tone.WATCH),
            Moment(at=day(74), title="Version 2 rolled back", tone=Tone.STOPPED, text="Failures 4.1 % above 0.5 %."),
            Moment(at=day(32), title="Drift of temperature", tone=Tone.ACT),
            Moment(at=day(5), title="Version 1 registered", tone=Tone.IDLE),
        ),
        versions=Table(
            caption="Versions",
            columns=(
                Column(title="version", is_number=True),
                Column(title="stage"),
                Column(title="error", unit="min", is_number=True),
                Column(title="last 30 days"),
                Column(title="digest"),
            ),
            rows=(
                (
                    Cell(text="4", href="/v4"),
                    Cell(text="live", tone=Tone.GOOD),
                    Cell(text="8.20"),
                    Cell(text="", spark=sparkline([3, 2, 4, 1])),
                    Cell(text="a3f19b20cc01", is_code=True, title="sha256:a3f19b20cc01"),
                ),
                (
                    Cell(text="2", href="/v2"),
                    Cell(text="rolled back", tone=Tone.STOPPED),
                    Cell(text="12.05"),
                    *cells("", "99"),
                ),
            ),
            empty=EmptyState(title="No versions"),
            next_href="?after=2",
        ),
        nothing=Table(
            caption="Alerts",
            columns=(Column(title="alert"),),
            rows=(),
            empty=EmptyState(
                title="No alerts", text="Alerts appear when a window is evaluated.", command="everlearn monitoring list"
            ),
        ),
        decision=Evidence(
            title="Gate of version 4",
            verdict=Status(word="pass", tone=Tone.GOOD),
            rule="quality.paired_error@1",
            rule_in_words="The candidate's error is lower on the same rows, by at least 0.1 min.",
            reason="Mean absolute error lower by 0.91 min (95 % interval 0.42 to 1.31) on 8 412 rows of 14 days.",
            numbers=(
                Pair(label="Improvement", value=Cell(text="0.91 min")),
                Pair(label="Interval", value=Cell(text="0.42 to 1.31 min")),
                Pair(label="Rows", value=Cell(text="8 412")),
            ),
            window=Cell(text="9c1f22e0ab34", is_code=True, title="sha256:9c1f", href="/blob"),
            decided_at=day(189.2),
            effective_at=day(189),
            href="/d/2",
            replay="everlearn decisions replay dec_01",
            what_would_change_it="An improvement whose lower bound is under 0.1 min.",
        ),
        changes=(
            DiffLine(label="learning_rate", before="0.1", after="0.05"),
            DiffLine(label="window", before="31 d", after="62 d"),
        ),
    )


@get("/gallery", opt=PUBLIC, sync_to_thread=True)
def gallery_page(page: Service[PageRenderer]) -> HTML:
    return page.show("gallery.html", gallery(), section="models")


def gallery_app() -> Litestar:
    sections = (("models", "m"), ("pipelines", "p"), ("experiments", "e"), ("monitoring", "o"), ("audit", "a"))
    navigation = Navigation(
        items=tuple(
            NavItem(key=key, title=key.title(), path=f"/projects/{{project}}/{key}", shortcut=letter)
            for key, letter in sections
        ),
        search="/search",
    )
    site = Site(handlers=(), pages=(gallery_page,), gate=EverybodyMay(), metrics=http_metrics(), navigation=navigation)
    app = make_litestar(site)
    pages: Pages = app.state["pages"]
    assert isinstance(pages.environment.loader, BaseLoader)
    pages.environment.loader = ChoiceLoader([pages.environment.loader, DictLoader({"gallery.html": TEMPLATE})])
    return app

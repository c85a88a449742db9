"""One model: how it is, and how it came to be so."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from litestar import get
from litestar.response import Response

from everlearn.access import Role
from everlearn.core.clock import iso
from everlearn.core.decisions import Decision, Verdict
from everlearn.core.subjects import model_subject
from everlearn.governance.pages import tables
from everlearn.governance.pages.drawings import LEVEL_TONES, error_plot, timeline
from everlearn.governance.pages.life import Life, Range, life_of
from everlearn.governance.pages.state import ModelState, state_of, status_of, step_in_words
from everlearn.monitoring import Monitoring
from everlearn.registry import Catalogue, ModelVersion
from everlearn.registry.catalogue import VersionRecord
from everlearn.retraining import Retraining
from everlearn.rollouts import Rollouts
from everlearn.web import HTML, FromPath, FromQuery, PageRenderer, Service, needs
from everlearn.web.formats import MISSING, day, fixed, number
from everlearn.web.links import asked, path_of
from everlearn.web.plots import sparkline
from everlearn.web.plots.lanes import LaneDrawing
from everlearn.web.plots.line import LineDrawing
from everlearn.web.view import Choice, Filter, Link, PageHead, Table, Tile, Tone

_LOOK = [needs(Role.VIEWER)]
_VERSIONS_SHOWN = 50
_ROWS_SHOWN = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPage:
    """Context of the page."""

    head: PageHead
    numbers: tuple[Tile, ...]
    ranges: tuple[Filter, ...]
    life: LaneDrawing
    error: LineDrawing
    months: Table
    versions: Table
    aliases: Table
    is_watched: bool  # False: none of its versions can be deployed, so nothing is measured of it
    decisions: Table
    rollouts: Table
    alerts: Table
    reviews: Table


@get("/projects/{project:str}/models/{model:str}", guards=_LOOK, sync_to_thread=True)
def model_page(  # noqa: PLR0913, PLR0917  # services
    project: FromPath[str],
    model: FromPath[str],
    monitoring: Service[Monitoring],
    rollouts: Service[Rollouts],
    retraining: Service[Retraining],
    catalogue: Service[Catalogue],
    page: Service[PageRenderer],
    since: FromQuery[str | None] = None,
    until: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
) -> HTML:
    """Show the life of a model; `since` and `until` are days or instants of event time."""
    within = Range.asked(since, until)
    state = state_of(monitoring.registry.model(project, model), monitoring)
    life = life_of(state, within, monitoring, rollouts, retraining)
    here = path_of("projects", project, "models", model)
    decisions = path_of("projects", project, "decisions")

    def decision_href(decision_id: str) -> str:
        return f"{decisions}/{decision_id}"

    records = catalogue.versions(project, model, after=after, limit=_VERSIONS_SHOWN)
    strict = _strict(monitoring, state, records.items)
    turns = sorted((*life.gates, *filter(_is_a_turn, life.steps)), key=lambda one: one.effective_at, reverse=True)
    all_decisions = asked(decisions, subject=model_subject(project, model))

    def more(kind: str, rows: Sequence[object]) -> str:
        return asked(decisions, kind=kind, subject=model_subject(project, model)) if rows[_ROWS_SHOWN:] else ""

    context = ModelPage(
        head=_head(project, state, all_decisions),
        numbers=_numbers(state, life),
        ranges=(_ranges(here, state, within),),
        life=timeline(model, life, decision_href=decision_href),
        error=error_plot(
            life, objective=state.objective, csv_href=asked(f"{here}/windows.csv", since=since, until=until)
        ),
        months=tables.months_table(here, life.windows, state.objective),
        versions=tables.versions_table(
            project,
            records,
            strict,
            life,
            decision_href,
            more_href=asked(here, since=since, until=until, after=records.next) if records.next else "",
        ),
        aliases=tables.namings_table(life, decision_href),
        is_watched=state.is_deployable,
        decisions=tables.decisions_table(
            turns[:_ROWS_SHOWN], decision_href, more_href=all_decisions if turns[_ROWS_SHOWN:] else ""
        ),
        rollouts=tables.rollouts_table(
            life.rollouts[:_ROWS_SHOWN], life, decision_href, more_href=more("rollouts.step", life.rollouts)
        ),
        alerts=tables.alerts_table(life.alerts[:_ROWS_SHOWN], decision_href),
        reviews=tables.reviews_table(
            project, life.reviews[:_ROWS_SHOWN], decision_href, more_href=more("retraining.review", life.reviews)
        ),
    )
    return page.show("governance/model.html", context, section="models")


@get("/projects/{project:str}/models/{model:str}/windows.csv", guards=_LOOK, sync_to_thread=True)
def windows_csv(
    project: FromPath[str],
    model: FromPath[str],
    monitoring: Service[Monitoring],
    rollouts: Service[Rollouts],
    retraining: Service[Retraining],
    since: FromQuery[str | None] = None,
    until: FromQuery[str | None] = None,
) -> Response[str]:
    """Download the windows behind the plot."""
    state = state_of(monitoring.registry.model(project, model), monitoring)
    life = life_of(state, Range.asked(since, until), monitoring, rollouts, retraining)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(("start", "end", "version", "mae", "bias", "labels", "predictions", "failures"))
    for one in life.windows:
        counts = (one.label_count, one.prediction_count, one.failure_count)
        writer.writerow((iso(one.start), iso(one.end), one.version, one.mae, one.bias, *counts))
    headers = {"Content-Disposition": f"attachment; filename={model}-windows.csv"}
    return Response(file.getvalue(), media_type="text/csv", headers=headers)


def _head(project: str, state: ModelState, all_decisions: str) -> PageHead:
    name = state.model.name
    node = f"version:{name}/{state.model.newest}" if state.champion is None else f"deployment:{name}"
    return PageHead(
        kind="model",
        title=name,
        status=status_of(state),
        crumbs=(Link(text="models", href=path_of("projects", project, "models")),),
        links=(
            Link(text="Decisions", href=all_decisions),
            Link(text="Lineage", href=asked(path_of("projects", project, "lineage"), node=node)),
            Link(text="Log", href=asked("/audit", subject=model_subject(project, name))),
            Link(text="JSON", href=f"/api{path_of('projects', project, 'models', name)}/health"),
        ),
    )


def _strict(monitoring: Monitoring, state: ModelState, records: Sequence[VersionRecord]) -> dict[int, ModelVersion]:
    """Give those of the versions shown that can be deployed, by number."""
    if not state.is_deployable or not records:
        return {}
    newest = str(records[0].version.number + 1)
    page = monitoring.registry.versions(state.model.project, state.model.name, after=newest, limit=_VERSIONS_SHOWN)
    return {one.number: one for one in page.items}


def _is_a_turn(step: Decision) -> bool:
    return step.finding.verdict is not Verdict.NOT_EVALUATED


def _numbers(state: ModelState, life: Life) -> tuple[Tile, ...]:
    error, objective = state.error, state.objective
    is_over = error is not None and error > objective
    return (
        Tile(
            label="Mean absolute error",
            value=fixed(error),
            note=f"objective {number(objective)}",
            tone=None if error is None else Tone.ACT if is_over else Tone.GOOD,
            spark=sparkline([window.mae for window in reversed(state.windows)], limit=objective, name="error"),
        ),
        Tile(
            label="Champion",
            value=MISSING if state.champion is None else f"v{state.champion}",
            note="nothing answers" if state.champion is None else f"since {day(state.since)}",
            href="#versions",
        ),
        Tile(
            label="Rollout",
            value=MISSING if state.rollout is None else f"v{state.rollout.candidate}",
            note="none is running" if state.rollout is None else step_in_words(state.rollout),
            tone=None if state.rollout is None else Tone.WATCH,
            href="#rollouts",
        ),
        Tile(
            label="Open alerts",
            value=number(len(state.alerts)),
            note=", ".join(sorted({alert.kind.replace("_", " ") for alert in state.alerts})) or "nothing is alarming",
            tone=LEVEL_TONES[max(state.alerts, key=lambda one: one.level.rank).level] if state.alerts else None,
            href="#alerts",
        ),
        _last_review(life),
    )


def _last_review(life: Life) -> Tile:
    if not life.reviews:
        return Tile(label="Retraining", value=MISSING, note="not weighed in this time", href="#reviews")
    newest = life.reviews[0]
    words = {Verdict.PASS: "yes", Verdict.FAIL: "no", Verdict.NOT_EVALUATED: "unknown"}
    note = f"worth its cost? weighed {day(newest.effective_at)}"
    return Tile(label="Retraining", value=words[newest.verdict], note=note, href="#reviews")


def _ranges(here: str, state: ModelState, within: Range) -> Filter:
    """Offer stretches that end with the newest window: event time, whatever the clock says."""
    choices = [Choice(text="all", href=here, is_chosen=within.since is None and within.until is None)]
    newest = state.windows[0].end if state.windows else None
    spans = (("7 days", 7), ("30 days", 30), ("90 days", 90), ("365 days", 365))
    if newest is not None:
        choices += [_range(here, label, newest - timedelta(days=days), within) for label, days in spans]
    if within.until is not None:
        shown = f"{day(within.since) if within.since else 'the beginning'} to {day(within.until)}"
        choices.append(Choice(text=shown, href=here, is_chosen=True))
    return Filter(label="Time", choices=tuple(choices))


def _range(here: str, label: str, since: datetime, within: Range) -> Choice:
    chosen = within.until is None and within.since is not None and day(within.since) == day(since)
    return Choice(text=f"last {label}", href=asked(here, since=day(since)), is_chosen=chosen)


PAGES = (model_page, windows_csv)

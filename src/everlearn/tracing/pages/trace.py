"""One trace, step by step: the waterfall, the step that is looked at, and what is said of the whole."""

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import get

from everlearn.access import Role
from everlearn.tracing.model import Assessment, Span, State, TraceInfo, Value
from everlearn.tracing.packing import plain
from everlearn.tracing.pages.words import TONES, WORDS, said, started, tokens, trace_name
from everlearn.tracing.rules import INPUTS, OUTPUTS, SPAN_TYPE, span_type
from everlearn.tracing.service import Trace
from everlearn.tracing.services import Tracing
from everlearn.tracing.steps import Step, steps_of
from everlearn.tracking.pages.words import cut, cut_cell
from everlearn.web import HTML, FromPath, FromQuery, PageRenderer, Service, needs
from everlearn.web.formats import MISSING, duration, instant, number
from everlearn.web.links import asked, path_of
from everlearn.web.plots.waterfall import Stretch, WaterfallDrawing, WaterfallPlot, draw_waterfall
from everlearn.web.view import Cell, Column, EmptyState, Link, PageHead, Pair, Status, Table, Tile, Tone, cells

_STEPS_SHOWN = 300
_ATTRIBUTES_SHOWN, _EVENTS_SHOWN = 60, 30
_LONGEST_SHOWN = 8_000  # characters of one value
_HUES = {"LLM": 2, "CHAT_MODEL": 2, "RETRIEVER": 3, "EMBEDDING": 3, "TOOL": 4, "AGENT": 5}
_NEVER_SHOWN = frozenset({INPUTS, OUTPUTS, SPAN_TYPE, "mlflow.traceRequestId"})
_SECOND = 1e9  # nanoseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A named text of any length."""

    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenStep:
    """The step that is looked at."""

    title: str
    status: Status
    facts: tuple[Pair, ...]
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePage:
    """Context of the page."""

    head: PageHead
    numbers: tuple[Tile, ...]
    waterfall: WaterfallDrawing
    left_out: str  # a sentence on steps that are not drawn; empty: all are
    step: ChosenStep | None
    previews: tuple[Passage, ...]
    assessments: Table
    labels: tuple[Pair, ...]


@get("/projects/{project:str}/traces/{trace_id:str}", guards=[needs(Role.VIEWER)], sync_to_thread=True)
def trace_page(
    project: FromPath[str],
    trace_id: FromPath[str],
    tracing: Service[Tracing],
    page: Service[PageRenderer],
    step: FromQuery[str] = "",
) -> HTML:
    """Show one trace; `step` names the step that is looked at, the first that failed when nothing is said."""
    return page.show(
        "tracing/trace.html", _page(project, tracing.traces.get(project, trace_id), step), section="traces"
    )


def _page(project: str, trace: Trace, wanted: str) -> TracePage:
    info, steps = trace.info, steps_of(trace.spans)
    here, chosen = path_of("projects", project, "traces", info.id), _chosen(steps, wanted)
    return TracePage(
        head=PageHead(
            title=cut(trace_name(info), 120),
            kind="trace",
            status=_status(info, steps),
            crumbs=(Link(text="traces", href=path_of("projects", project, "traces")),),
        ),
        numbers=_numbers(info, steps),
        waterfall=_waterfall(here, steps[:_STEPS_SHOWN], chosen),
        left_out=_left_out(steps),
        step=None if chosen is None else _shown(chosen),
        previews=() if chosen is not None else _previews(info),
        assessments=_assessments(info.assessments),
        labels=tuple(
            Pair(label=cut(key), value=cut_cell(value, 120))
            for key, value in sorted({**info.metadata, **info.tags}.items())
        ),
    )


def _chosen(steps: Sequence[Step], wanted: str) -> Span | None:
    """Give the step asked for, or the innermost of the first that failed, or the first."""
    named = next((step.span for step in steps if step.span.span_id == wanted), None)
    failed = [step for step in steps if step.span.status == "ERROR"]
    deepest = max(failed, key=lambda step: step.depth, default=None)
    return named or (deepest.span if deepest else steps[0].span if steps else None)


def _status(info: TraceInfo, steps: Sequence[Step]) -> Status:
    failed = _chosen([step for step in steps if step.span.status == "ERROR"], "")
    if info.state is State.ERROR and failed is not None:
        message = f": {cut(failed.message, 160)}" if failed.message else ""
        why = f"The step {cut(failed.name)} failed{message}."
    elif info.state is State.IN_PROGRESS:
        why = "Its first step has not ended, or has not come yet."
    elif not steps:
        why = "Its steps are not in the database: the client uploaded them as a file, or has not sent them yet."
    else:
        why = f"{len(steps)} steps, begun {instant(started(info))}."
    return Status(word=WORDS[info.state], tone=TONES[info.state], why=why)


def _numbers(info: TraceInfo, steps: Sequence[Step]) -> tuple[Tile, ...]:
    failed = sum(step.span.status == "ERROR" for step in steps)
    return (
        Tile(label="Took", value=duration(None if info.duration_ms is None else info.duration_ms / 1000)),
        Tile(label="Steps", value=number(len(steps), 6), note=f"{failed} failed" if failed else "none failed"),
        Tile(label="Tokens", value=tokens(info) or MISSING, note="read and written by models"),
        Tile(label="Began", value=started(info).strftime("%H:%M:%S"), note=instant(started(info))),
    )


def _waterfall(here: str, steps: Sequence[Step], chosen: Span | None) -> WaterfallDrawing:
    begun = min((step.span.start_ns for step in steps), default=0)
    return draw_waterfall(
        WaterfallPlot(
            title="Steps",
            stretches=tuple(
                Stretch(
                    label=step.span.name or "(no name)",
                    depth=step.depth,
                    start_s=(step.span.start_ns - begun) / _SECOND,
                    end_s=(step.span.end_ns - begun) / _SECOND if step.span.end_ns else None,
                    hue=_HUES.get(span_type(step.span.attributes), 1),
                    tone=Tone.STOPPED if step.span.status == "ERROR" else "",
                    note=span_type(step.span.attributes).lower(),
                    href=f"{asked(here, step=step.span.span_id)}#step",
                    is_chosen=step.span is chosen,
                )
                for step in steps
            ),
        )
    )


def _left_out(steps: Sequence[Step]) -> str:
    more = len(steps) - _STEPS_SHOWN
    return f"{more} more steps are not drawn; filters such as span.name find them." if more > 0 else ""


def _shown(span: Span) -> ChosenStep:
    attributes = span.attributes
    passages = [
        *(
            _passage(title, attributes[key])
            for key, title in ((INPUTS, "Inputs"), (OUTPUTS, "Outputs"))
            if key in attributes
        ),
        *(_passage(event.name, dict(event.attributes)) for event in span.events[:_EVENTS_SHOWN]),
    ]
    others = [(key, value) for key, value in attributes.items() if key not in _NEVER_SHOWN]
    return ChosenStep(
        title=span.name or "(no name)",
        status=Status(
            word={"OK": "ok", "ERROR": "failed"}.get(span.status, "unknown"),
            tone={"OK": Tone.GOOD, "ERROR": Tone.STOPPED}.get(span.status, Tone.IDLE),
        ),
        facts=(
            Pair(label="kind", value=Cell(text=span_type(attributes).lower())),
            Pair(label="took", value=Cell(text=_took(span))),
            *((Pair(label="message", value=Cell(text=cut(span.message, 500))),) if span.message else ()),
            *(Pair(label=cut(key), value=cut_cell(plain(value), 200)) for key, value in others[:_ATTRIBUTES_SHOWN]),
        ),
        passages=tuple(passages),
    )


def _took(span: Span) -> str:
    return duration((span.end_ns - span.start_ns) / _SECOND) if span.end_ns else "not ended"


def _passage(label: str, value: Value) -> Passage:
    if isinstance(value, dict) and value and all(isinstance(one, str) for one in value.values()):
        text = "\n".join(f"{key}: {one}" for key, one in value.items())
    else:
        text = plain(value)
    return Passage(label=label, text=cut(text, _LONGEST_SHOWN))


def _previews(info: TraceInfo) -> tuple[Passage, ...]:
    pairs = (("Asked", info.request_preview), ("Answered", info.response_preview))
    return tuple(Passage(label=label, text=text) for label, text in pairs if text)


def _assessments(all_: Sequence[Assessment]) -> Table:
    return Table(
        caption="What is said of it",
        columns=(
            Column(title="name"), Column(title="kind"), Column(title="says"), Column(title="who"),
            Column(title="why", is_prose=True), Column(title="holds"),
        ),
        rows=tuple(
            cells(
                cut(one.name), one.kind, cut(said(one), 120), f"{one.source_id} ({one.source_type.lower()})",
                cut(one.rationale or MISSING, 300), "yes" if one.is_valid else "replaced",
            )
            for one in sorted(all_, key=lambda one: not one.is_valid)
        ),
        empty=EmptyState(
            title="Nobody has said anything of it",
            text="mlflow.log_feedback and mlflow.log_expectation write here what people, judges and programs say.",
        ),
    )  # fmt: skip


PAGES = (trace_page,)

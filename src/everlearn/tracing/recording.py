"""Writing spans and traces, inside the caller's transaction: whatever comes first, last or twice, the result is one."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from everlearn.core.errors import InvalidError
from everlearn.db import Tx
from everlearn.tracing.model import Span, State, TraceInfo, TraceNotFoundError, trace_id_of
from everlearn.tracing.rules import (
    DERIVED_TAGS,
    INPUTS,
    OUTPUTS,
    TOKENS,
    TRACE_NAME,
    Summary,
    Tokens,
    named,
    preview,
    summary_of,
    total_tokens,
)
from everlearn.tracing.store import assessments as assessment_store
from everlearn.tracing.store import labels as label_store
from everlearn.tracing.store import spans as span_store
from everlearn.tracing.store import traces as trace_store
from everlearn.tracing.store.labels import Kind, Label
from everlearn.tracing.store.spans import SpanRow
from everlearn.tracing.store.traces import TraceRow
from everlearn.tracking.model import DEFAULT_EXPERIMENT_ID, ExperimentNotFoundError, Lifecycle
from everlearn.tracking.store import experiments as experiment_store
from everlearn.tracking.store.experiments import ExperimentRow

_OPEN = frozenset({State.IN_PROGRESS, State.STATE_UNSPECIFIED})


class Come(NamedTuple):
    """The spans of one trace that came in one request."""

    trace_id: str
    spans: Sequence[Span]
    summary: Summary


def active_experiment(tx: Tx, project: str, number: int, *, at_ms: int) -> ExperimentRow:
    """Give the experiment that traces are to be kept in.

    Raises
    ------
    ExperimentNotFoundError, InvalidError
        When the project has none of this number, or it is deleted.
    """
    if number == DEFAULT_EXPERIMENT_ID:
        experiment_store.ensure_default(tx, project, at_ms=at_ms)
    found = experiment_store.by_id(tx, project, number)
    if found is None:
        raise ExperimentNotFoundError(f"No Experiment with id={number} exists")
    if found.lifecycle != Lifecycle.ACTIVE:
        raise InvalidError(
            f"The experiment {number} must be in the 'active' state. Current state is {found.lifecycle}."
        )
    return found


def trace_of(tx: Tx, project: str, trace_id: str) -> TraceRow:
    """Give a trace of the project.

    Raises
    ------
    TraceNotFoundError
        When there is none, or it belongs to others.
    """
    found = trace_store.find(tx, project, trace_id)
    if found is None:
        raise trace_not_found(trace_id)
    return found


def trace_not_found(trace_id: str) -> TraceNotFoundError:
    """Say that there is no such trace, to whoever may not know of others' too."""
    return TraceNotFoundError(f"Trace with ID '{trace_id[:100]}' not found.")


def grouped(spans: Sequence[Span]) -> list[Come]:
    """Put the spans of each trace together and sum them up."""
    by_trace: dict[str, list[Span]] = {}
    for span in spans:
        by_trace.setdefault(span.trace_id, []).append(span)
    return [Come(trace_id_of(id_), several, summary_of(several)) for id_, several in by_trace.items()]


def record_spans(tx: Tx, project: str, experiment: ExperimentRow, come: Sequence[Come]) -> dict[str, TraceRow]:
    """Keep spans, and make or bring up to date the traces that they belong to; give the traces by id."""
    rows = trace_store.find_many(tx, project, [one.trace_id for one in come], is_locked=True)
    absent = [one for one in come if one.trace_id not in rows]
    trace_store.insert(tx, [_new_row(project, experiment, one) for one in absent])
    known = set(rows)
    rows |= trace_store.find_many(tx, project, [one.trace_id for one in absent], is_locked=True)
    span_store.put(
        tx,
        [
            SpanRow(row.no, row.experiment_no, span)
            for one in come
            for row in [rows[one.trace_id]]
            for span in one.spans
        ],
    )
    counts = span_store.count(tx, [rows[one.trace_id].no for one in come if one.trace_id in known])
    for one in come:
        row = rows[one.trace_id]
        changes = _merged(row, one.summary)
        if row.no in counts and counts[row.no] != row.span_count:
            changes["span_count"] = counts[row.no]
        if changes:
            trace_store.update(tx, row.no, **changes)
    _label(tx, come, rows, known)
    return rows


def record_trace(tx: Tx, project: str, experiment: ExperimentRow, told: TraceInfo) -> TraceRow:
    """Keep what a client says of a trace; it holds against what was worked out from spans."""
    before = trace_store.find_many(tx, project, [told.id], is_locked=True).get(told.id)
    if before is None:
        trace_store.insert(tx, [_told_row(project, experiment, told)])
        before = trace_store.find_many(tx, project, [told.id], is_locked=True)[told.id]
    _tell(tx, before, experiment, told)
    _put_labels(tx, before.no, experiment.no, told.tags, told.metadata)
    assessment_store.put(tx, before.no, told.assessments)
    return trace_of(tx, project, told.id)


def finish_trace(
    tx: Tx, row: TraceRow, *, end_ms: int, state: State, tags: Mapping[str, str], metadata: Mapping[str, str]
) -> None:
    """End a trace that a client before 3 began."""
    changes: dict[str, str | int | None] = {"duration_ms": max(0, end_ms - row.start_ms), "state": state}
    if TRACE_NAME in tags:
        changes["name"] = tags[TRACE_NAME]
    trace_store.update(tx, row.no, **changes)
    _put_labels(tx, row.no, row.experiment_no, tags, metadata)


def set_tag(tx: Tx, row: TraceRow, key: str, value: str) -> None:
    """Set one tag."""
    if key == TRACE_NAME:
        trace_store.update(tx, row.no, name=value)
    _put_labels(tx, row.no, row.experiment_no, {key: value}, {})


def _new_row(project: str, experiment: ExperimentRow, one: Come) -> TraceRow:
    summary = one.summary
    row = TraceRow(
        no=0,
        id=one.trace_id,
        project=project,
        experiment_no=experiment.no,
        name=None,
        state=summary.state,
        start_ms=summary.start_ms,
        duration_ms=None if summary.end_ms is None else max(0, summary.end_ms - summary.start_ms),
        client_request_id=None,
        request_preview=None,
        response_preview=None,
        is_told=0,
        span_count=len({span.span_id for span in one.spans}),
    )
    return TraceRow(**{**row._asdict(), **_from_root(row, summary)})


def _told_row(project: str, experiment: ExperimentRow, told: TraceInfo) -> TraceRow:
    return TraceRow(
        no=0,
        id=told.id,
        project=project,
        experiment_no=experiment.no,
        name=told.tags.get(TRACE_NAME),
        state=told.state,
        start_ms=told.start_ms,
        duration_ms=told.duration_ms,
        client_request_id=told.client_request_id,
        request_preview=told.request_preview,
        response_preview=told.response_preview,
        is_told=1,
        span_count=0,
    )


def _tell(tx: Tx, before: TraceRow, experiment: ExperimentRow, told: TraceInfo) -> None:
    said = _told_row(before.project, experiment, told)
    after = said._replace(
        no=before.no,
        name=said.name or before.name,
        request_preview=said.request_preview or before.request_preview,
        response_preview=said.response_preview or before.response_preview,
        span_count=before.span_count,
        experiment_id=before.experiment_id,
    )
    if after == before:
        return
    columns = trace_store.COLUMNS[3:]
    trace_store.update(tx, before.no, **{column: getattr(after, column) for column in columns})
    if experiment.no != before.experiment_no:
        trace_store.move(tx, before.no, experiment.no)


def _merged(row: TraceRow, summary: Summary) -> dict[str, str | int | None]:
    """Give the columns that spans change in a trace that is there."""
    changes = _from_root(row, summary)
    if row.state in _OPEN and summary.state not in _OPEN:
        changes["state"] = summary.state
    if row.is_told:
        return changes
    start = min(row.start_ms, summary.start_ms)
    ends = [end for end in (_end(row), summary.end_ms) if end is not None]
    duration = max(0, max(ends) - start) if ends else None
    if (start, duration) != (row.start_ms, row.duration_ms):
        changes |= {"start_ms": start, "duration_ms": duration}
    return changes


def _end(row: TraceRow) -> int | None:
    return None if row.duration_ms is None else row.start_ms + row.duration_ms


def _from_root(row: TraceRow, summary: Summary) -> dict[str, str | int | None]:
    """Give what the first step says of its trace and nobody else has said yet."""
    root = summary.root
    name = summary.tags.get(TRACE_NAME) or (None if root is None else named(root))
    found = {
        "name": name,
        "request_preview": None if root is None else preview(root.attributes.get(INPUTS), "user"),
        "response_preview": None if root is None else preview(root.attributes.get(OUTPUTS), "assistant"),
    }
    return {
        column: value.replace("\x00", "\ufffd")
        for column, value in found.items()
        if value is not None and getattr(row, column) is None
    }


def _label(tx: Tx, come: Sequence[Come], rows: Mapping[str, TraceRow], known: set[str]) -> None:
    """Set tags and metadata that follow from spans; what clients said of the trace itself stays."""
    added, put = list[Label](), list[Label]()
    for one in come:
        row = rows[one.trace_id]
        for kind, found in ((Kind.TAG, one.summary.tags), (Kind.METADATA, one.summary.metadata)):
            added += _labels(row.no, row.experiment_no, kind, found)
        nodes = span_store.tokens_in(one.spans)
        if any(node.tokens for node in nodes):
            if one.trace_id in known:
                nodes = span_store.token_nodes(tx, row.no)
            counted = {TOKENS: _written(total_tokens(nodes))}
            (added if row.is_told else put).extend(_labels(row.no, row.experiment_no, Kind.METADATA, counted))
    label_store.add(tx, added)
    label_store.put(tx, put)


def _put_labels(tx: Tx, no: int, experiment_no: int, tags: Mapping[str, str], metadata: Mapping[str, str]) -> None:
    label_store.put(
        tx,
        [*_labels(no, experiment_no, Kind.TAG, tags), *_labels(no, experiment_no, Kind.METADATA, metadata)],
    )


def _labels(no: int, experiment_no: int, kind: Kind, found: Mapping[str, str]) -> list[Label]:
    """Write labels; the name has a column of its own, and some tags follow from where things lie."""
    left_out = DERIVED_TAGS | {TRACE_NAME} if kind is Kind.TAG else frozenset()
    return [Label(no, experiment_no, kind, key, value) for key, value in found.items() if key not in left_out]


def _written(tokens: Tokens | None) -> str:
    read, wrote, total = tokens or Tokens(0, 0, 0)
    return f'{{"input_tokens": {read}, "output_tokens": {wrote}, "total_tokens": {total}}}'

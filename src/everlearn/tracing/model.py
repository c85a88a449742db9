"""Traces as values: what one request to an application did, step by step, and what people and judges say of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from everlearn.core.errors import ConflictError, InvalidError, NotFoundError

Value = None | bool | int | float | str | bytes | list[Any] | dict[str, Any]
"""What an attribute can hold: OpenTelemetry's `AnyValue`."""

MOST_SPANS = 20_000  # in one request
MOST_ATTRIBUTES = 1_000  # of one span, event or link
MOST_EVENTS = 2_000  # of one span, and as many links
DEEPEST = 30  # values within values
LONGEST_TEXT = 1_000_000  # characters of one text in an attribute; what is over is cut off and counted
LONGEST_NAME = 500  # characters of the names of traces, spans and assessments
LONGEST_LABEL_KEY, LONGEST_LABEL = 250, 8_000
MOST_LABELS = 1_000  # tags, or metadata, in one request
LONGEST_PREVIEW = 1_000

_TRACE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class State(StrEnum):
    """How a trace ended, or that it has not."""

    STATE_UNSPECIFIED = "STATE_UNSPECIFIED"
    OK = "OK"
    ERROR = "ERROR"
    IN_PROGRESS = "IN_PROGRESS"


class SpanEvent(NamedTuple):
    """Something that happened at one moment of a step."""

    name: str
    at_ns: int
    attributes: dict[str, Value]


class SpanLink(NamedTuple):
    """A step of perhaps another trace that this one follows from; ids in hexadecimal."""

    trace_id: str
    span_id: str
    attributes: dict[str, Value]


class Span(NamedTuple):
    """One step of a trace. Ids are hexadecimal, times nanoseconds since 1970."""

    trace_id: str  # 32 digits
    span_id: str  # 16 digits
    parent_id: str  # "": the root
    name: str
    kind: int  # OpenTelemetry's number
    start_ns: int
    end_ns: int  # 0: not ended yet
    status: str  # OK, ERROR or UNSET
    message: str  # of the status
    attributes: dict[str, Value]
    events: list[SpanEvent]
    links: list[SpanLink]
    resource: Mapping[str, Value]  # what produced it: shared by the spans that came together

    @property
    def is_root(self) -> bool:
        """Tell whether the trace begins with it."""
        return not self.parent_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceInfo:
    """A trace without its steps."""

    id: str
    experiment_id: str
    state: State
    start_ms: int
    duration_ms: int | None  # None: it has not ended
    client_request_id: str | None = None
    request_preview: str | None = None
    response_preview: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    assessments: Sequence["Assessment"] = ()
    span_count: int = 0  # of those that lie in the database


class AssessmentKind(StrEnum):
    """What an assessment says."""

    FEEDBACK = "feedback"  # how good the answer was
    EXPECTATION = "expectation"  # what the answer should have been
    ISSUE = "issue"  # that the trace shows a known problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What a person, a judge or a program says of a trace or of one of its steps."""

    id: str
    trace_id: str
    name: str
    kind: AssessmentKind
    value: str | None  # JSON; None: there is none, but perhaps an error
    error: str | None  # JSON: why there is no value
    rationale: str | None
    source_type: str
    source_id: str
    span_id: str | None
    metadata: Mapping[str, str]
    created_ms: int
    updated_ms: int
    overrides: str | None  # the assessment that this one replaces
    is_valid: bool  # False: another one replaces it


class TraceNotFoundError(NotFoundError):
    """There is no trace of this id in the project."""

    code = "tracing.trace_not_found"


class BadTraceError(InvalidError):
    """A trace, or a part of one, that cannot be kept as it stands."""

    code = "tracing.bad_trace"


class AssessmentNotFoundError(NotFoundError):
    """The trace has no assessment of this id."""

    code = "tracing.assessment_not_found"


class DatasetNotFoundError(NotFoundError):
    """There is no evaluation data set of this id in the project."""

    code = "tracing.dataset_not_found"


class ScorerNotFoundError(NotFoundError):
    """The experiment has no scorer of this name or version."""

    code = "tracing.scorer_not_found"


class AssessmentTakenError(ConflictError):
    """The trace has another assessment of this id."""

    code = "tracing.assessment_id_taken"


def checked_trace_id(trace_id: str) -> str:
    """Give a trace's id back if it is one: it becomes part of paths and addresses.

    Raises
    ------
    BadTraceError
        When it is not 1 to 100 letters, digits, `_` and `-`, a letter or digit first.
    """
    if not _TRACE_ID.fullmatch(trace_id):
        raise BadTraceError(
            f"Invalid trace ID {trace_id[:100]!r}: it is 1 to 100 letters, digits, '_' or '-', a letter or digit first."
        )
    return trace_id


def trace_id_of(otel_id: str) -> str:
    """Name the trace that spans with this id of OpenTelemetry's belong to, as MLflow's clients do."""
    return f"tr-{otel_id}"

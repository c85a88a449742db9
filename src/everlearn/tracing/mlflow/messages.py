"""The requests and answers of traces and assessments over MLflow's protocol.

In requests every field may be absent; the routes say which must not be. In answers, fields that are empty are left out.
"""

from typing import Any

import msgspec

from everlearn.web.mlflow.wire import Int64, Request


class ExperimentLocation(Request):
    """An experiment, as a place."""

    experiment_id: str | None = None


class Location(Request):
    """Where a trace is kept."""

    type: str | int | None = None
    mlflow_experiment: ExperimentLocation | None = None


class SourceIn(Request):
    """Who says something."""

    source_type: str | int | None = None
    source_id: str | None = None


class ErrorIn(Request):
    """Why there is no value."""

    error_code: str | None = None
    error_message: str | None = None
    stack_trace: str | None = None


class SerializedIn(Request):
    """A value as a text in some format."""

    serialization_format: str | None = None
    value: str | None = None


class FeedbackIn(Request):
    """How good something was."""

    value: Any = None
    error: ErrorIn | None = None


class ExpectationIn(Request):
    """What something should have been."""

    value: Any = None
    serialized_value: SerializedIn | None = None


class IssueIn(Request):
    """A known problem."""

    issue_name: str | None = None


class AssessmentIn(Request):
    """What is said of a trace."""

    assessment_id: str | None = None
    assessment_name: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    source: SourceIn | None = None
    create_time: str | None = None
    last_update_time: str | None = None
    feedback: FeedbackIn | None = None
    expectation: ExpectationIn | None = None
    issue: IssueIn | None = None
    rationale: str | None = None
    metadata: dict[str, str] | None = None
    overrides: str | None = None
    valid: bool | None = None


class TraceInfoIn(Request):
    """A trace as a client tells of it."""

    trace_id: str | None = None
    client_request_id: str | None = None
    trace_location: Location | None = None
    request_preview: str | None = None
    response_preview: str | None = None
    request_time: str | None = None
    execution_duration: str | None = None
    state: str | int | None = None
    trace_metadata: dict[str, str] | None = None
    assessments: list[AssessmentIn] | None = None
    tags: dict[str, str] | None = None


class TraceIn(Request):
    """A trace; its steps come another way."""

    trace_info: TraceInfoIn | None = None


class TellTrace(Request):
    """Keep a trace."""

    trace: TraceIn | None = None


class TraceById(Request):
    """One trace."""

    trace_id: str | None = None
    allow_partial: bool | str | None = None


class ManyTraces(Request):
    """Some traces."""

    trace_ids: list[str] | None = None
    experiment_ids: list[str] | None = None


class SearchTraces(Request):
    """A search of traces."""

    locations: list[Location] | None = None
    filter: str | None = None
    max_results: Int64 | None = None
    order_by: list[str] | None = None
    page_token: str | None = None


class DeleteTraces(Request):
    """Remove traces."""

    experiment_id: str | None = None
    max_timestamp_millis: Int64 | None = None
    max_traces: Int64 | None = None
    request_ids: list[str] | None = None


class TraceTag(Request):
    """A tag of a trace; `request_id` is what clients before 3 call its id."""

    trace_id: str | None = None
    request_id: str | None = None
    key: str | None = None
    value: str | None = None


class LinkToRun(Request):
    """Traces of a run."""

    trace_ids: list[str] | None = None
    run_id: str | None = None


class PromptVersion(Request):
    """A version of a prompt."""

    name: str | None = None
    version: str | None = None


class LinkPrompts(Request):
    """Prompts that a trace used."""

    trace_id: str | None = None
    prompt_versions: list[PromptVersion] | None = None


class CreateAssessment(Request):
    """Say something of a trace."""

    trace_id: str | None = None
    assessment: AssessmentIn | None = None


class AssessmentById(Request):
    """One assessment."""

    trace_id: str | None = None
    assessment_id: str | None = None


class UpdateAssessment(Request):
    """Say something differently; the mask names the fields that change."""

    trace_id: str | None = None
    assessment_id: str | None = None
    assessment: AssessmentIn | None = None
    update_mask: str | None = None


class KeyValue(Request):
    """A name and a text, as clients before 3 write maps."""

    key: str | None = None
    value: str | None = None


class BeginTrace(Request):
    """Begin a trace (before 3)."""

    experiment_id: str | None = None
    timestamp_ms: Int64 | None = None
    request_metadata: list[KeyValue] | None = None
    tags: list[KeyValue] | None = None


class EndTrace(Request):
    """End a trace (before 3)."""

    request_id: str | None = None
    timestamp_ms: Int64 | None = None
    status: str | int | None = None
    request_metadata: list[KeyValue] | None = None
    tags: list[KeyValue] | None = None


class TraceByRequestId(Request):
    """One trace (before 3)."""

    request_id: str | None = None


class SearchOldTraces(Request):
    """A search of traces (before 3)."""

    experiment_ids: list[str] | None = None
    filter: str | None = None
    max_results: Int64 | None = None
    order_by: list[str] | None = None
    page_token: str | None = None


class ExperimentLocationOut(msgspec.Struct):
    """An experiment, as a place."""

    experiment_id: str


class LocationOut(msgspec.Struct):
    """Where a trace is kept."""

    mlflow_experiment: ExperimentLocationOut
    type: str = "MLFLOW_EXPERIMENT"


class SourceOut(msgspec.Struct):
    """Who says something."""

    source_type: str
    source_id: str


class AssessmentOut(msgspec.Struct, omit_defaults=True):
    """What is said of a trace."""

    assessment_id: str
    assessment_name: str
    trace_id: str
    source: SourceOut
    create_time: str
    last_update_time: str
    valid: bool
    span_id: str | None = None
    feedback: dict[str, Any] | None = None
    expectation: dict[str, Any] | None = None
    issue: dict[str, Any] | None = None
    rationale: str | None = None
    metadata: dict[str, str] = {}
    overrides: str | None = None


class TraceInfoOut(msgspec.Struct, omit_defaults=True):
    """A trace without its steps."""

    trace_id: str
    trace_location: LocationOut
    request_time: str
    state: str
    trace_metadata: dict[str, str] = {}
    tags: dict[str, str] = {}
    execution_duration: str | None = None
    client_request_id: str | None = None
    request_preview: str | None = None
    response_preview: str | None = None
    assessments: list[AssessmentOut] = []


class TraceOut(msgspec.Struct, omit_defaults=True):
    """A trace; its steps are OpenTelemetry's."""

    trace_info: TraceInfoOut
    spans: list[dict[str, Any]] = []


class OneTrace(msgspec.Struct):
    """One trace."""

    trace: TraceOut


class Traces(msgspec.Struct, omit_defaults=True):
    """Some traces with their steps."""

    traces: list[TraceOut] = []


class TraceInfos(msgspec.Struct, omit_defaults=True):
    """Some traces without their steps."""

    trace_infos: list[TraceInfoOut] = []


class TracePage(msgspec.Struct, omit_defaults=True):
    """A page of traces."""

    traces: list[TraceInfoOut] = []
    next_page_token: str | None = None


class Deleted(msgspec.Struct):
    """How many traces are gone."""

    traces_deleted: int


class OneAssessment(msgspec.Struct):
    """One assessment."""

    assessment: AssessmentOut


class KeyValueOut(msgspec.Struct):
    """A name and a text."""

    key: str
    value: str


class OldTraceInfo(msgspec.Struct, omit_defaults=True):
    """A trace (before 3)."""

    request_id: str
    experiment_id: str
    timestamp_ms: int
    status: str
    execution_time_ms: int | None = None
    request_metadata: list[KeyValueOut] = []
    tags: list[KeyValueOut] = []


class OneOldTrace(msgspec.Struct):
    """One trace (before 3)."""

    trace_info: OldTraceInfo


class OldTracePage(msgspec.Struct, omit_defaults=True):
    """A page of traces (before 3)."""

    traces: list[OldTraceInfo] = []
    next_page_token: str | None = None

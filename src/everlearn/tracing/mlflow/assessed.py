"""What clients say of traces, read into ours."""

import re
from uuid import uuid4

import msgspec

from everlearn.tracing.mlflow import messages as m
from everlearn.tracing.mlflow.rules import given_labels
from everlearn.tracing.mlflow.times import moment_in
from everlearn.tracing.model import LONGEST_NAME, Assessment, AssessmentKind
from everlearn.web.mlflow.errors import ProtocolError

LONGEST_VALUE, LONGEST_RATIONALE = 1_000_000, 100_000  # characters
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_SPAN_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_SOURCES = {0: "SOURCE_TYPE_UNSPECIFIED", 1: "HUMAN", 2: "LLM_JUDGE", 3: "CODE"}
_SOURCE_NAMES = frozenset({*_SOURCES.values(), "AI_JUDGE"})


def assessment_in(given: m.AssessmentIn, trace_id: str, *, at_ms: int) -> Assessment:
    """Read an assessment of a trace; `at_ms` is when it came.

    Raises
    ------
    ProtocolError
        When it has no name, or not exactly one of feedback, expectation and issue.
    """
    kind, value, error = said_in(given)
    source_type, source_id = _source(given.source)
    created_ms = moment_in(given.create_time, "create_time") if given.create_time else at_ms
    return Assessment(
        id=_checked(given.assessment_id, _ID, "assessment_id") or f"a-{uuid4().hex}",
        trace_id=trace_id,
        name=checked_name(given.assessment_name),
        kind=kind,
        value=value,
        error=error,
        rationale=checked_rationale(given.rationale),
        source_type=source_type,
        source_id=source_id,
        span_id=_checked(given.span_id, _SPAN_ID, "span_id"),
        metadata=given_labels(given.metadata, "metadata"),
        created_ms=created_ms,
        updated_ms=moment_in(given.last_update_time, "last_update_time") if given.last_update_time else created_ms,
        overrides=_checked(given.overrides, _ID, "overrides"),
        is_valid=given.valid is not False,
    )


def said_in(given: m.AssessmentIn) -> tuple[AssessmentKind, str | None, str | None]:
    """Read what is said: its kind, its value and its error, both as JSON."""
    said = [one for one in (given.feedback, given.expectation, given.issue) if one is not None]
    if len(said) != 1:
        raise ProtocolError("An assessment has exactly one of 'feedback', 'expectation' and 'issue'.")
    match said[0]:
        case m.FeedbackIn() as feedback:
            error = None if feedback.error is None else _written(msgspec.to_builtins(feedback.error))
            return AssessmentKind.FEEDBACK, _written(feedback.value), error
        case m.ExpectationIn() as expectation:
            return AssessmentKind.EXPECTATION, _expected(expectation), None
        case m.IssueIn() as issue:
            return AssessmentKind.ISSUE, _written(issue.issue_name or given.assessment_name), None


def checked_name(name: str | None) -> str:
    """Give the name of an assessment back if it is one."""
    if not name or not name.strip() or len(name) > LONGEST_NAME:
        raise ProtocolError(f"Invalid 'assessment_name': it has 1 to {LONGEST_NAME} characters.")
    return name


def checked_rationale(text: str | None) -> str | None:
    """Give a rationale back if it is not too long."""
    if text is not None and len(text) > LONGEST_RATIONALE:
        raise ProtocolError(f"'rationale' exceeds the maximum length of {LONGEST_RATIONALE} characters")
    return text


def _expected(given: m.ExpectationIn) -> str | None:
    if given.serialized_value is None:
        return _written(given.value)
    text = given.serialized_value.value or "null"
    try:
        return _written(msgspec.json.decode(text))
    except (msgspec.DecodeError, RecursionError) as error:
        raise ProtocolError("Invalid value for parameter 'serialized_value': it is no JSON.") from error


def _written(value: object) -> str:
    text = msgspec.json.encode(value).decode()
    if len(text) > LONGEST_VALUE:
        raise ProtocolError(f"The value of an assessment exceeds the maximum length of {LONGEST_VALUE} characters")
    return text


def _source(given: m.SourceIn | None) -> tuple[str, str]:
    kind = given.source_type if given else None
    name = _SOURCES.get(kind, "") if isinstance(kind, int) else kind or "SOURCE_TYPE_UNSPECIFIED"
    if name not in _SOURCE_NAMES:
        raise ProtocolError(f"Invalid value {kind!r} for parameter 'source_type' supplied.")
    return name, ((given.source_id if given else None) or "default")[:LONGEST_NAME]


def _checked(text: str | None, pattern: re.Pattern[str], name: str) -> str | None:
    if text and not pattern.fullmatch(text):
        raise ProtocolError(f"Invalid value '{text[:60]}' for parameter '{name}' supplied.")
    return text or None

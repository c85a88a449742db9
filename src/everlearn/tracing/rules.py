"""What a trace's own row says, worked out from its spans."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from everlearn.tracing.model import LONGEST_LABEL, LONGEST_LABEL_KEY, LONGEST_NAME, LONGEST_PREVIEW, Span, State, Value

TRACE_NAME, ARTIFACTS, SPANS_AT = "mlflow.traceName", "mlflow.artifactLocation", "mlflow.trace.spansLocation"
SOURCE_RUN, SESSION, USER = "mlflow.sourceRun", "mlflow.trace.session", "mlflow.trace.user"
TOKENS, SCHEMA_VERSION = "mlflow.trace.tokenUsage", "mlflow.trace_schema.version"
INPUTS, OUTPUTS, SPAN_TYPE, SPAN_TOKENS = (
    "mlflow.spanInputs", "mlflow.spanOutputs", "mlflow.spanType", "mlflow.chat.tokenUsage",
)  # fmt: skip
DERIVED_TAGS = frozenset({ARTIFACTS, SPANS_AT})  # shown as tags, kept as none

_TAG_PREFIX = "mlflow.traceTag."
_SESSIONS, _USERS = ("mlflow.trace.session", "session.id", "gen_ai.conversation.id"), ("mlflow.trace.user", "user.id")
_OPERATIONS = {
    "chat": "CHAT_MODEL",
    "text_completion": "LLM",
    "generate_content": "LLM",
    "embeddings": "EMBEDDING",
    "execute_tool": "TOOL",
    "invoke_agent": "AGENT",
    "create_agent": "AGENT",
}


class Tokens(NamedTuple):
    """How many tokens a language model read and wrote."""

    read: int
    wrote: int
    total: int


class TokenNode(NamedTuple):
    """A span as far as the sum of tokens is concerned."""

    span_id: str
    parent_id: str
    tokens: Tokens | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the spans of one trace that came together say of it."""

    start_ms: int
    end_ms: int | None  # None: none of them has ended
    root: Span | None
    tags: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """Say how the trace ended: as its root did."""
        if self.root is None or not self.root.end_ns:
            return State.IN_PROGRESS
        return State.ERROR if self.root.status == "ERROR" else State.OK


def summary_of(spans: Sequence[Span]) -> Summary:
    """Sum up spans of one trace; at least one."""
    ended = [span.end_ns for span in spans if span.end_ns]
    root = next((span for span in spans if span.is_root), None)
    metadata = {}
    if (session := _first(spans, _SESSIONS)) is not None:
        metadata[SESSION] = session
    if (user := _first(spans, _USERS)) is not None:
        metadata[USER] = user
    return Summary(
        start_ms=min(span.start_ns for span in spans) // 1_000_000,
        end_ms=max(ended) // 1_000_000 if ended else None,
        root=root,
        tags=_resource_tags(spans) | _tags_of(root),
        metadata=metadata,
    )


def preview(value: Value, role: str) -> str | None:
    """Shorten inputs or outputs to what fits in a list: the last message of a role, if they are messages."""
    if value is None:
        return None
    content = _last_message(value, role) or (value if isinstance(value, str) else _json(value))
    return content if len(content) <= LONGEST_PREVIEW else f"{content[: LONGEST_PREVIEW - 3]}..."


def span_type(attributes: Mapping[str, Value]) -> str:
    """Say what kind of step a span is."""
    given = attributes.get(SPAN_TYPE) or attributes.get("openinference.span.kind")
    if not isinstance(given, str):
        operation = attributes.get("gen_ai.operation.name")
        given = _OPERATIONS.get(operation, "UNKNOWN") if isinstance(operation, str) else "UNKNOWN"
    return given[:100].replace("\x00", "\ufffd")


def tokens_of(attributes: Mapping[str, Value]) -> Tokens | None:
    """Read how many tokens a span used, as MLflow's clients or as the GenAI conventions write it."""
    given = attributes.get(SPAN_TOKENS)
    if isinstance(given, str):
        given = _object(given)
    if isinstance(given, dict):
        found = [_count(given.get(name)) for name in ("input_tokens", "output_tokens", "total_tokens")]
    else:
        read = attributes.get("gen_ai.usage.input_tokens", attributes.get("gen_ai.usage.prompt_tokens"))
        wrote = attributes.get("gen_ai.usage.output_tokens", attributes.get("gen_ai.usage.completion_tokens"))
        found = [_count(read), _count(wrote), None]
    if found == [None, None, None]:
        return None
    read_count, wrote_count = found[0] or 0, found[1] or 0
    return Tokens(read_count, wrote_count, read_count + wrote_count if found[2] is None else found[2])


def total_tokens(nodes: Sequence[TokenNode]) -> Tokens | None:
    """Add up a tree of spans. A span whose ancestor says a number is part of that number already."""
    by_id = {node.span_id: node for node in nodes}
    counted = [node.tokens for node in nodes if node.tokens and not _is_covered(node, by_id)]
    return Tokens(*(sum(column) for column in zip(*counted, strict=True))) if counted else None


def _is_covered(node: TokenNode, by_id: Mapping[str, TokenNode]) -> bool:
    seen, parent = {node.span_id}, by_id.get(node.parent_id)
    while parent is not None and parent.span_id not in seen:  # ids come from outside: there may be rings
        if parent.tokens:
            return True
        seen.add(parent.span_id)
        parent = by_id.get(parent.parent_id)
    return False


def _first(spans: Iterable[Span], names: Sequence[str]) -> str | None:
    return next(
        (str(value)[:LONGEST_LABEL] for span in spans for name in names if (value := span.attributes.get(name))), None
    )


def _resource_tags(spans: Sequence[Span]) -> dict[str, str]:
    """Say where spans come from; the exporter's own names and MLflow's reserved ones are no tags."""
    resource = next((span.resource for span in spans if span.resource), {})
    return {
        key: _label(value)
        for key, value in resource.items()
        if key and len(key) <= LONGEST_LABEL_KEY and not key.startswith(("telemetry.sdk.", "mlflow."))
    }


def _tags_of(root: Span | None) -> dict[str, str]:
    attributes = root.attributes if root is not None else {}
    return {
        key.removeprefix(_TAG_PREFIX): _label(value)
        for key, value in attributes.items()
        if key.startswith(_TAG_PREFIX) and key != _TAG_PREFIX and len(key) <= LONGEST_LABEL_KEY
    }


def _label(value: Value) -> str:
    return (value if isinstance(value, str) else _json(value))[:LONGEST_LABEL].replace("\x00", "\ufffd")


def _last_message(value: Value, role: str) -> str | None:
    if isinstance(value, str):
        value = _object(value)
    if not isinstance(value, dict):
        return None
    messages = value.get("messages")
    if messages is None and isinstance(value.get("choices"), list):
        messages = [choice.get("message") for choice in value["choices"] if isinstance(choice, dict)]
    said = [one for one in messages if isinstance(one, dict)] if isinstance(messages, list) else []
    said = [one for one in said if one.get("role") == role] or said
    content = said[-1].get("content") if said else None
    return content if isinstance(content, str) and content else None


def _object(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        return None
    return int(value)


def _json(value: Value) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def named(root: Span) -> str:
    """Name a trace after its first step."""
    return root.name[:LONGEST_NAME]

"""How the pages speak of traces."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from everlearn.tracing.model import Assessment, State, TraceInfo
from everlearn.tracing.rules import TOKENS, TRACE_NAME
from everlearn.web.formats import number
from everlearn.web.view import Tone

TONES: Mapping[State, Tone] = {
    State.OK: Tone.GOOD,
    State.ERROR: Tone.STOPPED,
    State.IN_PROGRESS: Tone.WATCH,
    State.STATE_UNSPECIFIED: Tone.IDLE,
}
WORDS: Mapping[State, str] = {
    State.OK: "ok",
    State.ERROR: "failed",
    State.IN_PROGRESS: "in progress",
    State.STATE_UNSPECIFIED: "unknown",
}
_EARLIEST_MS, _LATEST_MS = 0, 253_402_300_799_999  # what a calendar can show


def trace_name(info: TraceInfo) -> str:
    """Name a trace for people."""
    return info.tags.get(TRACE_NAME) or info.id


def started(info: TraceInfo) -> datetime:
    """Say when a trace began."""
    return datetime.fromtimestamp(min(max(info.start_ms, _EARLIEST_MS), _LATEST_MS) / 1000, UTC)


def tokens(info: TraceInfo) -> str:
    """Say how many tokens a trace used; empty when nobody counted."""
    try:
        usage = json.loads(info.metadata.get(TOKENS, "{}"))
    except ValueError:
        return ""
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return number(total, 6) if isinstance(total, int | float) else ""


def said(one: Assessment) -> str:
    """Write what an assessment says."""
    if one.value in {None, "null"}:
        return "no value" if one.error else "nothing"
    value = json.loads(one.value or "null")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

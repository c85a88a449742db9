"""How the pages speak of runs and of what they measured."""

import math
from collections.abc import Mapping
from datetime import datetime

from everlearn.tracking.hazards import Hazard
from everlearn.tracking.metric_schema import UNDECLARED, MetricSchema
from everlearn.tracking.model import Run, RunStatus
from everlearn.web.formats import number
from everlearn.web.view import Cell, Tone

PIPELINE_RUN_TAG = "everlearn.pipeline_run"
"""The tag that names the pipeline run which a run was tracked for."""

TONES: Mapping[RunStatus, Tone] = {
    RunStatus.SCHEDULED: Tone.IDLE,
    RunStatus.RUNNING: Tone.WATCH,
    RunStatus.FINISHED: Tone.GOOD,
    RunStatus.FAILED: Tone.STOPPED,
    RunStatus.KILLED: Tone.ACT,
}
LOADING = "Loading it could run code: load it only if you trust whoever made it"
_OWN_TAGS = ("mlflow.", "everlearn.")


def short_id(run_id: str) -> str:
    """Cut a long id to its beginning; the whole belongs into a title or an address."""
    return run_id if len(run_id) <= 16 else f"{run_id[:16]}\u2026"


def cut(text: str, longest: int = 60) -> str:
    """Cut a text that is too long for its place."""
    return text if len(text) <= longest else f"{text[: longest - 1]}\u2026"


def cut_cell(text: str, longest: int = 60) -> Cell:
    """Show a text cut, the whole one in its title."""
    shown = cut(text, longest)
    return Cell(text=shown, is_code=True, title=text[:2_000] if shown != text else "")


def run_name(run: Run) -> str:
    """Name a run for people."""
    return run.name or short_id(run.id)


def ended_as(status: RunStatus) -> str:
    """Say in a verb how a run ended."""
    return "finished" if status is RunStatus.FINISHED else f"ended as {status.lower()}"


def metric_text(value: float | None, digits: int = 4) -> str:
    """Write a measured number, also those that JSON has no word for."""
    if value is None or math.isfinite(value):
        return number(value, digits)
    return "NaN" if math.isnan(value) else "\u221e" if value > 0 else "\u2212\u221e"


def metric_cell(value: float, schema: MetricSchema = UNDECLARED) -> Cell:
    """Show a measured number; one outside its declared range is flagged."""
    if schema.admits(value):
        return Cell(text=metric_text(value), title=repr(value))
    return Cell(text=metric_text(value), tone=Tone.ACT, title=f"{value!r}: declared is {schema.range_text}")


def hazard_cell(hazard: Hazard | None) -> Cell:
    """Warn of a file that could run code."""
    return Cell(text="") if hazard is None else Cell(text=hazard.words, tone=Tone.WATCH, title=LOADING)


def is_own_tag(key: str) -> bool:
    """Tell whether a tag is bookkeeping of a client or of ours, not a person's word."""
    return key.startswith(_OWN_TAGS)


def took(started_at: datetime, ended_at: datetime | None) -> float | None:
    """Give how long a run took, seconds; None while it runs."""
    return None if ended_at is None else max(0.0, (ended_at - started_at).total_seconds())

"""Summing up the scored rows of one window, and counting them on the reference's edges."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from everlearn.core.json import JSONObject
from everlearn.monitoring.model import WindowReport
from everlearn.monitoring.profile import Profile
from everlearn.serving import Outcome, Scored
from everlearn.stats.histogram import AnchoredHistogram


def window_starts(first: datetime, through: datetime, *, length: timedelta) -> list[datetime]:
    """Give the starts of the whole windows from `first` on that end by `through`."""
    count = max(0, (through - first) // length)
    return [first + length * index for index in range(count)]


def summed_up(
    rows: Sequence[Scored], *, project: str, model: str, version: int, start: datetime, end: datetime
) -> WindowReport:
    """Describe a window by its counts and errors."""
    errors = np.array(
        [row.value - row.label for row in rows if row.value is not None and row.label is not None], dtype=np.float64
    )
    return WindowReport(
        project=project,
        model=model,
        version=version,
        start=start,
        end=end,
        prediction_count=len(rows),
        label_count=int(errors.size),
        mae=round(float(np.abs(errors).mean()), 6) if errors.size else None,
        bias=round(float(errors.mean()), 6) if errors.size else None,
        failure_count=sum(row.status is not Outcome.OK for row in rows),
    )


def drift_window(rows: Sequence[Scored], profile: Profile, columns: Sequence[str]) -> JSONObject:
    """Count a window's inputs and answers on the edges of the reference."""
    features = np.array([row.features for row in rows], dtype=np.float64).reshape(len(rows), len(columns))
    answers = np.array([np.nan if row.value is None else row.value for row in rows], dtype=np.float64)
    counted: JSONObject = {
        name: _counts(profile.columns[name], features[:, index])
        for index, name in enumerate(columns)
        if name in profile.columns
    }
    counted["(answer)"] = _counts(profile.answers, answers)
    return {"columns": counted}


def _counts(reference: AnchoredHistogram, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> JSONObject:
    current = reference.emptied().with_values(values)
    return {
        "reference": [*reference.counts, reference.missing_count],
        "current": [*current.counts, current.missing_count],
    }

"""The reference profile of a version: what its inputs, answers and errors looked like when it was trained.

A training pipeline builds it with `build_profile` and packages it; monitoring compares every window with it. It holds
counts on frozen edges, never rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from everlearn.core.errors import InvalidError
from everlearn.core.json import JSONObject
from everlearn.stats.histogram import AnchoredHistogram

BINS = 20
SMALLEST_SD_SHARE = 0.1  # of the mean error; a handful of calm days must not make the chart nervous


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is normal for one version."""

    columns: dict[str, AnchoredHistogram]
    answers: AnchoredHistogram
    error_mean: float  # mean over the held-out days of a day's mean absolute error
    error_sd: float  # standard deviation of a day's mean absolute error
    error_days: int

    def to_json(self) -> JSONObject:
        """Write it down."""
        return {
            "columns": {name: histogram.to_json() for name, histogram in self.columns.items()},
            "answers": self.answers.to_json(),
            "error_mean": self.error_mean,
            "error_sd": self.error_sd,
            "error_days": self.error_days,
        }

    @classmethod
    def from_bytes(cls, written: bytes) -> "Profile":
        """Read what `to_json` wrote.

        Raises
        ------
        InvalidError
            When it is no profile.
        """
        try:
            document: Any = msgspec.json.decode(written)
            return cls(
                columns={name: AnchoredHistogram.from_json(column) for name, column in document["columns"].items()},
                answers=AnchoredHistogram.from_json(document["answers"]),
                error_mean=float(document["error_mean"]),
                error_sd=float(document["error_sd"]),
                error_days=int(document["error_days"]),
            )
        except (msgspec.DecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise InvalidError("not a reference profile") from error


def build_profile(
    columns: Mapping[str, NDArray[np.float64]],
    answers: NDArray[np.float64],
    *,
    held_out_errors: NDArray[np.float64],
    held_out_days: Sequence[str],
) -> Profile:
    """Describe a version by its training inputs and answers and by its errors on held-out days.

    Parameters
    ----------
    columns
        Inputs by name, each of shape (n,); NaN counts as missing.
    answers
        Shape (n,): the version's answers to those rows.
    held_out_errors, held_out_days
        Shape (m,): absolute errors on rows it has not learned from, and the day of each; m at least 1.

    Raises
    ------
    InvalidError
        When no row was held out, an error is no number, or a column has no value at all.
    """
    if held_out_errors.size == 0 or not np.isfinite(held_out_errors).all():
        raise InvalidError("a profile needs errors on held-out rows, all of them numbers")
    days = np.asarray(held_out_days)
    means = np.array([held_out_errors[days == day].mean() for day in sorted(set(held_out_days))])
    mean = float(means.mean())
    spread = float(means.std(ddof=1)) if means.size > 1 else 0.0
    return Profile(
        columns={name: AnchoredHistogram.anchored(values, bins=BINS) for name, values in columns.items()},
        answers=AnchoredHistogram.anchored(answers, bins=BINS),
        error_mean=mean,
        error_sd=max(spread, SMALLEST_SD_SHARE * mean),
        error_days=int(means.size),
    )

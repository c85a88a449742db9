"""What retraining is worth to whom, and the reviews that asked."""

import math
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from everlearn.core.decisions import Verdict
from everlearn.core.errors import InvalidError
from everlearn.core.json import JSONObject

_ABOVE_ZERO = ("traffic_weight", "horizon_days", "probe_fit_days", "probe_test_days")
_FROM_ZERO = (
    "value_per_unit",
    "cpu_hour_price",
    "fixed_cost",
    "expected_cpu_s",
    "maximum_age_days",
    "review_every_days",
    "minimum_days_between",
)
MOST_DAYS = 36_500.0  # longer spans lead out of the calendar
_CURRENCY = re.compile(r"[A-Z]{3}")


class Signal(StrEnum):
    """Why somebody should ask whether to retrain."""

    ERROR = "error"  # the error alert of the champion is open
    DRIFT = "drift"  # the input drift alert is open
    AGE = "age"  # the champion's training data ended long ago


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingPolicy:
    """The economics of a model and how often to ask. Kind `retraining`."""

    pipeline: str = ""  # empty: this model is not retrained by itself
    pipeline_parameters: JSONObject | None = None
    datasets: tuple[str, ...] = ()  # newest versions are pinned when training is requested
    currency: str = "USD"
    value_per_unit: float = 0.01  # money that one unit of absolute error costs, per answer
    traffic_weight: float = 1.0  # each logged answer stands for this many (above 1 where the log is a sample)
    horizon_days: float = 30.0  # how long an improvement is counted on
    cpu_hour_price: float = 0.05
    fixed_cost: float = 100.0  # people's review and the risk of a rollout, per retraining
    expected_cpu_s: float = 60.0  # until the first training run has been measured
    maximum_age_days: float = 60.0  # age from which the age signal is on
    review_every_days: float = 7.0  # while a signal stays on
    minimum_days_between: float = 14.0  # after a retraining, let it show what it is worth
    probe_fit_days: float = 14.0
    probe_test_days: float = 7.0

    def __post_init__(self) -> None:
        """Refuse economics that make no sense."""
        for name in _ABOVE_ZERO:
            if not 0.0 < getattr(self, name) < math.inf:
                raise InvalidError(f"{name} must be greater than 0, not {getattr(self, name)}")
        for name in _FROM_ZERO:
            if not 0.0 <= getattr(self, name) < math.inf:
                raise InvalidError(f"{name} must be at least 0, not {getattr(self, name)}")
        for name in (*_ABOVE_ZERO, *_FROM_ZERO):
            if "days" in name and getattr(self, name) > MOST_DAYS:
                raise InvalidError(f"{name} must be at most {MOST_DAYS:g}, not {getattr(self, name)}")
        if not _CURRENCY.fullmatch(self.currency):
            raise InvalidError(f"currency must be three capital letters such as USD, not {self.currency[:40]!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One time that the question was asked."""

    project: str
    model: str
    effective_at: datetime  # event time
    version: int  # the champion under review
    decision_id: str
    verdict: Verdict
    pipeline_run_id: str | None  # the training that was started, if any
    expected_gain: float  # money over the horizon
    expected_cost: float  # money

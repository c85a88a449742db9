"""Windows, alerts and health: values and their rules."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from everlearn.core.errors import InvalidError, NotFoundError


class Level(StrEnum):
    """How much an alert asks of people, least first."""

    INFO = "info"  # worth knowing when reading the numbers
    WARNING = "warning"  # something changed; the loop is looking into it
    CRITICAL = "critical"  # the objective is broken

    @property
    def rank(self) -> int:
        """Order levels: a higher rank is worse."""
        return list(Level).index(self)


class Health(StrEnum):
    """One word for a model; the same four states have the same colour and shape on every page."""

    GOOD = "good"
    WATCH = "watch"
    ACT = "act"
    STOPPED = "stopped"  # nothing is deployed


_MOST = {
    "window_hours": 24 * 366,
    "minimum_labels": 1_000_000,
    "drift_every_windows": 1_000,
    "quiet_windows_to_resolve": 1_000,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringPolicy:
    """What is watched and how strictly. Kind `monitoring`."""

    window_hours: int = 24
    objective: float = 10.0  # mean absolute error, in the target's unit, that users were promised
    minimum_labels: int = 30  # a window with fewer labelled answers says nothing
    ewma_weight: float = 0.2
    ewma_limit: float = 2.962  # in standard errors; 0.2 and 2.962 give one false alarm in 500 windows
    page_hinkley_delta: float = 0.5  # in standard deviations of a window's error
    page_hinkley_threshold: float = 10.0
    drift_every_windows: int = 7
    drift_false_discovery: float = 0.05
    drift_minimum_psi: float = 0.2  # a significant but smaller shift is not reported
    quiet_windows_to_resolve: int = 3

    def __post_init__(self) -> None:
        """Refuse what no window could be judged by."""
        for name, most in _MOST.items():
            if not 1 <= getattr(self, name) <= most:
                raise InvalidError(f"{name} must be between 1 and {most}, not {getattr(self, name)}")
        if not 0.0 < self.objective < math.inf:
            raise InvalidError(f"objective must be greater than 0, not {self.objective}")
        if not 0.0 <= self.drift_minimum_psi < math.inf:
            raise InvalidError(f"drift_minimum_psi must be at least 0, not {self.drift_minimum_psi}")
        if not 0.0 < self.ewma_weight <= 1.0:
            raise InvalidError(f"ewma_weight must be above 0 and at most 1, not {self.ewma_weight}")
        if not 0.0 < self.drift_false_discovery < 1.0:
            raise InvalidError(f"drift_false_discovery must lie between 0 and 1, not at {self.drift_false_discovery}")
        above_zero = (self.ewma_limit, self.page_hinkley_threshold)
        if not (all(0.0 < one < math.inf for one in above_zero) and 0.0 <= self.page_hinkley_delta < math.inf):
            raise InvalidError(
                "ewma_limit and page_hinkley_threshold must be greater than 0, page_hinkley_delta at least 0"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowReport:
    """What one window of one version looked like."""

    project: str
    model: str
    version: int
    start: datetime  # event time, inclusive
    end: datetime  # event time, exclusive
    prediction_count: int
    label_count: int
    mae: float | None  # mean absolute error of the labelled answers; None without labels
    bias: float | None  # mean of answer minus label
    failure_count: int
    decision_id: str | None = None  # the error verdict; None where nothing was evaluated


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something is not as it should be, from when to when."""

    id: str
    project: str
    model: str
    kind: str  # "error_level", "input_drift"
    level: Level
    message: str
    version: int
    opened_at: datetime  # event time
    last_seen_at: datetime  # event time of the last window that showed it
    resolved_at: datetime | None = None  # event time
    resolution: str = ""
    quiet_count: int = 0  # windows in a row that did not show it
    decision_id: str  # the decision that opened it

    def seen(self, *, at: datetime, level: Level, message: str) -> "Alert":
        """Note that it is still there; the level only rises while it is open."""
        worse = level.rank > self.level.rank
        return replace(
            self,
            last_seen_at=at,
            quiet_count=0,
            level=level if worse else self.level,
            message=message if worse else self.message,
        )

    def quiet(self, *, at: datetime, enough: int) -> "Alert":
        """Note a window without it; after `enough` of them in a row it is resolved."""
        if self.quiet_count + 1 < enough:
            return replace(self, quiet_count=self.quiet_count + 1)
        return self.resolved(at=at, resolution=f"{enough} windows in a row without it")

    def resolved(self, *, at: datetime, resolution: str) -> "Alert":
        """Close it."""
        return replace(self, resolved_at=at, resolution=resolution)


def health_of(alerts: Iterable[Alert], *, is_deployed: bool) -> Health:
    """Sum open alerts up in one word."""
    if not is_deployed:
        return Health.STOPPED
    worst = max((alert.level.rank for alert in alerts if alert.resolved_at is None), default=0)
    return {0: Health.GOOD, 1: Health.WATCH, 2: Health.ACT}[worst]


class ProfileMissingError(NotFoundError):
    """A version was registered without a reference profile, so there is nothing to compare with."""

    code = "monitoring.profile_missing"

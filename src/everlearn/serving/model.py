"""Deployments, predictions and labels as values, and the rules that need nothing else.

Which row a candidate answers is in `routing.py`; what a request may look like is in `protocol/`.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from everlearn.core.actor import Actor
from everlearn.core.errors import ConflictError, InvalidError, NotFoundError, UnavailableError

RESERVED_INPUTS = ("entity_id", "event_time")
"""Input tensors that every request may carry beside the model's own columns; no column may be named so."""

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 1, 1, tzinfo=UTC)
"""Event times lie from the first of these to before the second: what all databases can order."""

GATEWAY_IS_LIVE_FOR = timedelta(seconds=10)
"""A gateway that has not been heard of for longer is taken for gone."""


class NotDeployedError(NotFoundError):
    """The model has no deployment: nothing answers for it."""

    code = "serving.not_deployed"


class IllegalTrafficError(ConflictError):
    """The traffic cannot move from where it is to what was asked."""

    code = "serving.illegal_traffic"


class TrafficMovedError(ConflictError):
    """Somebody else moved the traffic since the caller looked."""

    code = "serving.traffic_moved"


class LabelContradictsError(ConflictError):
    """A label is already stored with another value; labels are never changed silently."""

    code = "serving.label_contradicts"


class WatermarkBackwardsError(ConflictError):
    """A watermark is a promise about the past and cannot be taken back."""

    code = "serving.watermark_backwards"


class PredictionsPendingError(UnavailableError):
    """A live gateway has answered requests that are not in the database yet."""

    code = "serving.predictions_pending"


def checked_event_time(at: datetime) -> datetime:
    """Refuse moments that no prediction or label is about.

    Raises
    ------
    InvalidError
        When the year is below 1900 or above 9998.
    """
    if not EARLIEST <= at < LATEST:
        raise InvalidError("an event time lies between the years 1900 and 9998")
    return at


class Phase(StrEnum):
    """How far a candidate has come: not there, scoring unseen, answering a share of the rows."""

    NONE = "none"
    SHADOW = "shadow"
    CANARY = "canary"


class TrafficRole(StrEnum):
    """What a version was to a request when it scored it."""

    CHAMPION = "champion"
    CANDIDATE = "candidate"


class Outcome(StrEnum):
    """Whether a version gave a usable value for a row."""

    OK = "ok"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Which versions of a model score its rows, and who is heard.

    Raises
    ------
    IllegalTrafficError
        When it contradicts itself.
    """

    champion: int
    candidate: int | None = None
    phase: str = Phase.NONE  # one of `Phase`
    weight: float = 0.0  # share of the entities that the candidate answers; canary only

    def __post_init__(self) -> None:
        """Refuse traffic that contradicts itself."""
        if self.phase not in set(Phase):
            raise IllegalTrafficError(f"a phase is one of {', '.join(Phase)}")
        if (self.candidate is None) != (self.phase == Phase.NONE):
            raise IllegalTrafficError("a candidate belongs to the phases shadow and canary, and to no other")
        if self.candidate == self.champion:
            raise IllegalTrafficError(f"version {self.champion} is the champion and cannot be its own candidate")
        if self.phase == Phase.CANARY and not 0.0 < self.weight <= 1.0:
            raise IllegalTrafficError(f"the weight of a canary is above 0 and at most 1, not {self.weight}")
        if self.phase != Phase.CANARY and self.weight != 0.0:
            raise IllegalTrafficError(f"only a canary has a weight; in phase {self.phase} it is 0")

    @property
    def versions(self) -> tuple[int, ...]:
        """Give the versions that score, champion first."""
        return (self.champion,) if self.candidate is None else (self.champion, self.candidate)

    def check_move(self, to: "Traffic") -> None:
        """Refuse moves that would hide what a candidate did.

        A shadow or canary may begin, change its weight, step back and end at any time; another candidate or another
        champion has to wait until the running candidate has ended, unless it is itself the new champion.

        Raises
        ------
        IllegalTrafficError
            When `to` cannot follow.
        """
        if to.candidate is None:
            return
        if self.candidate is not None and to.candidate != self.candidate:
            raise IllegalTrafficError(
                f"version {self.candidate} is the candidate now; end its rollout before beginning one for "
                f"version {to.candidate}"
            )
        if to.champion != self.champion:
            raise IllegalTrafficError("the champion changes only when no candidate is left beside it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Where the traffic of a model goes; without traffic nothing answers for it."""

    project: str
    model: str
    generation: int = 0  # counts the changes; 0: never deployed
    traffic: Traffic | None = None
    salt: str = ""  # makes the canary share of one candidate independent of that of another
    since: datetime | None = None  # recorded time of this generation

    @property
    def champion(self) -> int | None:
        """Give the version that answers; None: nothing is deployed."""
        return None if self.traffic is None else self.traffic.champion

    @property
    def candidate(self) -> int | None:
        """Give the version that is tried out; None: none is."""
        return None if self.traffic is None else self.traffic.candidate

    def directed(self, traffic: Traffic, *, at: datetime) -> "Deployment":
        """Give the next generation with other traffic.

        Raises
        ------
        IllegalTrafficError
            When the traffic cannot go there from here.
        """
        if self.traffic is not None:
            self.traffic.check_move(traffic)
        elif traffic.candidate is not None:
            raise IllegalTrafficError(f"{self.model} has no champion yet; its first deployment is one version alone")
        salt = "" if traffic.candidate is None else f"{self.project}/{self.model}/{traffic.candidate}"
        return replace(self, generation=self.generation + 1, traffic=traffic, salt=salt, since=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficChange:
    """One line of a deployment's history."""

    deployment: Deployment
    reason: str
    actor: Actor
    effective_at: datetime | None  # event time that the change was decided for; None: an operator's, now
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One row as one version scored it, with its label where that has come."""

    prediction_id: str
    version: int
    entity_id: str
    event_time: datetime
    features: tuple[float | None, ...]  # in the order of the version's signature; None: missing
    value: float | None  # of the first output; None exactly when the version failed
    status: Outcome
    duration_us: int  # what the version took for the whole request that the row came in
    role: TrafficRole
    is_served: bool  # the caller was given this value
    is_fallback: bool  # ... in place of the candidate, which failed
    label: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One row as champion and candidate both scored it."""

    prediction_id: str
    event_time: datetime
    champion_value: float | None
    candidate_value: float | None
    candidate_status: Outcome
    served_by: int | None  # version; None: the request failed
    champion_duration_us: int
    candidate_duration_us: int
    label: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What turned out to be true for a prediction."""

    prediction_id: str
    value: float
    observed_at: datetime  # event time


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of a batch of labels."""

    accepted: int
    repeated: int  # delivered before with the same value

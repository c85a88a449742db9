"""The plan of a rollout, its states, and the moves between them."""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from everlearn.core.decisions import Verdict
from everlearn.core.errors import ConflictError, InvalidError, NotFoundError


class Phase(StrEnum):
    """How a step uses the candidate's answers."""

    SHADOW = "shadow"  # the candidate scores everything and answers nothing
    CANARY = "canary"  # the candidate answers its share; the champion scores everything too


class State(StrEnum):
    """Where a rollout stands; the last three are final."""

    RUNNING = "running"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a plan."""

    phase: Phase
    weight: float = 0.0  # share of requests that the candidate answers

    def __post_init__(self) -> None:
        """Refuse weights that do not fit the phase."""
        if self.phase is Phase.SHADOW and self.weight != 0.0:
            raise InvalidError(f"a shadow step answers nothing: weight must be 0, not {self.weight}")
        if self.phase is Phase.CANARY and not 0.0 < self.weight < 1.0:
            raise InvalidError(f"a canary step answers a share between 0 and 1, not {self.weight}")


DEFAULT_STEPS = (
    Step(phase=Phase.SHADOW),
    Step(phase=Phase.CANARY, weight=0.1),
    Step(phase=Phase.CANARY, weight=0.5),
)


MOST_STEPS = 20
LONGEST_STEP_DAYS = 3_650.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutPolicy:
    """How candidates of a model are rolled out. Kind `rollout`."""

    steps: tuple[Step, ...] = DEFAULT_STEPS
    alpha: float = 0.05  # chance of rolling a harmless candidate back, over the whole rollout
    beta: float = 0.05  # chance that a step passes a candidate worse than the margin
    margin: float = 0.5  # how much more mean absolute error, in the target's unit, counts as harm
    largest_difference: float = 60.0  # paired differences are clipped here; fixed before any data is seen
    latency_limit_ms: float = 50.0
    latency_share: float = 0.01  # share of requests that may be slower than the limit
    minimum_pairs: int = 100  # labelled pairs before a step may pass
    longest_step_days: float = 21.0  # a step that cannot tell by then is rolled back

    def __post_init__(self) -> None:
        """Refuse plans that no candidate could go through."""
        if not 1 <= len(self.steps) <= MOST_STEPS:
            raise InvalidError(f"a rollout has 1 to {MOST_STEPS} steps, not {len(self.steps)}")
        for name in ("alpha", "beta", "latency_share"):
            if not 0.0 < getattr(self, name) < 1.0:
                raise InvalidError(f"{name} must lie between 0 and 1, not at {getattr(self, name)}")
        if not 0.0 < self.margin < self.largest_difference < math.inf:
            raise InvalidError(
                f"margin must lie between 0 and largest_difference ({self.largest_difference}), not at {self.margin}"
            )
        if not 0.0 < self.latency_limit_ms < math.inf:
            raise InvalidError(f"latency_limit_ms must be greater than 0, not {self.latency_limit_ms}")
        if not 0.0 < self.longest_step_days <= LONGEST_STEP_DAYS:
            raise InvalidError(
                f"longest_step_days must be above 0 and at most {LONGEST_STEP_DAYS:g}, not {self.longest_step_days}"
            )
        if self.minimum_pairs < 1:
            raise InvalidError(f"minimum_pairs must be at least 1, not {self.minimum_pairs}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A candidate on its way."""

    id: str
    project: str
    model: str
    candidate: int
    champion: int
    steps: tuple[Step, ...]
    state: State
    step_index: int
    started_at: datetime  # event time
    step_since: datetime  # event time; pairs are counted from here
    ended_at: datetime | None = None  # event time
    reason: str = ""
    opened_by: str = ""

    @property
    def step(self) -> Step:
        """Give the step that is running, or the last one that ran."""
        return self.steps[self.step_index]

    def after(self, verdict: Verdict, *, at: datetime, reason: str, longest_step: timedelta) -> "Rollout":
        """Move by a verdict: pass goes a step on (or promotes), fail rolls back, undecided waits until its time is up.

        Raises
        ------
        RolloutEndedError
            When the rollout is not running any more.
        """
        if self.state is not State.RUNNING:
            raise RolloutEndedError(self)
        match verdict:
            case Verdict.FAIL:
                return self.ended(State.ROLLED_BACK, at=at, reason=reason)
            case Verdict.NOT_EVALUATED:
                if at - self.step_since < longest_step:
                    return self
                late = f"no verdict in {longest_step / timedelta(days=1):g} days: {reason}"
                return self.ended(State.ROLLED_BACK, at=at, reason=late)
            case Verdict.PASS:
                if self.step_index + 1 == len(self.steps):
                    return self.ended(State.PROMOTED, at=at, reason=reason)
                return replace(self, step_index=self.step_index + 1, step_since=at, reason=reason)

    def ended(self, state: State, *, at: datetime, reason: str) -> "Rollout":
        """Give the rollout in a final state."""
        return replace(self, state=state, ended_at=at, reason=reason)


class RolloutNotFoundError(NotFoundError):
    """No rollout of that id, or none running for that model."""

    code = "rollouts.not_found"


class RolloutEndedError(ConflictError):
    """The rollout is over; it takes no more verdicts."""

    code = "rollouts.ended"

    def __init__(self, rollout: Rollout) -> None:
        super().__init__(f"rollout {rollout.id} is {rollout.state.value} and takes no more steps", state=rollout.state)


class RolloutRunningError(ConflictError):
    """One model rolls out one candidate at a time."""

    code = "rollouts.already_running"

    def __init__(self, rollout: Rollout) -> None:
        super().__init__(
            f"version {rollout.candidate} of {rollout.model} is rolling out already; "
            "wait for its end or roll it back first",
            rollout=rollout.id,
        )


class GateNotPassedError(ConflictError):
    """The candidate has not passed its gate; whoever starts it all the same says so."""

    code = "rollouts.gate_not_passed"


class AnswersAlreadyError(ConflictError):
    """The version is the champion; there is nobody to compare it with."""

    code = "rollouts.answers_already"

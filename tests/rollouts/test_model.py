"""The plan of a rollout and the moves between its steps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from everlearn.core.decisions import Verdict
from everlearn.core.errors import InvalidError
from everlearn.rollouts.model import DEFAULT_STEPS, Phase, Rollout, RolloutEndedError, RolloutPolicy, State, Step

NOON = datetime(2013, 5, 1, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


def rollout(**changes: Any) -> Rollout:
    return replace(
        Rollout(
            id="rol_1",
            project="default",
            model="eta",
            candidate=2,
            champion=1,
            steps=DEFAULT_STEPS,
            state=State.RUNNING,
            step_index=0,
            started_at=NOON,
            step_since=NOON,
        ),
        **changes,
    )


def judged(before: Rollout, verdict: Verdict, *, days: float = 1.0) -> Rollout:
    return before.after(verdict, at=NOON + timedelta(days=days), reason="because", longest_step=WEEK)


def test_each_pass_goes_a_step_on_and_the_last_promotes() -> None:
    current, seen = rollout(), []
    for day in range(1, 4):
        current = judged(current, Verdict.PASS, days=day)
        seen.append((current.state, current.step.phase, current.step.weight))

    assert seen == [
        (State.RUNNING, Phase.CANARY, 0.1),
        (State.RUNNING, Phase.CANARY, 0.5),
        (State.PROMOTED, Phase.CANARY, 0.5),
    ]
    assert (current.ended_at, current.reason) == (NOON + timedelta(days=3), "because")


def test_a_new_step_counts_from_its_own_beginning() -> None:
    assert judged(rollout(), Verdict.PASS).step_since == NOON + timedelta(days=1)


@pytest.mark.parametrize("step_index", [0, 1, 2])
def test_one_fail_rolls_back_from_any_step(step_index: int) -> None:
    after = judged(rollout(step_index=step_index), Verdict.FAIL)

    assert (after.state, after.reason, after.step_index) == (State.ROLLED_BACK, "because", step_index)
    assert after.ended_at == NOON + timedelta(days=1)


def test_no_verdict_waits_and_changes_nothing() -> None:
    before = rollout(step_index=1)

    assert judged(before, Verdict.NOT_EVALUATED, days=6.9) == before


def test_a_step_that_cannot_tell_in_its_time_is_rolled_back_never_promoted() -> None:
    after = judged(rollout(step_index=2), Verdict.NOT_EVALUATED, days=7)

    assert after.state is State.ROLLED_BACK
    assert after.reason == "no verdict in 7 days: because"


def test_half_days_are_told_as_such() -> None:
    after = rollout().after(Verdict.NOT_EVALUATED, at=NOON + WEEK, reason="few", longest_step=timedelta(days=1.5))

    assert after.reason == "no verdict in 1.5 days: few"


@pytest.mark.parametrize("state", [State.PROMOTED, State.ROLLED_BACK, State.SUPERSEDED])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_what_is_over_takes_no_more_verdicts(state: State, verdict: Verdict) -> None:
    with pytest.raises(RolloutEndedError, match=state.value):
        judged(rollout(state=state), verdict)


@pytest.mark.parametrize(("phase", "weight"), [(Phase.SHADOW, 0.1), (Phase.CANARY, 0.0), (Phase.CANARY, 1.0)])
def test_weights_that_do_not_fit_their_phase_are_refused(phase: Phase, weight: float) -> None:
    with pytest.raises(InvalidError):
        Step(phase=phase, weight=weight)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": ()},
        {"alpha": 0.0},
        {"beta": 1.0},
        {"latency_share": 0.0},
        {"margin": 0.0},
        {"margin": 60.0},  # no difference is ever larger, so nothing could prove harmlessness
        {"latency_limit_ms": 0.0},
        {"longest_step_days": 0.0},
        {"minimum_pairs": 0},
        {"alpha": float("nan")},
    ],
)
def test_plans_that_no_candidate_can_go_through_are_refused(wrong: dict[str, Any]) -> None:
    assert RolloutPolicy().steps == DEFAULT_STEPS
    with pytest.raises(InvalidError):
        RolloutPolicy(**wrong)

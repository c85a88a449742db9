"""Rollouts on a real platform: how a version earns its traffic, and how it loses it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.app import small_world
from tests.app.lived import ADA, DAY, Life, living
from tests.app.small_world import BEGIN

from everlearn.core.decisions import Verdict
from everlearn.registry import Stage
from everlearn.rollouts import Rollout, RolloutEnded
from everlearn.rollouts.model import GateNotPassedError, RolloutEndedError, RolloutRunningError, State
from everlearn.rollouts.service import NewRollout
from everlearn.serving import Label, Traffic
from everlearn.serving.store.predictions import add_predictions

POLICY = {"margin": 1.5, "largest_difference": 20.0, "minimum_pairs": 80, "longest_step_days": 6.0}
AS_GOOD, WORSE = 1.0, 1.6  # how far a candidate stretches its answers


@pytest.fixture
def life(database_url: str, tmp_path: Path) -> Iterator[Life]:
    """A first version that answers, on each engine, and nobody who retrains."""
    with living(tmp_path / "home", database_url=database_url) as life:
        life.platform.policies.set("default", "eta", "rollout", POLICY, actor=ADA)  # type: ignore[arg-type]
        life.platform.policies.set("default", "eta", "gate", {"minimum_rows": 100, "minimum_blocks": 4}, actor=ADA)
        life.train("eta-training", BEGIN, key="first")
        yield life


def asked(number: int, at: datetime = BEGIN) -> NewRollout:
    return NewRollout(
        project="default", model="eta", candidate=number, effective_at=at, reason="it looks better", actor=ADA
    )


def begun(life: Life, spoilt: float) -> Rollout:
    """Put a version that its gate refused into its rollout."""
    rollout = life.platform.rollouts.start_by_hand(asked(life.register("eta", spoilt=spoilt)), skip_gate=True)
    assert rollout is not None
    return rollout


def traffic(life: Life) -> Traffic | None:
    return life.platform.deployments.state("default", "eta").traffic


def stages(life: Life) -> dict[int, Stage]:
    return {one.number: one.stage for one in life.platform.registry.versions("default", "eta").items}


def test_the_first_version_answers_at_once(life: Life) -> None:
    assert traffic(life) == Traffic(champion=1)
    assert stages(life) == {1: Stage.LIVE}
    assert life.platform.registry.alias("default", "eta", "champion") == 1


def test_a_version_that_did_not_pass_needs_somebodys_word(life: Life) -> None:
    number = life.register("eta", spoilt=WORSE)

    with pytest.raises(GateNotPassedError, match="skip_gate"):
        life.platform.rollouts.start_by_hand(asked(number), skip_gate=False)
    assert traffic(life) == Traffic(champion=1)
    started = life.platform.rollouts.start_by_hand(asked(number), skip_gate=True)

    assert started is not None
    assert started.reason == "user:ada overruled the gate: it looks better"
    assert traffic(life) == Traffic(champion=1, candidate=number, phase="shadow")


def test_one_candidate_at_a_time_and_the_same_again_is_the_same(life: Life) -> None:
    first = begun(life, AS_GOOD)
    other = life.register("eta", spoilt=WORSE)

    assert life.platform.rollouts.start(asked(first.candidate)) == first
    with pytest.raises(RolloutRunningError, match="rolling out already"):
        life.platform.rollouts.start_by_hand(asked(other), skip_gate=True)


def test_a_harmless_candidate_goes_step_by_step_to_the_top(life: Life) -> None:
    rollout = begun(life, AS_GOOD)
    seen = []
    for number in range(30):
        life.pass_day(number)
        seen.append(traffic(life))
        if life.platform.rollouts.get(rollout.id).state is not State.RUNNING:
            break

    steps = list(dict.fromkeys((one.phase, one.weight) for one in seen if one is not None and one.candidate))
    assert steps == [("shadow", 0.0), ("canary", 0.1), ("canary", 0.5)]
    assert life.platform.rollouts.get(rollout.id).state is State.PROMOTED
    assert traffic(life) == Traffic(champion=2)
    assert stages(life) == {1: Stage.RETIRED, 2: Stage.LIVE}
    decided = life.platform.decisions.list("default", kind="rollouts.step").items
    assert [one.finding.verdict for one in decided].count(Verdict.PASS) == 3


def test_a_harmful_candidate_is_rolled_back_by_itself(life: Life) -> None:
    rollout = begun(life, WORSE)
    for number in range(4):
        life.pass_day(number)

    ended = life.platform.rollouts.get(rollout.id)
    assert ended.state is State.ROLLED_BACK
    assert ended.reason.startswith("harm proven by error")
    assert traffic(life) == Traffic(champion=1)
    assert stages(life) == {1: Stage.LIVE, 2: Stage.REJECTED}


def test_a_candidate_that_fails_is_rolled_back_without_a_label(life: Life) -> None:
    rollout = begun(life, AS_GOOD)
    rows, present = small_world.day(0), traffic(life)
    assert present is not None
    scored = life._scored(present, rows, 0)
    for index, row in enumerate(scored):
        if row["role"] == "candidate" and index % 2:
            row |= {"value": None, "status": "failed"}
    with life.platform.db.write() as tx:
        add_predictions(tx, scored)

    after = life.platform.rollouts.evaluate("default", "eta", through=BEGIN + DAY)

    assert after is not None
    assert (after.id, after.state) == (rollout.id, State.ROLLED_BACK)
    assert after.reason.startswith("harm proven by failures")


def test_who_cannot_show_anything_in_time_goes(life: Life) -> None:
    rollout = begun(life, AS_GOOD)

    waiting = life.platform.rollouts.evaluate("default", "eta", through=BEGIN + 5 * DAY)
    late = life.platform.rollouts.evaluate("default", "eta", through=BEGIN + 6 * DAY)

    assert waiting == rollout
    assert late is not None
    assert late.state is State.ROLLED_BACK
    assert late.reason.startswith("no verdict in 6 days: mean difference unknown over 0 pairs")


def test_judging_the_same_moment_again_changes_nothing(life: Life) -> None:
    begun(life, AS_GOOD)
    life.pass_day(0)
    life.pass_day(1)
    with life.platform.db.read() as tx:
        before = life.platform.log.size(tx)

    life.platform.rollouts.evaluate("default", "eta", through=BEGIN + 2 * DAY)

    with life.platform.db.read() as tx:
        assert life.platform.log.size(tx) == before


def test_a_person_may_end_it(life: Life) -> None:
    rollout = begun(life, AS_GOOD)
    at = BEGIN + timedelta(hours=3)

    ended = life.platform.rollouts.roll_back(rollout.id, at=at, reason="not today", actor=ADA)
    again = life.platform.rollouts.roll_back(rollout.id, at=at + DAY, reason="really not", actor=ADA)

    assert ended == again
    assert (ended.state, ended.ended_at, ended.reason) == (State.ROLLED_BACK, at, "user:ada: not today")
    assert traffic(life) == Traffic(champion=1)
    with life.platform.db.read() as tx:
        told = [one.event for one in life.platform.log.read(tx, after=0, limit=1_000)]
    assert [one.decision_id for one in told if isinstance(one, RolloutEnded) and one.candidate == 2] == [None]


def test_a_promoted_rollout_cannot_be_taken_back(life: Life) -> None:
    rollout = begun(life, AS_GOOD)
    for number in range(30):
        life.pass_day(number)

    with pytest.raises(RolloutEndedError, match="promoted"):
        life.platform.rollouts.roll_back(rollout.id, at=BEGIN, reason="no", actor=ADA)


def test_labels_alone_are_no_reason(life: Life) -> None:
    begun(life, AS_GOOD)
    label = Label(prediction_id="nobody:0", value=100.0, observed_at=BEGIN)
    life.platform.labels.deliver("default", "eta", [label])

    after = life.platform.rollouts.evaluate("default", "eta", through=BEGIN + DAY)

    assert after is not None
    assert after.state is State.RUNNING

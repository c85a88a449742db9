"""Gates on a real platform: from a finished run to a candidate, and past its gate or not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.app.lived import ADA, DAY, Life, living
from tests.app.small_world import BEGIN
from tests.serving.models import linear

from everlearn.core.decisions import Verdict
from everlearn.core.json import JSONObject
from everlearn.eventlog import Entry
from everlearn.quality import GateFailed, GatePassed
from everlearn.quality.model import NotRejectedError
from everlearn.registry import NewVersion, Stage
from everlearn.registry.model import VersionNotFoundError

GATE: JSONObject = {"minimum_rows": 100, "minimum_blocks": 4}


@pytest.fixture
def life(database_url: str, tmp_path: Path) -> Iterator[Life]:
    """An empty platform, on each engine."""
    with living(tmp_path / "home", database_url=database_url) as life:
        life.platform.policies.set("default", "eta", "gate", GATE, actor=ADA)
        yield life


def gates(life: Life) -> list[tuple[type, int]]:
    with life.platform.db.read() as tx:
        events = [one.event for one in life.platform.log.read(tx, after=0, limit=1_000)]
    return [(type(one), one.version) for one in events if isinstance(one, GatePassed | GateFailed)]


def test_the_first_version_is_judged_against_the_baseline(life: Life) -> None:
    life.train("eta-training", BEGIN, key="first")

    (decision,) = life.platform.decisions.list("default", kind="quality.gate").items
    assert decision.finding.verdict is Verdict.PASS
    assert "against" in decision.finding.reason
    assert "the naive baseline" in decision.finding.reason
    assert gates(life) == [(GatePassed, 1)]
    version = life.platform.registry.version("default", "eta", 1)
    assert version.lineage.run_id == version.run_id
    assert version.stage is Stage.LIVE


def test_the_next_one_is_judged_against_the_champion_on_rows_neither_has_seen(life: Life) -> None:
    life.train("eta-training", BEGIN, key="first")
    life.train("eta-training", BEGIN, key="the same again")

    second = life.platform.decisions.list("default", kind="quality.gate").items
    verdicts = {one.parameters["candidate"]: one.finding for one in second}
    # the same data gives the same model: no improvement, and so no change
    assert verdicts[2].verdict is Verdict.FAIL
    assert verdicts[2].evidence["improvement"] == 0.0
    assert "of version 1" in verdicts[2].reason
    assert life.platform.registry.version("default", "eta", 2).stage is Stage.REJECTED
    assert gates(life) == [(GatePassed, 1), (GateFailed, 2)]


def test_too_little_data_does_not_pass(life: Life) -> None:
    life.platform.policies.set("default", "eta", "gate", {**GATE, "minimum_rows": 100_000}, actor=ADA)

    life.train("eta-training", BEGIN, key="first")

    (decision,) = life.platform.decisions.list("default", kind="quality.gate").items
    assert decision.finding.verdict is Verdict.NOT_EVALUATED
    assert gates(life) == [(GateFailed, 1)]
    assert life.platform.registry.version("default", "eta", 1).stage is Stage.REJECTED


def size(life: Life) -> int:
    with life.platform.db.read() as tx:
        return life.platform.log.size(tx)


def test_the_same_question_again_has_the_same_answer_and_changes_nothing(life: Life) -> None:
    life.train("eta-training", BEGIN, key="first")
    before = size(life)

    # as a job that comes twice would ask; by now the version is the champion itself
    verdict = life.platform.gates.judge("default", "eta", 1, effective_at=BEGIN)

    assert verdict is Verdict.PASS
    assert len(life.platform.decisions.list("default", kind="quality.gate").items) == 1
    assert life.platform.registry.version("default", "eta", 1).stage is Stage.LIVE
    assert size(life) == before


def test_a_late_verdict_does_not_take_the_champion_down(life: Life) -> None:
    life.train("eta-training", BEGIN, key="first")

    verdict = life.platform.gates.judge("default", "eta", 1, effective_at=BEGIN + DAY)

    assert verdict is Verdict.FAIL  # nobody is better than himself
    assert life.platform.registry.version("default", "eta", 1).stage is Stage.LIVE


def test_a_rejected_version_passes_once_its_gate_asks_for_less(life: Life) -> None:
    life.platform.policies.set("default", "eta", "gate", {**GATE, "minimum_rows": 100_000}, actor=ADA)
    life.train("eta-training", BEGIN, key="first")
    life.platform.policies.set("default", "eta", "gate", GATE, actor=ADA)

    decision = life.platform.gates.judge_again("default", "eta", 1, effective_at=BEGIN + DAY, actor=ADA)
    waiting = life.platform.registry.version("default", "eta", 1).stage
    life.worker.work_off()

    assert decision.finding.verdict is Verdict.PASS
    assert waiting is Stage.CANDIDATE
    assert gates(life) == [(GateFailed, 1), (GatePassed, 1)]
    assert life.platform.registry.version("default", "eta", 1).stage is Stage.LIVE
    with life.platform.db.read() as tx:
        asked = [one.actor for one in life.platform.log.read(tx, after=0, limit=1_000) if is_pass(one)]
    assert asked == [ADA]


def is_pass(entry: Entry) -> bool:
    return isinstance(entry.event, GatePassed)


def test_judged_again_to_no_avail_it_stays_rejected_and_twice_is_once(life: Life) -> None:
    life.train("eta-training", BEGIN, key="first")
    number = life.register("eta", spoilt=1.6)

    first = life.platform.gates.judge_again("default", "eta", number, effective_at=BEGIN + DAY, actor=ADA)
    before = size(life)
    again = life.platform.gates.judge_again("default", "eta", number, effective_at=BEGIN + DAY, actor=ADA)

    assert first == again
    assert first.finding.verdict is Verdict.FAIL
    assert life.platform.registry.version("default", "eta", number).stage is Stage.REJECTED
    assert size(life) == before


def test_only_the_rejected_are_judged_again(life: Life) -> None:
    life.train("eta-training", BEGIN, key="first")

    with pytest.raises(NotRejectedError, match="version 1 of eta is live"):
        life.platform.gates.judge_again("default", "eta", 1, effective_at=BEGIN + DAY, actor=ADA)
    with pytest.raises(VersionNotFoundError):
        life.platform.gates.judge_again("default", "eta", 7, effective_at=BEGIN + DAY, actor=ADA)


def test_answers_that_are_no_numbers_fail_however_good_the_others_are(life: Life) -> None:
    life.train("eta-training", BEGIN, key="first")
    good = life.platform.registry.version("default", "eta", 1)
    new = NewVersion(
        project="default",
        model="eta",
        run_id=good.run_id,
        model_digest=life.platform.blobs.put(linear([float("nan"), 0.9], 20.0)),
        signature=good.signature,
        lineage=replace(good.lineage, pipeline_run_id=""),
        profile_digest=good.profile_digest,
        holdout_digest=good.holdout_digest,
        trained_through=good.trained_through,
        metrics={},
        source_key="by hand",
        effective_at=BEGIN,
    )

    number = life.platform.registry.register(new, actor=ADA).number
    life.worker.work_off()

    finding = life.platform.decisions.list("default", kind="quality.gate", verdict=Verdict.FAIL).items[0].finding
    assert "answers are no numbers" in finding.reason
    assert finding.evidence["unanswered"] == finding.evidence["n"]
    assert life.platform.registry.version("default", "eta", number).stage is Stage.REJECTED


def test_registering_a_run_twice_gives_one_version(life: Life) -> None:
    life.train("eta-training", BEGIN, key="first")
    (finished,) = life.platform.pipelines.runs("default").items
    before = size(life)

    again = life.platform.gates.register(life.platform.pipelines.run(finished.id))

    assert again is not None
    assert again.number == 1
    assert size(life) == before


def test_a_run_without_a_package_registers_nothing(life: Life) -> None:
    life.train("eta-export", BEGIN, key="export")

    assert life.platform.registry.models("default").items == []

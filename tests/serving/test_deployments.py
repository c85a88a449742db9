from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from tests.serving.models import Shelf, plane

from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock
from everlearn.core.errors import InvalidError, NotFoundError
from everlearn.db import Database
from everlearn.eventlog import Catalogue, EventLog
from everlearn.serving.events import EVENTS, TrafficChanged
from everlearn.serving.model import Deployment, IllegalTrafficError, NotDeployedError, Phase, Traffic
from everlearn.serving.service import Deployments
from everlearn.serving.store import gateways

NOON = datetime(2013, 2, 1, 12, tzinfo=UTC)
ALICE = Actor("user:alice")
SHADOW = Traffic(champion=1, candidate=2, phase=Phase.SHADOW)
CANARY = Traffic(champion=1, candidate=2, phase=Phase.CANARY, weight=0.1)


@dataclass
class Stage:
    """The service and what it works on."""

    db: Database
    clock: ManualClock
    log: EventLog
    deployments: Deployments

    def direct(self, *moves: Traffic) -> Deployment:
        """Move the traffic of the model `eta`, each move in a transaction."""
        for to in moves:
            with self.db.write() as tx:
                after = self.deployments.direct(tx, "default", "eta", to, reason="a test", actor=ALICE)
        return after

    def changes(self) -> list[TrafficChanged]:
        """Give the events so far."""
        with self.db.read() as tx:
            entries = self.log.read(tx, after=0, limit=100)
        return [entry.event for entry in entries if isinstance(entry.event, TrafficChanged)]


def directed(*moves: Traffic) -> Deployment:
    """Move the traffic of a new deployment, in memory."""
    deployment = Deployment(project="default", model="eta")
    for to in moves:
        deployment = deployment.directed(to, at=NOON)
    return deployment


@pytest.fixture
def stage(db: Database) -> Stage:
    clock = ManualClock(NOON)
    log = EventLog(Catalogue(EVENTS), clock)
    return Stage(db=db, clock=clock, log=log, deployments=Deployments(db, log, clock))


def test_a_model_that_was_never_deployed_has_no_champion(stage: Stage) -> None:
    with stage.db.read() as tx:
        deployment = stage.deployments.read(tx, "default", "eta")

    assert (deployment.champion, deployment.generation) == (None, 0)
    with pytest.raises(NotDeployedError, match="eta"):
        stage.deployments.state("default", "eta")


def test_a_move_and_its_event_are_stored_together(stage: Stage) -> None:
    stage.direct(Traffic(champion=1), CANARY)

    deployment = stage.deployments.state("default", "eta")
    assert deployment == Deployment(
        project="default", model="eta", generation=2, traffic=CANARY, salt="default/eta/2", since=NOON
    )
    assert [(event.generation, event.champion, event.candidate, event.weight) for event in stage.changes()] == [
        (1, 1, None, 0.0),
        (2, 1, 2, 0.1),
    ]


def test_the_same_traffic_again_changes_nothing(stage: Stage) -> None:
    stage.direct(Traffic(champion=1), CANARY)

    again = stage.direct(CANARY)

    assert again.generation == 2
    assert len(stage.changes()) == 2


@pytest.mark.parametrize(
    "moves",
    [
        [SHADOW, CANARY, Traffic(champion=2)],
        [SHADOW, CANARY, Traffic(champion=1)],
        [CANARY, SHADOW],
        [CANARY, Traffic(champion=1, candidate=2, phase="canary", weight=1.0)],
        [SHADOW, Traffic(champion=1), Traffic(champion=1, candidate=3, phase="shadow")],
        [Traffic(champion=5)],
    ],
)
def test_candidates_come_grow_shrink_and_go(moves: list[Traffic]) -> None:
    after = directed(Traffic(champion=1), *moves)

    assert after.traffic == moves[-1]
    assert after.generation == len(moves) + 1


@pytest.mark.parametrize(
    "moves",
    [
        [SHADOW],
        [Traffic(champion=1), SHADOW, Traffic(champion=1, candidate=3, phase="shadow")],
        [Traffic(champion=1), CANARY, Traffic(champion=2, candidate=1, phase="canary", weight=0.5)],
        [Traffic(champion=1), CANARY, Traffic(champion=9, candidate=2, phase="shadow")],
    ],
)
def test_moves_that_would_hide_a_candidate_are_refused(moves: list[Traffic]) -> None:
    with pytest.raises(IllegalTrafficError):
        directed(*moves)


def test_a_refused_move_leaves_everything_as_it_was(stage: Stage) -> None:
    stage.direct(Traffic(champion=1), SHADOW)

    with pytest.raises(IllegalTrafficError):
        stage.direct(Traffic(champion=1, candidate=3, phase="shadow"))

    assert stage.deployments.state("default", "eta").traffic == SHADOW
    assert len(stage.changes()) == 2


@pytest.mark.parametrize(
    ("candidate", "phase", "weight"),
    [
        (None, "shadow", 0.0),
        (None, "canary", 0.5),
        (2, "none", 0.0),
        (1, "shadow", 0.0),
        (2, "shadow", 0.1),
        (2, "canary", 0.0),
        (2, "canary", 1.01),
        (2, "canary", float("nan")),
        (2, "blue", 0.0),
    ],
)
def test_traffic_that_contradicts_itself_cannot_be_made(candidate: int | None, phase: str, weight: float) -> None:
    with pytest.raises(IllegalTrafficError):
        Traffic(champion=1, candidate=candidate, phase=phase, weight=weight)


def test_an_operator_can_only_deploy_versions_that_exist(stage: Stage) -> None:
    versions = Shelf({1: plane(1.0, 1.0)})

    stage.deployments.redirect("default", "eta", Traffic(champion=1), versions=versions, reason="first", actor=ALICE)
    with pytest.raises(NotFoundError):
        stage.deployments.redirect("default", "eta", CANARY, versions=versions, reason="second", actor=ALICE)

    assert stage.deployments.state("default", "eta").traffic == Traffic(champion=1)


def test_the_history_tells_every_change_with_its_reason_newest_first(stage: Stage) -> None:
    stage.direct(Traffic(champion=1), SHADOW, CANARY)

    first = stage.deployments.history("default", "eta", limit=2)
    rest = stage.deployments.history("default", "eta", after=first.next, limit=2)

    assert [change.deployment.traffic for change in first.items] == [CANARY, SHADOW]
    assert [change.deployment.traffic for change in rest.items] == [Traffic(champion=1)]
    assert rest.next is None
    assert {(change.reason, change.actor) for change in first.items} == {("a test", ALICE)}
    with pytest.raises(InvalidError, match="key of this list"):
        stage.deployments.history("default", "eta", after="x")


def test_a_change_is_applied_when_every_live_gateway_follows_it(stage: Stage) -> None:
    def applied() -> bool:
        with stage.db.read() as tx:
            return stage.deployments.applied(tx, "default", "eta")

    def report(gateway: str, generation: int, at: datetime) -> None:
        with stage.db.write() as tx:
            gateways.report(tx, gateway, unshipped_bytes=0, barrier=0, at=at)
            gateways.report_generations(tx, gateway, {("default", "eta"): generation, ("default", "other"): 9})

    stage.direct(Traffic(champion=1), SHADOW)
    answers = [applied()]
    report("a", 2, NOON)
    report("b", 1, NOON)
    answers.append(applied())
    report("b", 2, NOON)
    answers.append(applied())
    report("c", 1, NOON - timedelta(seconds=11))
    answers.append(applied())
    stage.direct(CANARY)
    answers.append(applied())

    assert answers == [True, False, True, True, False]

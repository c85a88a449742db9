from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock
from everlearn.core.errors import InvalidError
from everlearn.db import Database
from everlearn.eventlog import Catalogue, EventLog
from everlearn.serving.events import EVENTS, WatermarkAdvanced
from everlearn.serving.model import (
    Delivery,
    Label,
    LabelContradictsError,
    NotDeployedError,
    PredictionsPendingError,
    Traffic,
    WatermarkBackwardsError,
)
from everlearn.serving.service import Deployments, Labels
from everlearn.serving.store import counters, gateways, labels

NOON = datetime(2013, 2, 1, 12, tzinfo=UTC)
ALICE = Actor("user:alice")


@dataclass
class Stage:
    """The service and what it works on; the model `eta` is deployed."""

    db: Database
    log: EventLog
    labels: Labels
    on_pause: Callable[[], None]

    def advance(self, through: datetime) -> datetime:
        """Advance the watermark of the model `eta`."""
        return self.labels.advance("default", "eta", through=through, actor=ALICE)

    def stored(self, *prediction_ids: str) -> dict[str, float]:
        """Give stored labels."""
        with self.db.read() as tx:
            return dict(labels.label_values(tx, "default", "eta", prediction_ids))

    def report(self, *, barrier: int, at: datetime = NOON) -> None:
        """Be a gateway."""
        with self.db.write() as tx:
            gateways.report(tx, "a", unshipped_bytes=0, barrier=barrier, at=at)

    def events(self) -> list[WatermarkAdvanced]:
        """Give the watermark's events so far."""
        with self.db.read() as tx:
            entries = self.log.read(tx, after=0, limit=100)
        return [entry.event for entry in entries if isinstance(entry.event, WatermarkAdvanced)]


@pytest.fixture
def stage(db: Database) -> Stage:
    clock = ManualClock(NOON)
    log = EventLog(Catalogue(EVENTS), clock)
    made = Stage(
        db=db,
        log=log,
        labels=Labels(db, log, clock, pause=lambda _seconds: made.on_pause()),
        on_pause=lambda: None,
    )
    with db.write() as tx:
        Deployments(db, log, clock).direct(tx, "default", "eta", Traffic(champion=1), reason="first", actor=ALICE)
    return made


def label(prediction_id: str, value: float = 1.0) -> Label:
    return Label(prediction_id=prediction_id, value=value, observed_at=NOON)


def test_labels_are_stored_once_however_often_they_come(stage: Stage) -> None:
    first = stage.labels.deliver("default", "eta", [label("r:0", 5.0), label("r:1", 6.0)])
    again = stage.labels.deliver("default", "eta", [label("r:1", 6.0), label("r:2", 7.0)])

    assert (first, again) == (Delivery(accepted=2, repeated=0), Delivery(accepted=1, repeated=1))
    assert stage.stored("r:0", "r:1", "r:2") == {"r:0": 5.0, "r:1": 6.0, "r:2": 7.0}


def test_a_label_that_contradicts_a_stored_one_refuses_its_batch(stage: Stage) -> None:
    stage.labels.deliver("default", "eta", [label("r:0", 5.0)])

    with pytest.raises(LabelContradictsError) as refusal:
        stage.labels.deliver("default", "eta", [label("r:0", 5.5), label("r:1", 6.0)])

    assert refusal.value.details == {"prediction_ids": ["r:0"]}
    assert stage.stored("r:0", "r:1") == {"r:0": 5.0}


def test_two_labels_for_one_prediction_refuse_their_batch(stage: Stage) -> None:
    with pytest.raises(InvalidError, match="two labels"):
        stage.labels.deliver("default", "eta", [label("r:0", 5.0), label("r:0", 6.0)])


def test_ten_thousand_labels_fit_one_delivery(stage: Stage) -> None:
    batch = [label(f"r:{number}") for number in range(10_000)]

    assert stage.labels.deliver("default", "eta", batch) == Delivery(accepted=10_000, repeated=0)
    assert stage.labels.deliver("default", "eta", batch) == Delivery(accepted=0, repeated=10_000)


def test_labels_for_a_model_that_was_never_deployed_are_refused(stage: Stage) -> None:
    with pytest.raises(NotDeployedError):
        stage.labels.deliver("default", "other", [label("r:0")])


def test_a_watermark_moves_forwards_with_an_event_each(stage: Stage) -> None:
    later = NOON + timedelta(days=1)

    stage.advance(NOON)
    stage.advance(later)
    stage.advance(later)

    assert stage.labels.state("default", "eta") == later
    assert [(event.previous, event.through) for event in stage.events()] == [(None, NOON), (NOON, later)]


def test_a_watermark_never_moves_back(stage: Stage) -> None:
    stage.advance(NOON)

    with pytest.raises(WatermarkBackwardsError, match="2013-02-01T12:00:00"):
        stage.advance(NOON - timedelta(seconds=1))

    assert len(stage.events()) == 1


def test_a_watermark_waits_for_gateways_to_store_what_they_answered(stage: Stage) -> None:
    def ship() -> None:
        with stage.db.read() as tx:
            asked = counters.read_counters(tx).barrier
        stage.report(barrier=asked)

    stage.report(barrier=0)
    stage.on_pause = ship

    assert stage.advance(NOON) == NOON


def test_a_watermark_gives_up_when_a_gateway_does_not_finish(stage: Stage) -> None:
    stage.report(barrier=0)

    with pytest.raises(PredictionsPendingError) as refusal:
        stage.advance(NOON)

    assert refusal.value.retry_after_s == 1.0
    assert stage.events() == []
    assert stage.labels.state("default", "eta") is None


def test_a_watermark_does_not_wait_for_a_gateway_that_is_gone(stage: Stage) -> None:
    stage.report(barrier=0, at=NOON - timedelta(seconds=11))

    assert stage.advance(NOON) == NOON


@pytest.mark.parametrize("year", [1, 9999])
def test_moments_that_databases_cannot_order_are_refused(stage: Stage, year: int) -> None:
    with pytest.raises(InvalidError, match="between the years"):
        stage.advance(datetime(year, 6, 1, tzinfo=UTC))

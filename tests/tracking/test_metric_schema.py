"""What experiments say about their metrics: read, written, refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tracking.protocol import server_of

from everlearn.blobs import BlobStore
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.tracking import Experiments, Tracking
from everlearn.tracking.metric_schema import (
    BadMetricSchemaError,
    Direction,
    MetricSchema,
    metric_schemas,
    read_metric_schema,
    written_metric_schema,
)

BOUND = st.none() | st.floats(-1e9, 1e9)


@given(unit=st.sampled_from(["", "min", "°C", "%"]), direction=st.none() | st.sampled_from(Direction), low=BOUND)
def test_what_is_written_is_read_again(unit: str, direction: Direction | None, low: float | None) -> None:
    schema = MetricSchema(unit=unit, direction=direction, low=low, high=None if low is None else abs(low) * 2 + 1)

    assert read_metric_schema("rmse", written_metric_schema(schema)) == schema


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('{"unit": "min"', "no declaration of a metric"),
        ('{"direction": "down"}', "down"),
        ('{"directon": "lower"}', "directon"),
        ('{"unit": 5}', r"\$.unit"),
        ('{"range": [1, 0]}', "from 1 to 0"),
        ('{"range": [0]}', "range"),
        ('{"unit": "' + "m" * 25 + '"}', "at most 24"),
        ("lower", "no declaration"),
    ],
)
def test_a_bad_declaration_is_refused_with_the_reason(value: str, said: str) -> None:
    with pytest.raises(BadMetricSchemaError, match=said):
        read_metric_schema("rmse", value)


@pytest.mark.parametrize(
    ("low", "high", "value", "is_in"),
    [
        (0.0, 1.0, 1.0, True),
        (0.0, 1.0, 1.01, False),
        (0.0, None, -0.1, False),
        (None, 1.0, -9.0, True),
        (None, None, float("nan"), True),
        (0.0, None, float("nan"), False),
    ],
)
def test_a_range_admits_its_ends_and_no_nan(
    low: float | None, high: float | None, value: float, *, is_in: bool
) -> None:
    assert MetricSchema(low=low, high=high).admits(value) is is_in


def test_mlflows_client_declares_metrics_by_tags(
    sqlite_db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock
) -> None:
    server = server_of(sqlite_db, log, blobs, clock)
    experiment = server.experiment()

    def tag(value: str) -> tuple[int, str]:
        said = {"experiment_id": experiment, "key": "everlearn.metric.val/rmse", "value": value}
        answer = server.post("/mlflow/experiments/set-experiment-tag", **said)
        return answer.status, "" if answer.status == 200 else answer.body["message"]

    good, bad = tag('{"unit": "min", "direction": "lower", "range": [0, null]}'), tag('{"direction": "smaller"}')
    tags = [{"key": "everlearn.metric.rmse", "value": "{"}]
    created = server.post("/mlflow/experiments/create", name="other", tags=tags)

    assert good == (200, "")
    assert bad[0] == created.status == 400
    assert "smaller" in bad[1]
    schemas = Experiments(sqlite_db, clock).metric_schemas("default", int(experiment))
    assert schemas == {"val/rmse": MetricSchema(unit="min", direction=Direction.LOWER, low=0.0)}


def test_values_out_of_range_are_kept(tracking: Tracking, db: Database, clock: ManualClock) -> None:
    from tests.tracking.test_tracking import measured, start

    start(tracking, run_id="mine")
    experiments = Experiments(db, clock)
    number = int(tracking.run("mine").experiment_id)
    experiments.declare_metric("default", number, "mae", MetricSchema(low=0.0))

    tracking.log_metrics("mine", [measured(-3.0)])

    assert tracking.detail("mine").metrics["mae"].value == -3.0


def test_what_was_taken_over_unreadable_is_no_declaration() -> None:
    assert metric_schemas({"everlearn.metric.a": "{", "everlearn.metric.": "{}", "team": "x"}) == {}

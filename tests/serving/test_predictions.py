from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest
from sqlalchemy import event

from everlearn.core.errors import InvalidError
from everlearn.db import Database
from everlearn.serving.gateway.shipping import rows_of
from everlearn.serving.model import Label, Outcome, Pair, Scored, TrafficRole
from everlearn.serving.service import PredictionLog
from everlearn.serving.spool import RecordedRequest, RecordedVersion, decode_record, encode_record
from everlearn.serving.store import labels, predictions

NOON = datetime(2013, 2, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def version(number: int, values: list[float], *, served: list[bool], role: str = "champion") -> RecordedVersion:
    column = np.array(values)
    return RecordedVersion(
        version=number,
        role=role,
        duration_us=number * 100,
        width=2,
        features=np.array([[index, np.nan] for index in range(len(values))], dtype="<f8").tobytes(),
        values=column.tobytes(),
        is_failed=np.isnan(column).tobytes(),
        is_served=np.array(served).tobytes(),
        is_fallback=np.zeros(len(values), dtype=bool).tobytes(),
    )


def record(request_id: str, *versions: RecordedVersion, times: list[datetime] | None = None) -> RecordedRequest:
    rows = len(versions[0].is_served)
    return RecordedRequest(
        project="default",
        model="eta",
        request_id=request_id,
        rows=rows,
        generation=3,
        recorded_at=NOON,
        entity_ids=[f"flight-{index}" for index in range(rows)],
        event_times=times,
        versions=list(versions),
    )


def store(db: Database, *records: RecordedRequest) -> None:
    with db.write() as tx:
        for each in records:
            predictions.add_predictions(tx, rows_of(each))


def store_label(db: Database, prediction_id: str, value: float) -> None:
    with db.write() as tx:
        label = Label(prediction_id=prediction_id, value=value, observed_at=LATER)
        labels.add_labels(tx, "default", "eta", [label], at=LATER)


def test_a_record_survives_being_written_and_read() -> None:
    made = record("r", version(1, [1.5, np.nan], served=[True, False]), times=[NOON, LATER])

    assert decode_record(encode_record(made)) == made


def test_a_row_comes_back_as_it_was_scored(db: Database) -> None:
    store(db, record("r", version(1, [7.5, np.nan], served=[True, False]), times=[LATER, NOON]))
    store_label(db, "r:0", 8.0)

    with db.read() as tx:
        rows = predictions.scored(tx, "default", "eta", 1, NOON, LATER + timedelta(seconds=1))

    answered = Scored(
        prediction_id="r:0",
        version=1,
        entity_id="flight-0",
        event_time=LATER,
        features=(0.0, None),
        value=7.5,
        status=Outcome.OK,
        duration_us=100,
        role=TrafficRole.CHAMPION,
        is_served=True,
        is_fallback=False,
        label=8.0,
    )
    failed = replace(
        answered,
        prediction_id="r:1",
        entity_id="flight-1",
        event_time=NOON,
        features=(1.0, None),
        value=None,
        status=Outcome.FAILED,
        is_served=False,
        label=None,
    )
    assert rows == [failed, answered]


def test_a_request_sent_again_under_its_id_is_stored_once(db: Database) -> None:
    store(db, record("r", version(1, [7.5], served=[True])), record("r", version(1, [9.5], served=[True])))

    with db.read() as tx:
        rows = predictions.window(tx, "default", "eta", NOON, LATER)

    assert [row.value for row in rows] == [7.5]


def test_the_same_id_in_another_model_is_another_prediction(db: Database) -> None:
    other = msgspec.structs.replace(record("r", version(1, [9.5], served=[True])), model="other")
    store(db, record("r", version(1, [7.5], served=[True])), other)

    with db.read() as tx:
        rows = predictions.window(tx, "default", "other", NOON, LATER)

    assert [row.value for row in rows] == [9.5]


def test_a_window_holds_what_callers_were_given_and_ends_before_its_end(db: Database) -> None:
    champion = version(1, [1.0, 2.0, 3.0], served=[True, False, True])
    candidate = version(2, [10.0, 20.0, 30.0], served=[False, True, False], role="candidate")
    store(db, record("r", champion, candidate, times=[NOON, NOON, LATER]))

    with db.read() as tx:
        rows = predictions.window(tx, "default", "eta", NOON, LATER)

    assert [(row.prediction_id, row.version, row.value) for row in rows] == [("r:0", 1, 1.0), ("r:1", 2, 20.0)]


def test_a_window_is_read_in_pages_by_key(db: Database) -> None:
    times = [NOON + timedelta(minutes=index // 3) for index in range(10)]
    store(db, record("r", version(1, [float(index) for index in range(10)], served=[True] * 10), times=times))

    values: list[float | None] = []
    after: tuple[datetime, str] | None = None
    for _ in range(4):
        with db.read() as tx:
            rows = predictions.window(tx, "default", "eta", NOON, LATER, after=after, limit=3)
        values += [row.value for row in rows]
        after = (rows[-1].event_time, rows[-1].prediction_id)

    assert values == [float(index) for index in range(10)]


def test_pairs_are_the_rows_that_both_versions_scored(db: Database) -> None:
    champion = version(1, [1.0, 2.0], served=[True, False])
    candidate = version(2, [np.nan, 20.0], served=[False, True], role="candidate")
    store(db, record("r", champion, candidate), record("s", version(1, [5.0], served=[True])))
    store_label(db, "r:1", 21.0)

    with db.read() as tx:
        pairs = predictions.paired(tx, "default", "eta", 1, 2, NOON, LATER)

    assert pairs == [
        Pair(
            prediction_id="r:0",
            event_time=NOON,
            champion_value=1.0,
            candidate_value=None,
            candidate_status=Outcome.FAILED,
            served_by=1,
            champion_duration_us=100,
            candidate_duration_us=200,
            label=None,
        ),
        Pair(
            prediction_id="r:1",
            event_time=NOON,
            champion_value=2.0,
            candidate_value=20.0,
            candidate_status=Outcome.OK,
            served_by=2,
            champion_duration_us=100,
            candidate_duration_us=200,
            label=21.0,
        ),
    ]


def test_every_read_goes_by_an_index_and_sorts_nothing(sqlite_db: Database) -> None:
    plans: list[str] = []

    def explain(_connection: object, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if "predictions" in statement:
            rows = cursor.connection.execute(f"explain query plan {statement}", parameters).fetchall()
            plans.extend(row[3] for row in rows)

    event.listen(sqlite_db.engine, "before_cursor_execute", explain)
    with sqlite_db.read() as tx:
        predictions.window(tx, "default", "eta", NOON, LATER, after=(NOON, "r:0"))
        predictions.scored(tx, "default", "eta", 1, NOON, LATER)
        predictions.paired(tx, "default", "eta", 1, 2, NOON, LATER)

    assert plans
    assert [plan for plan in plans if "USING" not in plan or "TEMP B-TREE" in plan] == []


def test_people_page_through_the_log(db: Database) -> None:
    store(db, record("r", version(1, [0.0, 1.0, 2.0], served=[True] * 3)))
    log = PredictionLog(db)

    first = log.page("default", "eta", span=("2013-02-01T00:00:00Z", None), after=None, limit=2)
    rest = log.page("default", "eta", span=(None, None), after=first.next, limit=2)

    assert [row.value for row in (*first.items, *rest.items)] == [0.0, 1.0, 2.0]
    assert rest.next is None
    with pytest.raises(InvalidError):
        log.page("default", "eta", span=("yesterday", None), after=None, limit=2)

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everlearn.blobs import BlobStore
from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock
from everlearn.core.digest import digest_bytes
from everlearn.core.errors import InvalidError
from everlearn.core.page import Page
from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.tracking import Metric, Run, RunEnded, RunStarted, RunStatus, Tracking
from everlearn.tracking.model import (
    ArtifactBlockedError,
    ArtifactNotFoundError,
    BadKeyError,
    ParamChangedError,
    RunEndedError,
    RunNotFoundError,
    RunTakenError,
    ValueTooLongError,
)

ALICE = Actor("user:alice")
NEW_YEAR = datetime(2013, 1, 1, tzinfo=UTC)
T = TypeVar("T")


def start(tracking: Tracking, *, project: str = "default", experiment: str = "eta", run_id: str | None = None) -> Run:
    return tracking.start_run(project, experiment, run_id=run_id, name="a try", tags={"who": "me"}, actor=ALICE)


def measured(value: float, *, key: str = "mae", step: int = 0, seconds: int = 0) -> Metric:
    return Metric(key=key, value=value, step=step, at=NEW_YEAR + timedelta(seconds=seconds))


def all_pages(ask: Callable[[str | None], Page[T]]) -> list[Sequence[T]]:
    pages, after = [], None
    while True:
        page = ask(after)
        pages.append(page.items)
        if page.next is None:
            return pages
        after = page.next


def events_of(db: Database, log: EventLog) -> list[Any]:
    with db.read() as tx:
        return [entry.event for entry in log.read(tx, after=0, limit=100)]


def test_a_run_goes_from_running_to_its_end_and_says_so_in_the_log(
    db: Database, tracking: Tracking, log: EventLog, clock: ManualClock
) -> None:
    run = start(tracking)
    clock.at += timedelta(minutes=5)

    ended = tracking.end_run(run.id, RunStatus.FINISHED)

    assert ended == tracking.run(run.id)
    assert (ended.status, ended.ended_at, ended.started_by) == (RunStatus.FINISHED, clock.at, ALICE)
    assert [event.name for event in events_of(db, log)] == [RunStarted.name, RunEnded.name]


def test_starting_and_ending_again_changes_nothing(
    db: Database, tracking: Tracking, log: EventLog, clock: ManualClock
) -> None:
    first = start(tracking, run_id="run-of-mine")
    clock.at += timedelta(minutes=5)

    again = start(tracking, run_id="run-of-mine")
    tracking.end_run(first.id, RunStatus.FAILED)
    clock.at += timedelta(minutes=5)
    ended = tracking.end_run(first.id, RunStatus.FAILED)

    assert again == first
    assert ended.ended_at == NEW_YEAR + timedelta(minutes=5)
    assert len(events_of(db, log)) == 2


def test_a_run_does_not_end_in_two_ways(tracking: Tracking) -> None:
    run = start(tracking)
    tracking.end_run(run.id, RunStatus.KILLED)

    with pytest.raises(RunEndedError, match="KILLED"):
        tracking.end_run(run.id, RunStatus.FINISHED)
    with pytest.raises(InvalidError, match="not as RUNNING"):
        tracking.end_run(run.id, RunStatus.RUNNING)


def test_a_run_id_belongs_to_one_experiment(tracking: Tracking) -> None:
    start(tracking, run_id="run-of-mine")

    with pytest.raises(RunTakenError):
        start(tracking, run_id="run-of-mine", experiment="another")
    with pytest.raises(RunTakenError):
        start(tracking, run_id="run-of-mine", project="another")


def test_a_run_of_another_project_is_not_found(tracking: Tracking) -> None:
    run = start(tracking, project="theirs")

    with pytest.raises(RunNotFoundError):
        tracking.run_of("ours", run.id)
    with pytest.raises(RunNotFoundError):
        tracking.run("no-such-run")


def test_an_experiment_is_made_once(tracking: Tracking, clock: ManualClock) -> None:
    first = tracking.ensure_experiment("default", "ETA, first try")
    clock.at += timedelta(days=1)

    assert tracking.ensure_experiment("default", "ETA, first try") == first
    assert tracking.ensure_experiment("other", "ETA, first try").project == "other"


def test_parameters_never_change_and_a_refused_batch_leaves_nothing(tracking: Tracking) -> None:
    run = start(tracking)
    tracking.log_params(run.id, {"depth": "6"})
    tracking.log_params(run.id, {"depth": "6", "loss": "absolute"})

    with pytest.raises(ParamChangedError, match="key='depth' was already logged with value='6'"):
        tracking.log_params(run.id, {"rounds": "100", "depth": "7"})

    assert tracking.params(run.id) == {"depth": "6", "loss": "absolute"}


def test_a_refused_part_keeps_the_other_parts_out(tracking: Tracking) -> None:
    run = start(tracking)
    tracking.log_params(run.id, {"depth": "6"})

    with pytest.raises(ParamChangedError):
        tracking.log_batch(run.id, params={"depth": "7"}, tags={"who": "you"}, metrics=[measured(1.0)])
    with pytest.raises(BadKeyError, match="steps go from"):
        tracking.log_batch(run.id, params={"loss": "absolute"}, metrics=[measured(1.0, step=2**63)])

    kept = tracking.detail(run.id)
    assert (kept.params, kept.tags, kept.metrics) == ({"depth": "6"}, {"who": "me"}, {})


def test_the_newest_tag_wins(tracking: Tracking) -> None:
    run = start(tracking)

    tracking.set_tags(run.id, {"who": "you", "why": "to see"})

    assert tracking.detail(run.id).tags == {"who": "you", "why": "to see"}


@pytest.mark.parametrize("key", ["", "/loss", "a//b", "a/../b", "..", "loss/", "x" * 251, "naïve\n", "a\x00", "a?"])
def test_keys_that_could_not_be_looked_up_are_refused(sqlite_tracking: Tracking, key: str) -> None:
    run = start(sqlite_tracking)

    with pytest.raises(BadKeyError):
        sqlite_tracking.log_params(run.id, {key: "1"})
    with pytest.raises(BadKeyError):
        sqlite_tracking.log_metrics(run.id, [measured(1.0, key=key)])
    with pytest.raises(BadKeyError):
        sqlite_tracking.set_tags(run.id, {key: "1"})


def test_values_and_batches_have_limits(sqlite_tracking: Tracking) -> None:
    run = start(sqlite_tracking)

    with pytest.raises(ValueTooLongError, match="6000 are allowed"):
        sqlite_tracking.log_params(run.id, {"text": "x" * 6_001})
    with pytest.raises(BadKeyError, match="NUL"):
        sqlite_tracking.set_tags(run.id, {"text": "a\x00b"})
    with pytest.raises(ValueTooLongError, match="at most 1000"):
        sqlite_tracking.log_metrics(run.id, [measured(float(step), step=step) for step in range(1_001)])


def test_the_newest_metric_is_the_one_of_the_greatest_step_then_time_then_value(tracking: Tracking) -> None:
    run = start(tracking)
    tracking.log_metrics(run.id, [measured(9.0, step=2), measured(7.0, step=5, seconds=3)])

    tracking.log_metrics(run.id, [measured(1.0, step=5, seconds=1), measured(8.0, step=5, seconds=3)])
    tracking.log_metrics(run.id, [measured(2.0, step=3, seconds=9), measured(4.0, key="loss")])

    newest = tracking.detail(run.id).metrics
    assert newest == {"mae": measured(8.0, step=5, seconds=3), "loss": measured(4.0, key="loss")}


def test_a_metric_sent_twice_is_kept_once(tracking: Tracking) -> None:
    run = start(tracking)
    batch = [measured(1.5, step=step) for step in range(3)]

    tracking.log_metrics(run.id, batch)
    tracking.log_metrics(run.id, batch)

    assert list(tracking.metric_history(run.id, "mae").items) == batch


def test_numbers_that_json_has_no_word_for_are_kept(tracking: Tracking) -> None:
    run = start(tracking)

    tracking.log_metrics(run.id, [measured(math.nan), measured(math.inf, step=1), measured(-math.inf, step=2)])
    tracking.log_metrics(run.id, [measured(math.nan)])

    values = [one.value for one in tracking.metric_history(run.id, "mae").items]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.builds(
            measured,
            st.floats(allow_nan=False),
            step=st.integers(-(2**63), 2**63 - 1),
            seconds=st.integers(0, 10**8),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_a_history_read_in_small_pages_is_every_measurement_in_order(
    sqlite_tracking: Tracking, batch: list[Metric]
) -> None:
    run = start(sqlite_tracking)
    sqlite_tracking.log_metrics(run.id, batch)

    pages = all_pages(lambda after: sqlite_tracking.metric_history(run.id, "mae", after=after, limit=4))

    expected = sorted({(one.step, one.at, one.value + 0.0) for one in batch})
    assert [(one.step, one.at, one.value) for page in pages for one in page] == expected
    assert sqlite_tracking.detail(run.id).metrics["mae"].value == expected[-1][2]


def test_runs_are_listed_newest_first_in_pages_that_neither_repeat_nor_skip(
    tracking: Tracking, clock: ManualClock
) -> None:
    started = []
    for number in range(7):
        started.append(start(tracking, experiment="even" if number % 2 == 0 else "odd").id)
        clock.at += timedelta(seconds=number % 3)  # some begin in the same instant
    start(tracking, project="theirs")

    pages = all_pages(lambda after: tracking.runs("default", after=after, limit=2))
    even = all_pages(lambda after: tracking.runs("default", "even", after=after, limit=3))

    assert sorted(run.id for page in pages for run in page) == sorted(started)
    times = [run.started_at for page in pages for run in page]
    assert times == sorted(times, reverse=True)
    assert {run.id for page in even for run in page} == set(started[::2])


@pytest.mark.parametrize("key", ["nonsense", "2013-01-01~x", "~", "2013-01-01T00:00:00Z"])
def test_a_page_key_that_is_none_is_refused(sqlite_tracking: Tracking, key: str) -> None:
    run = start(sqlite_tracking)

    with pytest.raises(InvalidError):
        sqlite_tracking.runs("default", after=key)
    with pytest.raises(InvalidError):
        sqlite_tracking.metric_history(run.id, "mae", after=key)


def test_artifacts_are_kept_by_path_and_content(tracking: Tracking, blobs: BlobStore) -> None:
    run = start(tracking)

    digest = tracking.log_artifact(run.id, "model/model.onnx", b"weights")
    streamed = tracking.log_artifact_stream(run.id, "notes.txt", iter([b"one ", b"two"]))
    tracking.link_artifact(run.id, "copy of the model", digest)

    assert digest == digest_bytes(b"weights")
    assert blobs.get(digest) == tracking.artifact(run.id, "copy of the model")
    assert (streamed.size_bytes, tracking.artifact(run.id, "notes.txt")) == (7, b"one two")
    pages = all_pages(lambda after: tracking.artifacts(run.id, after=after, limit=2))
    assert {one.path for page in pages for one in page} == {"model/model.onnx", "notes.txt", "copy of the model"}


def test_the_newest_artifact_at_a_path_wins_and_the_same_again_changes_nothing(
    tracking: Tracking, clock: ManualClock
) -> None:
    run = start(tracking)
    tracking.log_artifact(run.id, "notes.txt", b"first")
    clock.at += timedelta(minutes=1)
    tracking.log_artifact(run.id, "notes.txt", b"second")
    kept = tracking.find_artifact(run.id, "notes.txt")
    clock.at += timedelta(minutes=1)

    tracking.log_artifact(run.id, "notes.txt", b"second")

    assert tracking.find_artifact(run.id, "notes.txt") == kept
    assert kept.digest == digest_bytes(b"second")


@pytest.mark.parametrize(("first", "second"), [("a/b", "a"), ("a", "a/b/c"), ("x/y/z", "x/y"), ("x", "x/y")])
def test_a_path_is_a_file_or_a_folder_but_not_both(tracking: Tracking, first: str, second: str) -> None:
    run = start(tracking)
    tracking.log_artifact(run.id, first, b"1")
    tracking.log_artifact(run.id, "A/b", b"case matters")
    tracking.log_artifact(run.id, "a%", b"no wildcard")

    with pytest.raises(ArtifactBlockedError):
        tracking.log_artifact(run.id, second, b"2")


def test_an_artifact_that_is_not_there_is_not_found(tracking: Tracking) -> None:
    run = start(tracking)

    with pytest.raises(ArtifactNotFoundError):
        tracking.artifact(run.id, "model.onnx")
    with pytest.raises(RunNotFoundError):
        tracking.log_artifact("no-such-run", "model.onnx", b"")


@pytest.fixture
def sqlite_tracking(sqlite_db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Tracking:
    return Tracking(sqlite_db, log, blobs, clock)

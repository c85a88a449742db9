import io
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import polars as pl
import pytest

from everlearn.blobs import BlobStore
from everlearn.core.clock import ManualClock
from everlearn.core.digest import hex_of
from everlearn.core.errors import InvalidError, UnavailableError
from everlearn.jobs import JobContext, JobPausedError, JobState
from everlearn.pipelines import (
    Literal,
    Output,
    Parameter,
    Pipeline,
    RunFinished,
    RunState,
    RunSubmitted,
    Step,
    StepContext,
    StepFinished,
    StepState,
)
from everlearn.pipelines.model import BadParametersError, PipelineNotFoundError, RunNotFoundError
from everlearn.tracking import RunStatus

PlatformMaker = Callable[..., Any]


def note(context: StepContext, side: str) -> None:
    """Remember outside of the platform that a step's function ran."""
    with Path(side).open("a") as file:
        file.write(context.step + "\n")


def noted(side: Path) -> list[str]:
    return side.read_text().split() if side.exists() else []


def rows(context: StepContext, *, side: str, count: int) -> pl.DataFrame:
    note(context, side)
    version = context.datasets.version(context.project, "rows", count)
    return context.datasets.scan(version).collect()


def total(context: StepContext, *, side: str, rows: pl.DataFrame, scale: float) -> float:
    note(context, side)
    context.log_param("scale", scale)
    added = float(sum(rows["row"].to_list())) * scale
    context.log_metrics({"total": added, "nothing": math.nan})
    context.log_artifact("notes.txt", b"added up")
    return added


def report(context: StepContext, *, side: str, total: float) -> bytes:
    note(context, side)
    return f"the total is {total}".encode()


SIDE = Parameter("side")


def adding(*, revision: int = 1, reporting: Callable[..., Any] = report) -> Pipeline:
    return Pipeline(
        "adding",
        [
            Step(name="rows", function=rows, inputs={"side": SIDE, "count": Parameter("count")}),
            Step(
                name="total",
                function=total,
                inputs={"side": SIDE, "rows": Output("rows"), "scale": Literal(0.5)},
                revision=revision,
            ),
            Step(name="report", function=reporting, inputs={"side": SIDE, "total": Output("total")}),
        ],
    )


def failing(context: StepContext, *, side: str, times: int) -> str:
    note(context, side)
    if noted(Path(side)).count(context.step) <= times:
        raise ValueError("no luck")
    return "luck"


def unlucky(*, attempts: int) -> Pipeline:
    step = Step(name="failing", function=failing, inputs={"side": SIDE, "times": Parameter("times")}, attempts=attempts)
    return Pipeline("unlucky", [step])


@pytest.fixture
def side(tmp_path: Path) -> Path:
    return tmp_path / "side.txt"


def test_steps_run_in_order_and_hand_their_values_on(make_platform: PlatformMaker, side: Path) -> None:
    platform = make_platform(adding())

    run = platform.executed("adding", side=str(side), count=5)

    assert noted(side) == ["rows", "total", "report"]
    assert run.state is RunState.FINISHED
    assert platform.value(run, "total") == b"5.0"
    assert platform.value(run, "report") == b"the total is 5.0"
    assert pl.read_parquet(io.BytesIO(platform.value(run, "rows")))["row"].to_list() == [0, 1, 2, 3, 4]


def test_a_run_is_tracked_with_what_its_steps_logged(make_platform: PlatformMaker, side: Path) -> None:
    platform = make_platform(adding())

    run = platform.executed("adding", side=str(side), count=5, as_of="2013-02-01T00:00:00Z")

    tracked = platform.tracking.detail(run.tracking_run_id)
    assert (tracked.run.status, tracked.run.experiment) == (RunStatus.FINISHED, "adding")
    assert tracked.params == {"side": str(side), "count": "5", "as_of": "2013-02-01T00:00:00Z", "scale": "0.5"}
    assert tracked.metrics["total"].value == 5.0
    assert math.isnan(tracked.metrics["nothing"].value)
    assert platform.tracking.artifact(run.tracking_run_id, "total/notes.txt") == b"added up"
    assert tracked.run.effective_at == run.effective_at == datetime(2013, 2, 1, tzinfo=UTC)


def test_every_state_is_announced_once(make_platform: PlatformMaker, side: Path) -> None:
    platform = make_platform(adding())

    run = platform.executed("adding", side=str(side), count=5)

    (finished,) = platform.events(RunFinished)
    assert [event.pipeline_run_id for event in platform.events(RunSubmitted)] == [run.id]
    assert [(event.step, event.state) for event in platform.events(StepFinished)] == [
        ("rows", "done"),
        ("total", "done"),
        ("report", "done"),
    ]
    assert (finished.run_id, finished.outputs, finished.state) == (run.tracking_run_id, run.outputs, "finished")


def test_the_same_steps_on_the_same_inputs_are_not_computed_again(make_platform: PlatformMaker, side: Path) -> None:
    platform = make_platform(adding())
    first = platform.executed("adding", key="1", side=str(side), count=5)

    again = platform.executed("adding", key="2", side=str(side), count=5, as_of="2013-03-01T00:00:00Z")

    assert len(noted(side)) == 3
    assert again.outputs == first.outputs
    assert all(step.is_reused and step.cpu_s == 0.0 for step in platform.pipelines.steps(again.id))


def test_a_reused_step_logs_again_what_it_logged_once(make_sqlite_platform: PlatformMaker, side: Path) -> None:
    platform = make_sqlite_platform(adding())
    first = platform.executed("adding", key="1", side=str(side), count=5)

    again = platform.executed("adding", key="2", side=str(side), count=5)

    before = platform.tracking.detail(first.tracking_run_id)
    after = platform.tracking.detail(again.tracking_run_id)
    assert after.params == before.params
    assert after.metrics["total"] == before.metrics["total"]
    assert platform.tracking.artifact(again.tracking_run_id, "total/notes.txt") == b"added up"


def test_only_what_changed_and_what_depends_on_it_is_computed_again(make_platform: PlatformMaker, side: Path) -> None:
    make_platform(adding()).executed("adding", key="1", side=str(side), count=5)

    make_platform(adding(revision=2)).executed("adding", key="2", side=str(side), count=5)
    make_platform(adding(reporting=louder_report)).executed("adding", key="3", side=str(side), count=5)

    # the total came out the same, so what was made of it holds
    assert noted(side) == ["rows", "total", "report", "total", "report"]


def louder_report(context: StepContext, *, side: str, total: float) -> bytes:
    note(context, side)
    return f"THE TOTAL IS {total}".encode()


def test_another_parameter_is_another_result(make_sqlite_platform: PlatformMaker, side: Path) -> None:
    platform = make_sqlite_platform(adding())
    five = platform.executed("adding", key="1", side=str(side), count=5)

    six = platform.executed("adding", key="2", side=str(side), count=6)

    assert len(noted(side)) == 6
    assert (platform.value(five, "total"), platform.value(six, "total")) == (b"5.0", b"7.5")


def test_a_result_whose_bytes_are_lost_is_computed_again(
    make_platform: PlatformMaker, side: Path, tmp_path: Path
) -> None:
    platform = make_platform(adding())
    first = platform.executed("adding", key="1", side=str(side), count=5)
    for file in (tmp_path / "blobs").rglob(f"*{hex_of(first.outputs['total'])[4:]}"):
        file.unlink()

    again = platform.executed("adding", key="2", side=str(side), count=5)

    assert noted(side)[3:] == ["total"]
    assert platform.value(again, "total") == b"5.0"


def test_the_same_key_is_the_same_run(make_platform: PlatformMaker, side: Path) -> None:
    platform = make_platform(adding())
    first = platform.executed("adding", side=str(side), count=5)

    again = platform.submit("adding", side=str(side), count=6)
    platform.work()

    assert again == first
    assert len(platform.events(RunSubmitted)) == 1
    assert len(noted(side)) == 3


def test_a_step_that_fails_ends_the_run_with_its_error(make_platform: PlatformMaker, side: Path) -> None:
    platform = make_platform(unlucky(attempts=2))

    run = platform.executed("unlucky", side=str(side), times=9)

    (step,) = platform.pipelines.steps(run.id)
    assert noted(side) == ["failing"] * 2
    assert (step.state, step.attempt, step.failures) == (StepState.FAILED, 2, 2)
    assert run.state is RunState.FAILED
    assert run.error is not None
    assert run.error.startswith("step failing: ValueError: no luck (test_execution.py, line ")
    assert platform.tracking.run(run.tracking_run_id).status is RunStatus.FAILED
    assert [event.error for event in platform.events(RunFinished)] == [run.error]


def test_a_step_may_fail_as_often_as_it_has_attempts_to_spare(make_sqlite_platform: PlatformMaker, side: Path) -> None:
    platform = make_sqlite_platform(unlucky(attempts=3))

    run = platform.executed("unlucky", side=str(side), times=2)

    assert run.state is RunState.FINISHED
    assert noted(side) == ["failing"] * 3
    assert len(platform.events(StepFinished)) == 1


def test_what_a_failed_step_needed_is_reused_by_the_next_run(make_sqlite_platform: PlatformMaker, side: Path) -> None:
    broken = make_sqlite_platform(adding(reporting=broken_report))
    first = broken.executed("adding", key="1", side=str(side), count=5)
    mended = make_sqlite_platform(adding())

    second = mended.executed("adding", key="2", side=str(side), count=5)

    assert (first.state, second.state) == (RunState.FAILED, RunState.FINISHED)
    assert noted(side) == ["rows", "total", "report"]


def broken_report(context: StepContext, *, side: str, total: float) -> Any:
    return object()


def test_a_value_that_cannot_be_stored_fails_the_step(make_sqlite_platform: PlatformMaker, side: Path) -> None:
    platform = make_sqlite_platform(adding(reporting=broken_report))

    run = platform.executed("adding", side=str(side), count=5)

    assert run.error is not None
    assert "report: BadOutputError: a step returned object" in run.error


def contradicting(context: StepContext, *, side: str, total: float) -> bytes:
    context.log_param("scale", "another")
    return b""


def test_a_step_that_contradicts_a_parameter_fails(make_sqlite_platform: PlatformMaker, side: Path) -> None:
    platform = make_sqlite_platform(adding(reporting=contradicting))

    run = platform.executed("adding", side=str(side), count=5)

    assert run.error is not None
    assert "ParamChangedError" in run.error


def unavailable_once(context: StepContext, *, side: str) -> str:
    note(context, side)
    if len(noted(Path(side))) == 1:
        raise UnavailableError("the object store does not answer")
    return "done"


def test_what_does_not_answer_is_waited_for(make_platform: PlatformMaker, side: Path, clock: ManualClock) -> None:
    platform = make_platform(Pipeline("p", [Step(name="step", function=unavailable_once, inputs={"side": SIDE})]))
    first = platform.executed("p", side=str(side))
    clock.at += timedelta(hours=1)

    platform.work()

    after = platform.pipelines.run(first.id)
    assert (first.state, after.state) == (RunState.RUNNING, RunState.FINISHED)
    assert noted(side) == ["step"] * 2


def job_of(platform: Any) -> JobContext:
    with platform.db.write() as tx:
        (job,) = platform.queue.claim(tx, worker="worker", kinds=["pipelines.run"], limit=1, lease_s=30.0)
    return JobContext(job, platform.queue)


def stop_worker(context: StepContext, *, side: str, count: int) -> pl.DataFrame:
    DRAINING.set()
    return rows(context, side=side, count=count)


DRAINING = Event()


def test_a_run_pauses_between_steps_when_its_worker_stops(make_platform: PlatformMaker, side: Path) -> None:
    DRAINING.clear()
    pipeline = adding()
    stopping = replace(pipeline.steps[0], function=stop_worker)
    platform = make_platform(Pipeline("adding", [stopping, *pipeline.steps[1:]]))
    run = platform.submit("adding", side=str(side), count=5)
    context = job_of(platform)
    context.draining = DRAINING

    with pytest.raises(JobPausedError):
        platform.pipelines.execute(run.id, context)

    paused = platform.pipelines.run(run.id)
    assert (paused.state, list(paused.outputs)) == (RunState.RUNNING, ["rows"])
    context.draining = Event()
    platform.pipelines.execute(run.id, context)
    assert platform.pipelines.run(run.id).state is RunState.FINISHED
    assert noted(side) == ["rows", "total", "report"]


def test_a_run_whose_job_is_cancelled_ends_as_killed(make_sqlite_platform: PlatformMaker, side: Path) -> None:
    platform = make_sqlite_platform(adding())
    run = platform.submit("adding", side=str(side), count=5)
    context = job_of(platform)
    with platform.db.write() as tx:
        platform.queue.cancel(tx, context.job.id)
    context.is_cancelled = True

    with pytest.raises(Exception, match="cancelled"):
        platform.pipelines.execute(run.id, context)

    assert platform.pipelines.run(run.id).state is RunState.FAILED
    assert platform.tracking.run(run.tracking_run_id).status is RunStatus.KILLED


def test_a_job_ends_with_its_run(make_platform: PlatformMaker, side: Path) -> None:
    platform = make_platform(adding())
    run = platform.submit("adding", side=str(side), count=5)
    context = job_of(platform)

    platform.pipelines.execute(run.id, context)

    with platform.db.read() as tx:
        assert platform.queue.job(tx, context.job.id).state is JobState.DONE
    platform.pipelines.execute(run.id, context)  # again: over is over
    assert len(platform.events(RunFinished)) == 1


def test_costs_are_what_a_run_takes_when_nothing_can_be_reused(make_platform: PlatformMaker, side: Path) -> None:
    platform = make_platform(adding())
    assert platform.pipelines.usual_cpu_s("default", "adding") is None
    first = platform.executed("adding", key="1", side=str(side), count=5)
    platform.executed("adding", key="2", side=str(side), count=5)

    usual = platform.pipelines.usual_cpu_s("default", "adding")

    spent = [step.cpu_s for step in platform.pipelines.steps(first.id)]
    assert usual == pytest.approx(sum(spent))
    assert all(step.wall_s > 0 for step in platform.pipelines.steps(first.id))


def test_runs_are_listed_newest_first(make_platform: PlatformMaker, side: Path, clock: ManualClock) -> None:
    platform = make_platform(adding(), unlucky(attempts=1))
    ids = []
    for number in range(5):
        ids.append(platform.submit("adding", key=str(number), side=str(side), count=number).id)
        clock.at += timedelta(seconds=1)
    platform.submit("unlucky", side=str(side), times=1)

    first = platform.pipelines.runs("default", "adding", limit=3)
    second = platform.pipelines.runs("default", "adding", after=first.next, limit=3)

    assert [run.id for run in (*first.items, *second.items)] == ids[::-1]
    assert second.next is None
    assert len(platform.pipelines.runs("default").items) == 6
    with pytest.raises(InvalidError):
        platform.pipelines.runs("default", after="x")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({}, "needs the parameters count, side"),
        ({"side": "x", "count": 5, "as_of": "yesterday"}, "as_of"),
        ({"side": "x", "count": 5, "as_of": "2013-01-01T00:00:00"}, "as_of"),
        ({"side": "x" * 7_000, "count": 5}, "6000 are allowed"),
        ({"side": "x", "count": 5, "../key": 1}, "not a key"),
        ({"side": "x", "count": math.nan}, "not JSON"),
    ],
)
def test_a_submission_that_cannot_run_is_refused(
    make_sqlite_platform: PlatformMaker, parameters: dict[str, Any], said: str
) -> None:
    platform = make_sqlite_platform(adding())

    with pytest.raises(BadParametersError, match=said):
        platform.submit("adding", **parameters)

    assert platform.pipelines.runs("default").items == []


def test_what_is_not_there_is_not_found(make_sqlite_platform: PlatformMaker, side: Path, blobs: BlobStore) -> None:
    platform = make_sqlite_platform(adding())
    run = platform.submit("adding", side=str(side), count=5)

    with pytest.raises(PipelineNotFoundError, match="there are: adding"):
        platform.submit("subtracting")
    with pytest.raises(RunNotFoundError):
        platform.pipelines.run("prun_none")
    with pytest.raises(RunNotFoundError):
        platform.pipelines.run_of("other", run.id)

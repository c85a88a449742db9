"""A worker that dies where it is told to, as a process of its own.

mortal_worker.py hang DATABASE BLOBS SIDE      says "ready" from within the second step and waits to be killed; when
                                               it was killed there before, it goes through to the end
mortal_worker.py everywhere DATABASE BLOBS SIDE  for n = 1, 2, ...: a child kills itself before its nth commit,
                                               another one goes on to the end; prints one line of JSON for each n
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa

from everlearn.blobs import open_blobs
from everlearn.core.actor import Actor
from everlearn.core.clock import SystemClock
from everlearn.db import open_database
from everlearn.eventlog import Catalogue, EventLog
from everlearn.jobs import JobQueue, Worker
from everlearn.pipelines import Output, Parameter, Pipeline, Pipelines, RunFinished, Step, StepContext, StepFinished
from everlearn.pipelines.events import EVENTS
from everlearn.pipelines.tasks import RUN, PipelineTasks
from everlearn.tracking import RunEnded, RunStarted, Tracking
from everlearn.tracking.events import EVENTS as TRACKING_EVENTS


def noted(side: str) -> list[str]:
    return Path(side).read_text().split() if Path(side).exists() else []


def note(context: StepContext, side: str) -> None:
    with Path(side).open("a") as file:
        file.write(context.step + "\n")
        file.flush()
        os.fsync(file.fileno())


def first(context: StepContext, *, side: str) -> list[int]:
    note(context, side)
    context.log_metric("rows", 3.0)
    return [1, 2, 3]


def second(context: StepContext, *, side: str, rows: list[int], hangs: bool) -> int:
    note(context, side)
    context.log_metric("total", float(sum(rows)))
    context.log_param("method", "sum")
    context.log_artifact("notes.txt", b"added up")
    if hangs and noted(side).count("second") == 1:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        threading.Event().wait()
    return sum(rows)


def third(context: StepContext, *, side: str, total: int) -> str:
    note(context, side)
    return f"the total is {total}"


PIPELINE = Pipeline(
    "mortal",
    [
        Step(name="first", function=first, inputs={"side": Parameter("side")}),
        Step(
            name="second",
            function=second,
            inputs={"side": Parameter("side"), "rows": Output("first"), "hangs": Parameter("hangs")},
        ),
        Step(name="third", function=third, inputs={"side": Parameter("side"), "total": Output("second")}),
    ],
)


class NoDatasets:
    def version(self, project: str, name: str, number: int) -> Any:
        raise NotImplementedError

    def scan(self, version: Any) -> pl.LazyFrame:
        raise NotImplementedError


def platform(database: str, blobs: str) -> tuple[Pipelines, Worker]:
    db, clock, store = open_database(database), SystemClock(), open_blobs(blobs)
    log = EventLog(Catalogue((*EVENTS, *TRACKING_EVENTS)), clock)
    pipelines = Pipelines(db, log, store, Tracking(db, log, store, clock), NoDatasets(), clock, {"mortal": PIPELINE})
    handlers = {RUN: PipelineTasks(pipelines).run}
    return pipelines, Worker(db, JobQueue(clock, jitter=lambda: 0.0), handlers, name="mortal")


def submit(pipelines: Pipelines, worker: Worker, side: str, *, key: str, hangs: bool) -> str:
    with pipelines.db.write() as tx:
        parameters: dict[str, Any] = {"side": side, "hangs": hangs}
        run = pipelines.submit(tx, "default", "mortal", parameters, key=key, actor=Actor("user:alice"))
        worker.queue.enqueue(tx, RUN, {"run_id": run.id})
    return run.id


def die_before_commit(pipelines: Pipelines, number: int) -> None:
    left = [number]

    def count(_connection: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(pipelines.db.engine, "commit", count)


def described(pipelines: Pipelines, run_id: str, side: str) -> dict[str, Any]:
    run = pipelines.run(run_id)
    tracked = pipelines.tracking.detail(run.tracking_run_id)
    with pipelines.db.read() as tx:
        entries = pipelines.log.read(tx, after=0, limit=10_000)
    steps = [e.event.step for e in entries if isinstance(e.event, StepFinished) and e.event.pipeline_run_id == run_id]
    ends = [e.event for e in entries if isinstance(e.event, RunFinished) and e.event.pipeline_run_id == run_id]
    ours = [type(e.event).__name__ for e in entries if getattr(e.event, "run_id", "") == run.tracking_run_id]
    return {
        "state": run.state,
        "executed": noted(side),
        "value": json.loads(pipelines.blobs.get(run.outputs["third"])),
        "tracked": tracked.run.status,
        "method": tracked.params["method"],
        "metrics": {
            key: [one.value for one in pipelines.tracking.metric_history(run.tracking_run_id, key).items]
            for key in tracked.metrics
        },
        "artifacts": [one.path for one in pipelines.tracking.artifacts(run.tracking_run_id).items],
        "steps_announced": steps,
        "ends_announced": len(ends),
        "tracking_announced": [name for name in ours if name in {RunStarted.__name__, RunEnded.__name__}],
    }


def in_child(work: Any) -> int:
    """Run `work` in a forked process; give the signal that ended it, or 0."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def kill_everywhere(database: str, blobs: str, side: str) -> None:
    for number in range(1, 200):
        own_side = f"{side}.{number}"

        def mortal(number: int = number, own_side: str = own_side) -> None:
            pipelines, worker = platform(database, blobs)
            submit(pipelines, worker, own_side, key=str(number), hangs=False)
            die_before_commit(pipelines, number)
            worker.work_off()

        def successor(number: int = number, own_side: str = own_side) -> None:
            pipelines, worker = platform(database, blobs)
            worker.work_off()
            run_id = submit(pipelines, worker, own_side, key=str(number), hangs=False)
            sys.stdout.write(json.dumps(described(pipelines, run_id, own_side)) + "\n")
            sys.stdout.flush()

        was_killed = in_child(mortal) == signal.SIGKILL
        in_child(successor)
        if not was_killed:
            return  # it went through before its nth commit: every instant has been tried


def hang(database: str, blobs: str, side: str) -> None:
    pipelines, worker = platform(database, blobs)
    run_id = submit(pipelines, worker, side, key="once", hangs=True)
    worker.work_off()
    sys.stdout.write(json.dumps(described(pipelines, run_id, side)) + "\n")


if __name__ == "__main__":
    mode, *places = sys.argv[1:]
    {"hang": hang, "everywhere": kill_everywhere}[mode](*places)

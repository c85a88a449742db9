from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from everlearn.blobs import BlobStore, open_blobs
from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock
from everlearn.core.json import JSONValue
from everlearn.db import Database
from everlearn.eventlog import Catalogue, Event, EventLog
from everlearn.jobs import JobQueue, Worker
from everlearn.pipelines import Pipeline, PipelineRun, Pipelines, RunSubmitted
from everlearn.pipelines.events import EVENTS
from everlearn.pipelines.tasks import RUN, PipelineTasks, run_job
from everlearn.tracking import Tracking
from everlearn.tracking.events import EVENTS as TRACKING_EVENTS


class NumberedRows:
    """Data sets of one column; version n has n rows."""

    def version(self, project: str, name: str, number: int) -> Any:
        return project, name, number

    def scan(self, version: Any) -> pl.LazyFrame:
        return pl.LazyFrame({"row": list(range(version[2]))})


@dataclass(frozen=True)
class Platform:
    """Everything that a pipeline needs, small."""

    pipelines: Pipelines
    queue: JobQueue

    @property
    def db(self) -> Database:
        return self.pipelines.db

    @property
    def tracking(self) -> Tracking:
        return self.pipelines.tracking

    def submit(self, pipeline: str, *, key: str = "once", **parameters: JSONValue) -> PipelineRun:
        with self.db.write() as tx:
            run = self.pipelines.submit(tx, "default", pipeline, dict(parameters), key=key, actor=Actor("user:alice"))
            event = RunSubmitted(
                project=run.project,
                pipeline=run.pipeline,
                pipeline_run_id=run.id,
                parameters=run.parameters,
                effective_at=run.effective_at,
            )
            kind, arguments, options = run_job(event)
            self.queue.enqueue(tx, kind, arguments, options=options)
        return run

    def work(self) -> None:
        Worker(self.db, self.queue, {RUN: PipelineTasks(self.pipelines).run}, name="worker").work_off()

    def executed(self, pipeline: str, *, key: str = "once", **parameters: JSONValue) -> PipelineRun:
        run = self.submit(pipeline, key=key, **parameters)
        self.work()
        return self.pipelines.run(run.id)

    def value(self, run: PipelineRun, step: str) -> bytes:
        return self.pipelines.blobs.get(run.outputs[step])

    def events(self, of: type[Event]) -> list[Any]:
        with self.db.read() as tx:
            entries = self.pipelines.log.read(tx, after=0, limit=1_000)
        return [entry.event for entry in entries if isinstance(entry.event, of)]


PlatformMaker = Callable[..., Platform]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2013, 2, 1, tzinfo=UTC))


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return open_blobs(f"file://{tmp_path / 'blobs'}")


def platform_maker(db: Database, blobs: BlobStore, clock: ManualClock) -> PlatformMaker:
    def make(*pipelines: Pipeline) -> Platform:
        log = EventLog(Catalogue((*EVENTS, *TRACKING_EVENTS)), clock)
        tracking = Tracking(db, log, blobs, clock)
        catalogue = {pipeline.name: pipeline for pipeline in pipelines}
        return Platform(Pipelines(db, log, blobs, tracking, NumberedRows(), clock, catalogue), JobQueue(clock))

    return make


@pytest.fixture
def make_platform(db: Database, blobs: BlobStore, clock: ManualClock) -> PlatformMaker:
    """A platform on each engine in turn; a second one with other pipelines is the same after a new release."""
    return platform_maker(db, blobs, clock)


@pytest.fixture
def make_sqlite_platform(sqlite_db: Database, blobs: BlobStore, clock: ManualClock) -> PlatformMaker:
    """A platform on SQLite, for what does not depend on the engine."""
    return platform_maker(sqlite_db, blobs, clock)

"""What training code writes while it runs, and reads back at once.

The hot half of tracking: every write goes through the group writer, so writes that come together share one commit,
and every answer means that the write is durable.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock
from everlearn.core.errors import InvalidError
from everlearn.db import Database, Tx
from everlearn.db.group import GroupWriter
from everlearn.eventlog import EventLog
from everlearn.tracking.model import (
    DEFAULT_EXPERIMENT_ID,
    ExperimentNotFoundError,
    Lifecycle,
    RunStatus,
    RunTakenError,
    TagNotFoundError,
)
from everlearn.tracking.models import add_model_metrics, add_model_uses
from everlearn.tracking.recording import announce_end, begin_run, check_active, record, run_not_found
from everlearn.tracking.store import experiments as experiment_store
from everlearn.tracking.store import inputs as input_store
from everlearn.tracking.store import models as model_store
from everlearn.tracking.store import points as point_store
from everlearn.tracking.store import runs as run_store
from everlearn.tracking.store.inputs import DatasetUse
from everlearn.tracking.store.keys import find_keys
from everlearn.tracking.store.labels import PARAMS, TAGS
from everlearn.tracking.store.models import ModelMetric, ModelUse
from everlearn.tracking.store.points import Newest, Point
from everlearn.tracking.store.runs import RunKey, RunRow, milliseconds_of, run_of

T = TypeVar("T")
RUN_NAME, USER = "mlflow.runName", "mlflow.user"
_ENDED = frozenset({RunStatus.FINISHED, RunStatus.FAILED, RunStatus.KILLED})


class RunRecord(NamedTuple):
    """A run with everything it logged but its files and its histories."""

    run: RunRow
    params: Mapping[str, str]
    tags: Mapping[str, str]
    newest: Sequence[Newest]
    inputs: Sequence[DatasetUse]
    models: Sequence[ModelUse]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """A run to be started."""

    id: str
    experiment: int
    name: str
    user: str
    start_ms: int | None
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """What to add to a run, all or none."""

    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Sequence[tuple[str, Point]]
    model_metrics: Mapping[str, Sequence[ModelMetric]] = field(default_factory=dict)  # by model


@dataclass(frozen=True, slots=True)
class Journal:
    """Runs, written and read."""

    db: Database
    writer: GroupWriter
    log: EventLog
    clock: Clock

    async def create(self, project: str, new: NewRun, *, actor: Actor) -> RunRecord:
        """Start a run."""
        return await self.writer.submit(lambda tx: self._create(tx, project, new, actor))

    async def update(
        self, project: str, run_id: str, *, status: str | None, end_ms: int | None, name: str | None, actor: Actor
    ) -> RunRow:
        """Change the status, the end or the name of a run."""

        def work(tx: Tx) -> RunRow:
            key = check_active(_key(tx, project, run_id), run_id)
            changes: dict[str, str | int | None] = {
                column: value
                for column, value in (("status", status), ("end_ms", end_ms), ("name", name or None))
                if value is not None
            }
            if changes:
                run_store.update(tx, key.no, **changes)
            if name:
                record(tx, key, params={}, tags={RUN_NAME: name}, metrics=())
            row = _row(tx, project, run_id)
            if status in _ENDED and key.status not in _ENDED:
                announce_end(tx, self.log, run_of(row), actor=actor)
            return row

        return await self.writer.submit(work)

    async def add(self, project: str, run_id: str, entries: Entries) -> None:
        """Add parameters, tags and measurements."""

        def work(tx: Tx) -> None:
            key = check_active(_key(tx, project, run_id), run_id)
            record(tx, key, params=entries.params, tags=entries.tags, metrics=entries.metrics)
            if entries.model_metrics:
                add_model_metrics(tx, project, entries.model_metrics)
            if (name := entries.tags.get(RUN_NAME)) is not None:
                run_store.update(tx, key.no, name=name)
            if (user := entries.tags.get(USER)) is not None:
                run_store.update(tx, key.no, user_name=user)

        await self.writer.submit(work)

    async def delete_tag(self, project: str, run_id: str, name: str) -> None:
        """Take a tag away."""

        def work(tx: Tx) -> None:
            key = check_active(_key(tx, project, run_id), run_id)
            number = find_keys(tx, [name]).get(name)
            if number is None or not TAGS.delete(tx, key.no, number):
                raise TagNotFoundError(f"No tag with name: {name[:80]} in run with id {run_id[:80]}")

        await self.writer.submit(work)

    async def add_inputs(
        self, project: str, run_id: str, uses: Sequence[DatasetUse], models: Sequence[ModelUse]
    ) -> None:
        """Write down what data and which models a run read."""

        def work(tx: Tx) -> None:
            key = check_active(_key(tx, project, run_id), run_id)
            input_store.insert(tx, key.no, key.experiment_no, uses)
            add_model_uses(tx, project, key.no, models)

        await self.writer.submit(work)

    def get(self, project: str, run_id: str) -> RunRecord:
        """Give a run as it is."""
        with self.db.read() as tx:
            return records(tx, [_row(tx, project, run_id)])[0]

    def history(
        self, project: str, run_id: str, key: str, *, after: Point | None, limit: int
    ) -> Sequence[tuple[int, int, float, int]]:
        """Give up to `limit` points of a metric in order, beginning after one."""
        return self._points(
            project, run_id, key, lambda tx, no, key_no: point_store.history(tx, no, key_no, after=after, limit=limit)
        )

    def sampled(
        self, project: str, run_ids: Sequence[str], key: str, *, start: int | None, end: int | None, most: int
    ) -> Sequence[Sequence[Point]]:
        """Give for each run points of a metric spread over the steps, its own first and last step among them."""
        with self.db.read() as tx:
            numbers = [_key(tx, project, run_id).no for run_id in run_ids]
            key_no = find_keys(tx, [key]).get(key)
            if key_no is None:
                return [[] for _ in run_ids]
            return point_store.sampled(tx, numbers, key_no, start=start, end=end, most=most)

    def _points(self, project: str, run_id: str, key: str, read: Callable[[Tx, int, int], Sequence[T]]) -> Sequence[T]:
        with self.db.read() as tx:
            number = _key(tx, project, run_id).no
            key_no = find_keys(tx, [key]).get(key)
            return [] if key_no is None else read(tx, number, key_no)

    def _create(self, tx: Tx, project: str, new: NewRun, actor: Actor) -> RunRecord:
        now = self._now()
        if new.experiment == DEFAULT_EXPERIMENT_ID:
            experiment_store.ensure_default(tx, project, at_ms=now)
        experiment = experiment_store.by_id(tx, project, new.experiment)
        if experiment is None:
            raise ExperimentNotFoundError(f"No Experiment with id={new.experiment} exists")
        if experiment.lifecycle != Lifecycle.ACTIVE:
            raise InvalidError(
                f"The experiment {new.experiment} must be in the 'active' state. "
                f"Current state is {experiment.lifecycle}."
            )
        row = RunRow(
            no=0,
            id=new.id,
            project=project,
            experiment_no=experiment.no,
            experiment_id=experiment.id,
            experiment=experiment.name,
            name=new.name,
            user=new.user,
            status=RunStatus.RUNNING,
            start_ms=now if new.start_ms is None else new.start_ms,
            end_ms=None,
            lifecycle=Lifecycle.ACTIVE,
            artifact_root=f"{experiment.id}/{new.id}/artifacts",
            effective_at=None,
            started_by=actor,
        )
        if begin_run(tx, self.log, row, new.tags, actor=actor) is None:
            raise RunTakenError(f"the run id {new.id!r} is taken; choose another")
        return RunRecord(row, {}, new.tags, (), (), ())

    def _now(self) -> int:
        return milliseconds_of(self.clock.now())


def records(tx: Tx, rows: Sequence[RunRow]) -> list[RunRecord]:
    """Give runs with what they logged, in the order of `rows`."""
    numbers = [row.no for row in rows]
    params, tags = PARAMS.read_many(tx, numbers), TAGS.read_many(tx, numbers)
    newest, uses = point_store.read_newest(tx, numbers), input_store.read_many(tx, numbers)
    models = model_store.uses_of(tx, numbers)
    return [
        RunRecord(
            row,
            params.get(row.no, {}),
            tags.get(row.no, {}),
            newest.get(row.no, ()),
            uses.get(row.no, ()),
            models.get(row.no, ()),
        )
        for row in rows
    ]


def _key(tx: Tx, project: str, run_id: str) -> RunKey:
    found = run_store.key_of(tx, run_id)
    if found is None or found.project != project:
        raise run_not_found(run_id)
    return found


def _row(tx: Tx, project: str, run_id: str) -> RunRow:
    found = run_store.find(tx, run_id)
    if found is None or found.project != project:
        raise run_not_found(run_id)
    return found

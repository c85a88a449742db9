"""Experiments as a team keeps them: made, renamed, tagged, deleted and brought back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from everlearn.core.clock import Clock
from everlearn.db import Database, Tx
from everlearn.tracking.metric_schema import (
    METRIC_TAG,
    MetricSchema,
    check_experiment_tag,
    checked_metric_schema,
    metric_schemas,
    written_metric_schema,
)
from everlearn.tracking.model import (
    DEFAULT_EXPERIMENT,
    DEFAULT_EXPERIMENT_ID,
    DeletedError,
    Experiment,
    ExperimentExistsError,
    ExperimentNotFoundError,
    Lifecycle,
    TagNotFoundError,
    checked_key,
)
from everlearn.tracking.store import experiments as store
from everlearn.tracking.store import runs as run_store
from everlearn.tracking.store.experiments import ExperimentRow
from everlearn.tracking.store.inputs import DatasetSummary, summaries
from everlearn.tracking.store.runs import milliseconds_of


@dataclass(frozen=True, slots=True)
class Experiments:
    """The experiments of every project. Experiment 0, `Default`, is always there."""

    db: Database
    clock: Clock

    def create(self, project: str, name: str, *, location: str = "", tags: Mapping[str, str]) -> Experiment:
        """Make an experiment.

        Raises
        ------
        ExperimentExistsError
            When one has the name, even a deleted one: its runs may be wanted back.
        """
        for key, value in tags.items():
            check_experiment_tag(key, value)
        with self.db.write() as tx:
            row = store.insert(tx, project, name, location=location, at_ms=self._now())
            if row is None:
                raise _taken(store.by_name(tx, project, name), name)
            for key, value in tags.items():
                store.put_tag(tx, row.no, key, value)
            return store.experiment_of(row, tags)

    def get(self, project: str, number: int) -> Experiment:
        """Give one experiment."""
        if number == DEFAULT_EXPERIMENT_ID:
            self.ensure_default(project)
        with self.db.read() as tx:
            return _with_tags(tx, _known(tx, project, number))

    def datasets(self, project: str, numbers: Sequence[int]) -> list[DatasetSummary]:
        """List the data sets that runs of these experiments read, up to a thousand."""
        with self.db.read() as tx:
            return summaries(tx, project, numbers, limit=1_000)

    def get_by_name(self, project: str, name: str) -> Experiment:
        """Give one experiment by its name, also a deleted one."""
        if name == DEFAULT_EXPERIMENT:
            self.ensure_default(project)
        with self.db.read() as tx:
            row = store.by_name(tx, project, name)
            if row is None:
                raise ExperimentNotFoundError(f"Could not find experiment with name '{name[:80]}'")
            return _with_tags(tx, row)

    def rename(self, project: str, number: int, name: str) -> None:
        """Give an experiment another name."""
        with self.db.write() as tx:
            row = _active(_known(tx, project, number))
            other = store.by_name(tx, project, name)
            if other is not None and other.no != row.no:
                raise _taken(other, name)
            store.update(tx, row.no, at_ms=self._now(), name=name)

    def set_lifecycle_in(self, tx: Tx, project: str, number: int, lifecycle: Lifecycle) -> None:
        """Delete an experiment with its runs, or bring it back with the runs that went with it."""
        row = _known(tx, project, number)
        if row.lifecycle == lifecycle:
            raise ExperimentNotFoundError(f"Experiment with id={number} is {lifecycle} already")
        now = self._now()
        run_store.set_lifecycles(tx, row.no, lifecycle, at_ms=now, deleted_at_ms=_deleted_at(row, lifecycle))
        store.update(tx, row.no, at_ms=now, lifecycle=lifecycle)

    def put_tag(self, project: str, number: int, key: str, value: str) -> None:
        """Set a tag.

        Raises
        ------
        BadMetricSchemaError
            When the tag means to declare a metric and does not.
        """
        check_experiment_tag(key, value)
        with self.db.write() as tx:
            row = _active(_known(tx, project, number))
            store.put_tag(tx, row.no, key, value)
            store.update(tx, row.no, at_ms=self._now())

    def delete_tag(self, project: str, number: int, key: str) -> None:
        """Take a tag away."""
        with self.db.write() as tx:
            row = _active(_known(tx, project, number))
            if not store.delete_tag(tx, row.no, key):
                raise TagNotFoundError(f"No tag with name: {key[:80]} in experiment with id {number}")

    def declare_metric(self, project: str, number: int, metric: str, schema: MetricSchema) -> None:
        """Say what a metric of an experiment is: its unit, which way is better, its range. The newest word counts."""
        checked_key(f"{METRIC_TAG}{metric}")
        checked_metric_schema(metric, schema)
        self.put_tag(project, number, f"{METRIC_TAG}{metric}", written_metric_schema(schema))

    def metric_schemas(self, project: str, number: int) -> dict[str, MetricSchema]:
        """Give what is declared of the metrics of an experiment, by metric."""
        return metric_schemas(self.get(project, number).tags)

    def ensure_default(self, project: str) -> None:
        """Make experiment 0 unless it is there."""
        with self.db.read() as tx:
            if store.by_id(tx, project, DEFAULT_EXPERIMENT_ID) is not None:
                return
        with self.db.write() as tx:
            store.ensure_default(tx, project, at_ms=self._now())

    def _now(self) -> int:
        return milliseconds_of(self.clock.now())


def _deleted_at(row: ExperimentRow, lifecycle: Lifecycle) -> int:
    """Give when a deleted experiment went: its runs of that instant went with it, others before and by themselves."""
    return row.updated_ms if lifecycle is Lifecycle.ACTIVE else 0


def _known(tx: Tx, project: str, number: int) -> ExperimentRow:
    row = store.by_id(tx, project, number)
    if row is None:
        raise ExperimentNotFoundError(f"No Experiment with id={number} exists")
    return row


def _active(row: ExperimentRow) -> ExperimentRow:
    if row.lifecycle != Lifecycle.ACTIVE:
        raise DeletedError(f"The experiment {row.id} must be in the 'active' state. Current state is {row.lifecycle}.")
    return row


def _with_tags(tx: Tx, row: ExperimentRow) -> Experiment:
    return store.experiment_of(row, store.tags_of(tx, [row.no])[row.no])


def _taken(other: ExperimentRow | None, name: str) -> ExperimentExistsError:
    deleted = other is not None and other.lifecycle == Lifecycle.DELETED
    hint = f" in deleted state; restore experiment {other.id} or choose another name" if deleted and other else ""
    return ExperimentExistsError(f"Experiment(name={name[:80]}) already exists{hint}.")

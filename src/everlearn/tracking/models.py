"""Logged models: what training code made and described, before anybody registers it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock
from everlearn.core.search import LOGGED_MODELS, BadOrderError, order_by, parse_filter
from everlearn.core.search.page_token import read_token, written_token
from everlearn.db import Database, Tx
from everlearn.eventlog import EventLog
from everlearn.tracking.events import ModelReady
from everlearn.tracking.model import (
    DEFAULT_EXPERIMENT_ID,
    DeletedError,
    ExperimentNotFoundError,
    Lifecycle,
    ModelNotFoundError,
    ParamChangedError,
    TagNotFoundError,
)
from everlearn.tracking.recording import check_active, run_not_found
from everlearn.tracking.store import experiments as experiment_store
from everlearn.tracking.store import models as store
from everlearn.tracking.store import runs as run_store
from everlearn.tracking.store.model_search import ModelSearch, search
from everlearn.tracking.store.models import ModelMetric, ModelRow, ModelUse
from everlearn.tracking.store.runs import milliseconds_of

PENDING = "LOGGED_MODEL_PENDING"
VERSIONS_TAG = "mlflow.modelVersions"


class ModelRecord(NamedTuple):
    """A logged model with what is written about it."""

    model: ModelRow
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Sequence[ModelMetric]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewModel:
    """A model to be logged."""

    experiment: int
    name: str
    model_type: str | None
    source_run_id: str | None
    params: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedModels:
    """A search of models as it comes in."""

    experiments: Sequence[int]
    filter: str | None
    datasets: Sequence[tuple[str, str]]
    orders: Sequence[tuple[str, bool, str, str]]  # field, ascending, name and digest of a data set
    limit: int
    token: str | None


@dataclass(frozen=True, slots=True)
class Models:
    """The logged models of every project."""

    db: Database
    log: EventLog
    clock: Clock

    def create(self, project: str, new: NewModel) -> ModelRecord:
        """Begin a model: its files are to come."""
        model_id, now = f"m-{uuid4().hex}", self._now()
        with self.db.write() as tx:
            if new.experiment == DEFAULT_EXPERIMENT_ID:
                experiment_store.ensure_default(tx, project, at_ms=now)
            experiment = experiment_store.by_id(tx, project, new.experiment)
            if experiment is None:
                raise ExperimentNotFoundError(f"No Experiment with id={new.experiment} exists")
            if experiment.lifecycle != Lifecycle.ACTIVE:
                raise DeletedError(f"The experiment {new.experiment} must be in the 'active' state.")
            row = ModelRow(
                no=0,
                id=model_id,
                project=project,
                experiment_no=experiment.no,
                name=new.name,
                model_type=new.model_type,
                source_run_id=new.source_run_id,
                status=PENDING,
                artifact_root=f"{experiment.id}/models/{model_id}/artifacts",
                created_ms=now,
                updated_ms=now,
                experiment_id=experiment.id,
            )
            row = store.insert(tx, row)
            store.put_labels(tx, row.no, "param", new.params)
            store.put_labels(tx, row.no, "tag", new.tags)
        return ModelRecord(row, new.params, new.tags, ())

    def get(self, project: str, model_id: str) -> ModelRecord:
        """Give one model."""
        with self.db.read() as tx:
            return _records(tx, [_known(tx, project, model_id)])[0]

    def finalize(self, project: str, model_id: str, status: str, *, actor: Actor) -> ModelRecord:
        """Write whether its files have arrived."""
        with self.db.write() as tx:
            model = _known(tx, project, model_id)
            store.set_status(tx, model.no, status, at_ms=self._now())
            if status == store.READY != model.status:
                event = ModelReady(
                    project=project, experiment=str(model.experiment_id), model_id=model.id, model=model.name
                )
                self.log.append(tx, event, actor=actor, subject=f"logged_model:{project}/{model.id}")
            return _records(tx, [_known(tx, project, model_id)])[0]

    def put_tags(self, project: str, model_id: str, tags: Mapping[str, str]) -> ModelRecord:
        """Set tags."""
        with self.db.write() as tx:
            row = _known(tx, project, model_id)
            store.put_labels(tx, row.no, "tag", tags)
            store.touch(tx, row.no, at_ms=self._now())
            return _records(tx, [_known(tx, project, model_id)])[0]

    def delete_tag(self, project: str, model_id: str, key: str) -> None:
        """Take a tag away."""
        with self.db.write() as tx:
            if not store.delete_tag(tx, _known(tx, project, model_id).no, key):
                raise TagNotFoundError(f"No tag with key {key[:80]!r} found for model with ID {model_id[:80]!r}.")

    def add_params(self, project: str, model_id: str, params: Mapping[str, str]) -> None:
        """Add parameters; they never change.

        Raises
        ------
        ParamChangedError
            When one has another value already.
        """
        with self.db.write() as tx:
            row = _known(tx, project, model_id)
            known = store.labels_of(tx, [row.no]).get((row.no, "param"), {})
            changed = sorted(key for key, value in params.items() if known.get(key, value) != value)
            if changed:
                raise ParamChangedError(f"Changing param values is not allowed. Param with key='{changed[0]}'")
            store.put_labels(tx, row.no, "param", params)

    def add_uses(self, project: str, run_id: str, uses: Sequence[ModelUse]) -> None:
        """Write down which models a run took or made."""
        with self.db.write() as tx:
            key = run_store.key_of(tx, run_id)
            if key is None or key.project != project:
                raise run_not_found(run_id)
            check_active(key, run_id)
            add_model_uses(tx, project, key.no, uses)

    def search(self, project: str, asked: AskedModels) -> tuple[Sequence[ModelRecord], str | None]:
        """Give a page of the models of some experiments."""
        clauses = parse_filter(asked.filter, LOGGED_MODELS)
        orders = []
        for field, ascending, dataset, digest in asked.orders:
            order = order_by(field, LOGGED_MODELS, ascending=ascending)
            if order.kind in {"param", "tag"}:
                raise BadOrderError(f"Invalid order_by field '{field[:80]}': models are ordered by fields and metrics")
            orders.append((order, dataset, digest))
        with self.db.read() as tx:
            hits = search(
                tx,
                ModelSearch(
                    experiments=tuple(experiment_store.keys_of(tx, project, asked.experiments)),
                    clauses=clauses,
                    orders=tuple(orders),
                    datasets=tuple(asked.datasets),
                    limit=asked.limit + 1,
                    last=None if asked.token is None else read_token(asked.token),
                ),
            )
            page = hits[: asked.limit]
            found = _records(tx, [row for row, _ in page])
        return found, written_token(page[-1][1]) if len(hits) > asked.limit else None

    def _now(self) -> int:
        return milliseconds_of(self.clock.now())


def add_model_metrics(tx: Tx, project: str, metrics: Mapping[str, Sequence[ModelMetric]]) -> None:
    """Keep measurements with the models that they are of, inside the caller's transaction."""
    for model_id, measured in metrics.items():
        store.put_metrics(tx, _known(tx, project, model_id).no, measured)


def add_model_uses(tx: Tx, project: str, run_no: int, uses: Sequence[ModelUse]) -> None:
    """Write down models of a run, inside the caller's transaction."""
    for use in uses:
        _known(tx, project, use.model_id)
    store.put_uses(tx, run_no, uses)


def _known(tx: Tx, project: str, model_id: str) -> ModelRow:
    found = store.find(tx, project, model_id)
    if found is None:
        raise ModelNotFoundError(f"Logged model with ID '{model_id[:80]}' not found.")
    return found


def _records(tx: Tx, rows: Sequence[ModelRow]) -> list[ModelRecord]:
    numbers = [row.no for row in rows]
    labels, metrics = store.labels_of(tx, numbers), store.metrics_of(tx, numbers)
    return [
        ModelRecord(row, labels.get((row.no, "param"), {}), labels.get((row.no, "tag"), {}), metrics.get(row.no, ()))
        for row in rows
    ]


def note_version(tx: Tx, project: str, model_id: str, name: str, number: int, *, at: datetime) -> None:
    """Write down on a logged model under which name and number it was registered, inside the caller's transaction."""
    row = _known(tx, project, model_id)
    known = store.labels_of(tx, [row.no]).get((row.no, "tag"), {}).get(VERSIONS_TAG)
    entries = [*_version_entries(known), {"name": name, "version": number}]
    store.put_labels(tx, row.no, "tag", {VERSIONS_TAG: json.dumps(entries)})
    store.touch(tx, row.no, at_ms=milliseconds_of(at))


def _version_entries(text: str | None) -> list[Any]:
    """Read what stands there; a client may have written anything under this name."""
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return []
    return found if isinstance(found, list) else []

"""Rows of an MLflow database, written as MLflow 3.17 would have written them. What is there already stays."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa

from everlearn.db import Tx, insert_for
from everlearn.exchange.mlflow.database import MlflowDatabase
from everlearn.registry.facts import ModelFacts as RegisteredFacts
from everlearn.registry.facts import VersionFacts
from everlearn.tracking.facts import ExperimentFacts, KeyedPoint, ModelFacts, RunFacts
from everlearn.tracking.store.points import Point
from everlearn.web.mlflow.wire import LARGEST_DOUBLE

_NAMESPACE = UUID("6b1f3c1e-6d0e-4d0c-9d55-0b6f2f5f6a11")  # ids of inputs are made from what they join
_STATUSES = {"LOGGED_MODEL_PENDING": 1, "LOGGED_MODEL_READY": 2, "LOGGED_MODEL_UPLOAD_FAILED": 3}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class MlflowWriter:
    """Writes facts as rows."""

    db: MlflowDatabase
    shortened: list[str] = field(default_factory=list)  # values that were too long for a column

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """Open a transaction."""
        with self.db.engine.begin() as connection:
            yield Tx(connection)

    def experiment(self, tx: Tx, facts: ExperimentFacts) -> None:
        """Add an experiment with its tags."""
        row = {
            "experiment_id": facts.id,
            "name": facts.name,
            "artifact_location": facts.location,
            "lifecycle_stage": facts.lifecycle,
            "creation_time": facts.created_ms,
            "last_update_time": facts.updated_ms,
        }
        self._insert(tx, "experiments", [row])
        self._insert(tx, "experiment_tags", _labels(facts.tags, experiment_id=facts.id))

    def free_ids(self, tx: Tx) -> None:
        """See to it that the next experiment gets a free id: PostgreSQL counts them by itself."""
        if tx.is_postgresql:
            table = self.db.tables["experiments"]
            newest = sa.select(sa.func.coalesce(sa.func.max(table.c.experiment_id), 0) + 1).scalar_subquery()
            place = sa.func.pg_get_serial_sequence("experiments", "experiment_id")
            tx.execute(sa.select(sa.func.setval(place, newest, False)))

    def run(self, tx: Tx, facts: RunFacts, experiment_id: int) -> None:
        """Add a run with everything but its points."""
        row = {
            "run_uuid": facts.id,
            "name": facts.name,
            "source_type": "UNKNOWN",
            "source_name": "",
            "entry_point_name": "",
            "source_version": "",
            "user_id": facts.user,
            "status": facts.status,
            "start_time": facts.start_ms,
            "end_time": facts.end_ms,
            "lifecycle_stage": facts.lifecycle,
            "deleted_time": facts.deleted_ms,
            "artifact_uri": f"mlflow-artifacts:/{facts.location}",
            "experiment_id": experiment_id,
        }
        self._insert(tx, "runs", [row])
        self._insert(tx, "params", _labels(facts.params, run_uuid=facts.id))
        self._insert(tx, "tags", _labels(facts.tags, run_uuid=facts.id))
        newest = [_metric(facts.id, one.key, one.point) for one in facts.newest]
        self._insert(tx, "latest_metrics", newest)
        self._inputs(tx, facts, experiment_id)

    def points(self, tx: Tx, run_id: str, points: Sequence[KeyedPoint]) -> None:
        """Add measurements of a run."""
        self._insert(tx, "metrics", [_metric(run_id, key, point) for key, point in points])

    def logged_model(self, tx: Tx, facts: ModelFacts, experiment_id: int) -> None:
        """Add a logged model."""
        own = {"model_id": facts.id, "experiment_id": experiment_id}
        row = own | {
            "name": facts.name,
            "artifact_location": f"mlflow-artifacts:/{facts.location}",
            "creation_timestamp_ms": facts.created_ms,
            "last_updated_timestamp_ms": facts.updated_ms,
            "status": _STATUSES.get(facts.status, 0),
            "lifecycle_stage": "active",
            "model_type": facts.model_type,
            "source_run_id": facts.source_run_id,
        }
        self._insert(tx, "logged_models", [row])
        params = [own | {"param_key": key, "param_value": value} for key, value in facts.params.items()]
        self._insert(tx, "logged_model_params", params)
        tags = [own | {"tag_key": key, "tag_value": value} for key, value in facts.tags.items()]
        self._insert(tx, "logged_model_tags", tags)
        metrics = [
            own
            | {
                "metric_name": metric.key,
                "metric_timestamp_ms": metric.point.at_ms,
                "metric_step": metric.point.step,
                "metric_value": _finite(metric.point.value),
                "run_id": metric.run_id,
                "dataset_name": metric.dataset_name or None,
                "dataset_digest": metric.dataset_digest or None,
            }
            for metric in facts.metrics
        ]
        self._insert(tx, "logged_model_metrics", metrics)

    def registered_model(self, tx: Tx, facts: RegisteredFacts) -> None:
        """Add a registered model with its tags."""
        row = {
            "name": facts.name,
            "creation_time": _milliseconds(facts.created_at.timestamp()),
            "last_updated_time": _milliseconds(facts.updated_at.timestamp()),
            "description": facts.description or None,
        }
        self._insert(tx, "registered_models", [row])
        self._insert(tx, "registered_model_tags", _labels(facts.tags, name=facts.name))

    def version(self, tx: Tx, facts: VersionFacts, files: str) -> None:
        """Add a version; `files` is where they are."""
        row = {
            "name": facts.model,
            "version": facts.number,
            "creation_time": _milliseconds(facts.created_at.timestamp()),
            "last_updated_time": _milliseconds(facts.updated_at.timestamp()),
            "description": facts.description or None,
            "user_id": facts.user or None,
            "current_stage": facts.stage,
            "source": facts.source,
            "storage_location": files,
            "run_id": facts.run_id or None,
            "run_link": facts.run_link or None,
            "status": "READY",
        }
        self._insert(tx, "model_versions", [row])
        self._insert(tx, "model_version_tags", _labels(facts.tags, name=facts.model, version=facts.number))

    def aliases(self, tx: Tx, facts: RegisteredFacts) -> None:
        """Let aliases name versions."""
        rows = [{"name": facts.name, "alias": alias, "version": number} for alias, number in facts.aliases.items()]
        self._insert(tx, "registered_model_aliases", rows)

    def _inputs(self, tx: Tx, facts: RunFacts, experiment_id: int) -> None:
        for use in facts.inputs:
            dataset = _id("dataset", experiment_id, use.name, use.digest)
            row = {
                "dataset_uuid": dataset,
                "experiment_id": experiment_id,
                "name": use.name,
                "digest": use.digest,
                "dataset_source_type": use.source_type,
                "dataset_source": use.source,
                "dataset_schema": use.schema,
                "dataset_profile": use.profile,
            }
            self._insert(tx, "datasets", [row])
            joined = _join("DATASET", dataset, "RUN", facts.id)
            self._insert(tx, "inputs", [joined])
            tags = [
                {"input_uuid": joined["input_uuid"], "name": key, "value": value} for key, value in use.tags.items()
            ]
            self._insert(tx, "input_tags", tags)
        for role, model_id, step in facts.models:
            kind = role.upper()
            self._insert(tx, "inputs", [_join(f"RUN_{kind}", facts.id, f"MODEL_{kind}", model_id) | {"step": step}])

    def _insert(self, tx: Tx, name: str, rows: Sequence[Row]) -> None:
        if rows:
            table = self.db.tables[name]
            fitted = [self._fitted(table, row) for row in rows]
            tx.execute(insert_for(tx, table).on_conflict_do_nothing(), fitted)

    def _fitted(self, table: sa.Table, row: Row) -> Row:
        for key, value in row.items():
            longest = getattr(table.c[key].type, "length", None)
            if longest is not None and isinstance(value, str) and len(value) > longest:
                self.shortened.append(f"{table.name}.{key} takes {longest} characters: {value[:40]!r}... was cut")
                row = row | {key: value[:longest]}
        return row


def _labels(values: Mapping[str, str], **owner: str | int) -> list[Row]:
    return [{"key": key, "value": value, **owner} for key, value in values.items()]


def _metric(run_id: str, key: str, point: Point) -> Row:
    return {
        "run_uuid": run_id,
        "key": key,
        "value": _finite(point.value),
        "timestamp": point.at_ms,
        "step": point.step,
        "is_nan": bool(point.is_nan),
    }


def _join(source_type: str, source: str, target_type: str, target: str) -> Row:
    return {
        "input_uuid": _id("input", source_type, source, target),
        "source_type": source_type,
        "source_id": source,
        "destination_type": target_type,
        "destination_id": target,
    }


def _id(*parts: str | int) -> str:
    return uuid5(_NAMESPACE, "\x00".join(map(str, parts))).hex


def _finite(value: float) -> float:
    return math.copysign(LARGEST_DOUBLE, value) if math.isinf(value) else value  # as MLflow stores it


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)

"""Experiments, runs and logged models of an MLflow database, read page by page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from everlearn.exchange.mlflow.database import MlflowDatabase
from everlearn.tracking.facts import ExperimentFacts, KeyedPoint, ModelFacts, RunFacts
from everlearn.tracking.store.inputs import DatasetUse
from everlearn.tracking.store.models import ModelMetric, ModelUse
from everlearn.tracking.store.points import Newest, Point

AT_ONCE = 100  # runs or models
POINTS_AT_ONCE = 5_000
_STATUSES = {
    0: "LOGGED_MODEL_STATUS_UNSPECIFIED",
    1: "LOGGED_MODEL_PENDING",
    2: "LOGGED_MODEL_READY",
    3: "LOGGED_MODEL_UPLOAD_FAILED",
}
Labels = dict[Any, dict[str, str]]


@dataclass(frozen=True, slots=True)
class MlflowRuns:
    """The tracking half of a workspace."""

    db: MlflowDatabase
    workspace: str

    def experiments(self) -> Iterator[ExperimentFacts]:
        """Give every experiment, also the deleted ones, by id."""
        table, after = self.db.tables["experiments"], -1
        while True:
            rows = self._rows(self._own(sa.select(table)).where(table.c.experiment_id > after), table.c.experiment_id)
            tags = self._labels("experiment_tags", "experiment_id", [row.experiment_id for row in rows])
            for row in rows:
                yield _experiment(row, tags.get(row.experiment_id, {}))
            if len(rows) < AT_ONCE:
                return
            after = rows[-1].experiment_id

    def run_pages(self) -> Iterator[list[RunFacts]]:
        """Give every run, also the deleted ones, some at a time."""
        runs, after = self.db.tables["runs"], ""
        while True:
            rows = self._rows(self._runs().where(runs.c.run_uuid > after), runs.c.run_uuid)
            if rows:
                yield self._facts(rows)
            if len(rows) < AT_ONCE:
                return
            after = rows[-1].run_uuid

    def runs_of(self, ids: Sequence[str]) -> dict[str, RunFacts]:
        """Give those of these runs that are there."""
        runs = self.db.tables["runs"]
        return {facts.id: facts for facts in self._facts(self._all(self._runs().where(runs.c.run_uuid.in_(ids))))}

    def points_of(self, run_id: str) -> Iterator[list[KeyedPoint]]:
        """Give every measurement of a run, some at a time."""
        table = self.db.tables["metrics"]
        columns = (table.c.key, table.c.step, table.c.timestamp, table.c.value, table.c.is_nan)
        with self.db.engine.connect().execution_options(yield_per=POINTS_AT_ONCE) as connection:
            for rows in connection.execute(sa.select(*columns).where(table.c.run_uuid == run_id)).partitions():
                yield [(row[0], _point(*row[1:])) for row in rows]

    def models(self) -> Iterator[ModelFacts]:
        """Give every logged model that is not deleted, by id."""
        table, after = self.db.tables.get("logged_models"), ""
        while table is not None:
            rows = self._rows(self._active_models(table).where(table.c.model_id > after), table.c.model_id)
            yield from self._models(rows)
            if len(rows) < AT_ONCE:
                return
            after = rows[-1].model_id

    def models_of(self, ids: Sequence[str]) -> dict[str, ModelFacts]:
        """Give those of these logged models that are there."""
        table = self.db.tables.get("logged_models")
        if table is None:
            return {}
        rows = self._all(self._active_models(table).where(table.c.model_id.in_(ids)))
        return {facts.id: facts for facts in self._models(rows)}

    def _runs(self) -> sa.Select[Any]:
        runs, experiments = self.db.tables["runs"], self.db.tables["experiments"]
        query = sa.select(
            runs,
            experiments.c.name.label("experiment"),
            experiments.c.lifecycle_stage.label("experiment_stage"),
            experiments.c.last_update_time.label("experiment_changed"),
        ).join_from(runs, experiments, runs.c.experiment_id == experiments.c.experiment_id)
        return self._own(query)

    def _active_models(self, table: sa.Table) -> sa.Select[Any]:
        experiments = self.db.tables["experiments"]
        query = sa.select(table, experiments.c.name.label("experiment")).join_from(
            table, experiments, table.c.experiment_id == experiments.c.experiment_id
        )
        return self._own(query).where(table.c.lifecycle_stage == "active")

    def _facts(self, rows: Sequence[Any]) -> list[RunFacts]:
        ids = [row.run_uuid for row in rows]
        params, tags = self._labels("params", "run_uuid", ids), self._labels("tags", "run_uuid", ids)
        newest, inputs, uses = self._newest(ids), self._inputs(ids), self._uses(ids)
        return [
            RunFacts(
                id=row.run_uuid,
                experiment=row.experiment,
                name=row.name or "",
                user=row.user_id or "",
                status=row.status,
                start_ms=row.start_time or 0,
                end_ms=row.end_time,
                lifecycle=row.lifecycle_stage,
                deleted_ms=_deleted_ms(row),
                location=row.artifact_uri or "",
                params=params.get(row.run_uuid, {}),
                tags=tags.get(row.run_uuid, {}),
                newest=newest.get(row.run_uuid, []),
                inputs=inputs.get(row.run_uuid, []),
                models=uses.get(row.run_uuid, []),
            )
            for row in rows
        ]

    def _newest(self, ids: Sequence[str]) -> dict[str, list[Newest]]:
        table, found = self.db.tables["latest_metrics"], dict[str, list[Newest]]()
        for row in self._all(sa.select(table).where(table.c.run_uuid.in_(ids))):
            point = _point(row.step, row.timestamp, row.value, row.is_nan)
            found.setdefault(row.run_uuid, []).append(Newest(row.key, point))
        return {run_id: sorted(newest) for run_id, newest in found.items()}

    def _inputs(self, ids: Sequence[str]) -> dict[str, list[DatasetUse]]:
        inputs, datasets, found = self.db.tables["inputs"], self.db.tables["datasets"], dict[str, list[DatasetUse]]()
        query = sa.select(inputs.c.input_uuid, inputs.c.destination_id, datasets).join_from(
            inputs, datasets, inputs.c.source_id == datasets.c.dataset_uuid
        )
        rows = self._all(
            query.where(
                inputs.c.source_type == "DATASET", inputs.c.destination_type == "RUN", inputs.c.destination_id.in_(ids)
            )
        )
        tags = self._labels("input_tags", "input_uuid", [row.input_uuid for row in rows], key="name")
        for row in rows:
            use = DatasetUse(
                row.name,
                row.digest,
                row.dataset_source_type,
                row.dataset_source,
                row.dataset_schema,
                row.dataset_profile,
                tags.get(row.input_uuid, {}),
            )
            found.setdefault(row.destination_id, []).append(use)
        return {run_id: sorted(uses, key=lambda use: use[:2]) for run_id, uses in found.items()}

    def _uses(self, ids: Sequence[str]) -> dict[str, list[ModelUse]]:
        table, found = self.db.tables["inputs"], dict[str, list[ModelUse]]()
        query = sa.select(table).where(table.c.source_type.in_(("RUN_INPUT", "RUN_OUTPUT")), table.c.source_id.in_(ids))
        for row in self._all(query):
            role = "input" if row.source_type == "RUN_INPUT" else "output"
            step = row.step if "step" in table.c else 0
            found.setdefault(row.source_id, []).append(ModelUse(role, row.destination_id, step))
        return {run_id: sorted(uses) for run_id, uses in found.items()}

    def _models(self, rows: Sequence[Any]) -> Iterator[ModelFacts]:
        ids = [row.model_id for row in rows]
        params = self._labels("logged_model_params", "model_id", ids, key="param_key", value="param_value")
        tags = self._labels("logged_model_tags", "model_id", ids, key="tag_key", value="tag_value")
        metrics = self._model_metrics(ids)
        for row in rows:
            yield ModelFacts(
                id=row.model_id,
                experiment=row.experiment,
                name=row.name,
                model_type=row.model_type,
                source_run_id=row.source_run_id,
                status=_STATUSES[row.status],
                location=row.artifact_location,
                created_ms=row.creation_timestamp_ms,
                updated_ms=row.last_updated_timestamp_ms,
                params=params.get(row.model_id, {}),
                tags=tags.get(row.model_id, {}),
                metrics=metrics.get(row.model_id, []),
            )

    def _model_metrics(self, ids: Sequence[str]) -> dict[str, list[ModelMetric]]:
        table, newest = self.db.tables["logged_model_metrics"], dict[tuple[str, ...], ModelMetric]()
        for row in self._all(sa.select(table).where(table.c.model_id.in_(ids))):
            is_nan = row.metric_value is None
            point = _point(row.metric_step, row.metric_timestamp_ms, row.metric_value or 0.0, is_nan)
            one = ModelMetric(row.metric_name, row.dataset_name or "", row.dataset_digest or "", row.run_id, point)
            key = (row.model_id, *one[:4])
            if key not in newest or point > newest[key].point:
                newest[key] = one
        found: dict[str, list[ModelMetric]] = {}
        for (model_id, *_), one in sorted(newest.items()):
            found.setdefault(model_id, []).append(one)
        return found

    def _labels(self, name: str, of: str, ids: Sequence[Any], *, key: str = "key", value: str = "value") -> Labels:
        table, found = self.db.tables[name], Labels()
        for row in self._all(sa.select(table.c[of], table.c[key], table.c[value]).where(table.c[of].in_(ids))):
            found.setdefault(row[0], {})[row[1]] = row[2] or ""
        return found

    def _own(self, query: sa.Select[Any]) -> sa.Select[Any]:
        experiments = self.db.tables["experiments"]
        return query.where(experiments.c.workspace == self.workspace) if "workspace" in experiments.c else query

    def _rows(self, query: sa.Select[Any], by: sa.Column[Any]) -> Sequence[Any]:
        return self._all(query.order_by(by).limit(AT_ONCE))

    def _all(self, query: sa.Select[Any]) -> Sequence[Any]:
        with self.db.engine.connect() as connection:
            return connection.execute(query).all()


def _experiment(row: Any, tags: dict[str, str]) -> ExperimentFacts:
    return ExperimentFacts(
        id=row.experiment_id,
        name=row.name,
        location=row.artifact_location or "",
        lifecycle=row.lifecycle_stage,
        created_ms=row.creation_time or 0,
        updated_ms=row.last_update_time or 0,
        tags=tags,
    )


def _deleted_ms(row: Any) -> int | None:
    """Give when a run was deleted; if with its experiment, then at its time, so that it comes back with it."""
    deleted: int | None = row.deleted_time
    if row.lifecycle_stage == "deleted" and row.experiment_stage == "deleted":
        with_it: int = row.experiment_changed or 0
        return with_it if deleted is None or deleted >= with_it else deleted
    return deleted


def _point(step: int, at_ms: int | None, value: float, is_nan: bool) -> Point:  # noqa: FBT001  # a column
    return Point(step, at_ms or 0, 0.0 if is_nan else float(value), int(is_nan))

"""Giving out everything that a project tracked, page by page in the order of ids."""

from collections.abc import Collection, Iterator, Sequence

from everlearn.db import Database, Tx
from everlearn.tracking.facts import ExperimentFacts, KeyedPoint, ModelFacts, RunFacts
from everlearn.tracking.journal import RunRecord, records
from everlearn.tracking.model import Artifact
from everlearn.tracking.store import artifacts as artifact_store
from everlearn.tracking.store import experiments as experiment_store
from everlearn.tracking.store import models as model_store
from everlearn.tracking.store import points as point_store
from everlearn.tracking.store import runs as run_store
from everlearn.tracking.store.models import ModelRow

AT_ONCE = 100  # runs or models
POINTS_AT_ONCE = 5_000
FILES_AT_ONCE = 500


def experiments(db: Database, project: str) -> Iterator[ExperimentFacts]:
    """Give every experiment, also the deleted ones."""
    after = -1
    while True:
        with db.read() as tx:
            rows = experiment_store.list_by_id(tx, project, after=after, limit=AT_ONCE)
            tags = experiment_store.tags_of(tx, [row.no for row in rows])
        for row in rows:
            yield ExperimentFacts(
                id=row.id,
                name=row.name,
                location=row.artifact_location,
                lifecycle=row.lifecycle,
                created_ms=row.created_ms,
                updated_ms=row.updated_ms,
                tags=tags[row.no],
            )
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].id


def run_pages(db: Database, project: str) -> Iterator[list[RunFacts]]:
    """Give every run, also the deleted ones, some at a time."""
    after = ""
    while True:
        with db.read() as tx:
            rows = run_store.list_by_id(tx, project, after=after, limit=AT_ONCE)
            found = [_run_facts(record) for record in records(tx, rows)]
        if found:
            yield found
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].id


def runs_of(db: Database, project: str, ids: Sequence[str]) -> dict[str, RunFacts]:
    """Give those of these runs that the project has."""
    with db.read() as tx:
        rows = run_store.list_of_ids(tx, project, ids)
        return {record.run.id: _run_facts(record) for record in records(tx, rows)}


def points_of(db: Database, run_id: str) -> Iterator[list[KeyedPoint]]:
    """Give every measurement of a run, some at a time."""
    after = None
    while True:
        with db.read() as tx:
            found = point_store.list_of_run(tx, run_id, after=after, limit=POINTS_AT_ONCE)
        if found:
            yield [(key, point) for _, key, point in found]
        if len(found) < POINTS_AT_ONCE:
            return
        number, _, point = found[-1]
        after = (number, point)


def models(db: Database, project: str) -> Iterator[ModelFacts]:
    """Give every logged model."""
    after = ""
    while True:
        with db.read() as tx:
            rows = model_store.list_by_id(tx, project, after=after, limit=AT_ONCE)
            found = list(_model_facts(tx, rows))
        yield from found
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].id


def models_of(db: Database, project: str, ids: Sequence[str]) -> dict[str, ModelFacts]:
    """Give those of these logged models that the project has."""
    with db.read() as tx:
        rows = [row for one in ids if (row := model_store.find(tx, project, one)) is not None]
        return {facts.id: facts for facts in _model_facts(tx, rows)}


def files(db: Database, project: str, folder: str = "") -> Iterator[Artifact]:
    """Give every file in and under a folder of the project's tree, by path."""
    after = None
    while True:
        with db.read() as tx:
            found = artifact_store.below(tx, project, folder, after=after, limit=FILES_AT_ONCE)
        yield from found
        if len(found) < FILES_AT_ONCE:
            return
        after = found[-1].path


def _run_facts(record: RunRecord) -> RunFacts:
    run = record.run
    return RunFacts(
        id=run.id,
        experiment=run.experiment,
        name=run.name,
        user=run.user,
        status=run.status,
        start_ms=run.start_ms,
        end_ms=run.end_ms,
        lifecycle=run.lifecycle,
        deleted_ms=None,
        location=run.artifact_root,
        params=record.params,
        tags=record.tags,
        newest=record.newest,
        inputs=sorted(record.inputs, key=lambda use: use[:2]),
        models=record.models,
    )


def _model_facts(tx: Tx, rows: Sequence[ModelRow]) -> Iterator[ModelFacts]:
    numbers = [row.no for row in rows]
    labels, metrics = model_store.labels_of(tx, numbers), model_store.metrics_of(tx, numbers)
    names = _experiment_names(tx, {row.experiment_no for row in rows})
    for row in rows:
        yield ModelFacts(
            id=row.id,
            experiment=names[row.experiment_no],
            name=row.name,
            model_type=row.model_type,
            source_run_id=row.source_run_id,
            status=row.status,
            location=row.artifact_root,
            created_ms=row.created_ms,
            updated_ms=row.updated_ms,
            params=labels.get((row.no, "param"), {}),
            tags=labels.get((row.no, "tag"), {}),
            metrics=metrics.get(row.no, ()),
        )


def _experiment_names(tx: Tx, numbers: Collection[int]) -> dict[int, str]:
    found = (experiment_store.by_no(tx, number) for number in numbers)
    return {row.no: row.name for row in found if row is not None}

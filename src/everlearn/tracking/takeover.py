"""Taking over what was tracked elsewhere: many rows a transaction, and no event for each run.

What is here already stays as it is: everything can be taken over again, and the second time changes nothing. Only a
run that was still going when it was taken over gets its end later.
"""

from collections.abc import Sequence
from typing import NamedTuple

from everlearn.core.actor import Actor
from everlearn.db import Tx
from everlearn.tracking.facts import ExperimentFacts, KeyedPoint, ModelFacts, RunFacts
from everlearn.tracking.model import Lifecycle, RunStatus
from everlearn.tracking.recording import run_not_found
from everlearn.tracking.store import experiments as experiment_store
from everlearn.tracking.store import inputs as input_store
from everlearn.tracking.store import models as model_store
from everlearn.tracking.store import points as point_store
from everlearn.tracking.store import runs as run_store
from everlearn.tracking.store.experiments import ExperimentRow
from everlearn.tracking.store.keys import number_keys
from everlearn.tracking.store.labels import PARAMS, TAGS
from everlearn.tracking.store.models import ModelRow
from everlearn.tracking.store.runs import RunRow

_OPEN = frozenset({RunStatus.RUNNING, RunStatus.SCHEDULED})


class Taken(NamedTuple):
    """Where something went."""

    number: int  # the experiment's id in the project
    is_new: bool


def take_experiment(tx: Tx, project: str, facts: ExperimentFacts) -> Taken:
    """Add an experiment, under its own id if that is free; one of the same name is the same experiment."""
    known = experiment_store.by_name(tx, project, facts.name)
    if known is not None:
        return Taken(known.id, is_new=False)
    row = experiment_store.insert_taken(
        tx,
        project,
        facts.name,
        number=facts.id,
        lifecycle=facts.lifecycle,
        created_ms=facts.created_ms,
        updated_ms=facts.updated_ms,
    )
    for key, value in facts.tags.items():
        experiment_store.put_tag(tx, row.no, key, value)
    return Taken(row.id, is_new=True)


def take_run(tx: Tx, project: str, facts: RunFacts, *, actor: Actor) -> bool:
    """Add a run with what it logged but its points; False when the id belongs to another project."""
    experiment = experiment_store.by_name(tx, project, facts.experiment)
    if experiment is None:
        raise LookupError(f"experiment {facts.experiment!r} was not taken over before its runs")
    number = run_store.insert(tx, _run_row(project, experiment, facts, actor))
    if number is None:
        key = run_store.key_of(tx, facts.id)
        if key is None or key.project != project:
            return False
        number = key.no
        if facts.status not in _OPEN and facts.end_ms is not None:
            run_store.end(tx, number, RunStatus(facts.status), at_ms=facts.end_ms)
    elif facts.lifecycle == Lifecycle.DELETED:
        run_store.set_lifecycle(tx, number, Lifecycle.DELETED, at_ms=facts.deleted_ms or facts.start_ms)
    numbers = number_keys(tx, {*facts.params, *facts.tags})
    PARAMS.insert(tx, number, experiment.no, {numbers[key]: value for key, value in facts.params.items()})
    TAGS.insert(tx, number, experiment.no, {numbers[key]: value for key, value in facts.tags.items()})
    input_store.insert(tx, number, experiment.no, facts.inputs)
    model_store.put_uses(tx, number, facts.models)
    return True


def take_points(tx: Tx, run_id: str, points: Sequence[KeyedPoint]) -> None:
    """Add measurements to a run that was taken over; those that are there are not added again."""
    run = run_store.key_of(tx, run_id)
    if run is None:
        raise run_not_found(run_id)
    numbers = number_keys(tx, {key for key, _ in points})
    point_store.insert(tx, run.no, run.experiment_no, [(numbers[key], point) for key, point in points])


def take_model(tx: Tx, project: str, facts: ModelFacts) -> bool:
    """Add a logged model; False when the id belongs to another project."""
    experiment = experiment_store.by_name(tx, project, facts.experiment)
    if experiment is None:
        raise LookupError(f"experiment {facts.experiment!r} was not taken over before its models")
    if model_store.find(tx, project, facts.id) is not None:
        return True
    row = model_store.insert_taken(tx, _model_row(project, experiment, facts))
    if row is None:
        return False
    model_store.put_labels(tx, row.no, "param", facts.params)
    model_store.put_labels(tx, row.no, "tag", facts.tags)
    model_store.put_metrics(tx, row.no, facts.metrics)
    return True


def run_folder(experiment: int, run_id: str) -> str:
    """Name the folder of a run in its project's tree of files."""
    return f"{experiment}/{run_id}/artifacts"


def model_folder(experiment: int, model_id: str) -> str:
    """Name the folder of a logged model in its project's tree of files."""
    return f"{experiment}/models/{model_id}/artifacts"


def _run_row(project: str, experiment: ExperimentRow, facts: RunFacts, actor: Actor) -> RunRow:
    return RunRow(
        no=0,
        id=facts.id,
        project=project,
        experiment_no=experiment.no,
        experiment_id=experiment.id,
        experiment=experiment.name,
        name=facts.name,
        user=facts.user,
        status=facts.status,
        start_ms=facts.start_ms,
        end_ms=facts.end_ms,
        lifecycle=facts.lifecycle,
        artifact_root=run_folder(experiment.id, facts.id),
        effective_at=None,
        started_by=actor,
    )


def _model_row(project: str, experiment: ExperimentRow, facts: ModelFacts) -> ModelRow:
    return ModelRow(
        no=0,
        id=facts.id,
        project=project,
        experiment_no=experiment.no,
        name=facts.name,
        model_type=facts.model_type,
        source_run_id=facts.source_run_id,
        status=facts.status,
        artifact_root=model_folder(experiment.id, facts.id),
        created_ms=facts.created_ms,
        updated_ms=facts.updated_ms,
        experiment_id=experiment.id,
    )

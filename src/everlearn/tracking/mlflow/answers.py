"""Runs, experiments and points as the protocol writes them."""

from collections.abc import Iterable, Mapping, Sequence

from everlearn.tracking.journal import RUN_NAME, RunRecord
from everlearn.tracking.mlflow.messages import (
    DatasetInputOut,
    DatasetOut,
    ExperimentOut,
    MetricOut,
    ModelInputOut,
    ModelOutputOut,
    RunData,
    RunInfo,
    RunInputs,
    RunOut,
    RunOutputs,
    TagOut,
)
from everlearn.tracking.model import Experiment
from everlearn.tracking.store.inputs import DatasetUse
from everlearn.tracking.store.points import Newest
from everlearn.tracking.store.runs import RunRow, milliseconds_of
from everlearn.web.mlflow.wire import LARGEST_DOUBLE, double_out


def experiment_out(experiment: Experiment) -> ExperimentOut:
    """Write an experiment."""
    return ExperimentOut(
        experiment_id=experiment.id,
        name=experiment.name,
        artifact_location=experiment.artifact_location,
        lifecycle_stage=experiment.lifecycle,
        last_update_time=milliseconds_of(experiment.updated_at),
        creation_time=milliseconds_of(experiment.created_at),
        tags=tags_out(experiment.tags),
    )


def run_out(record: RunRecord) -> RunOut:
    """Write a run with what it logged."""
    tags = dict(record.tags)
    if record.run.name:
        tags.setdefault(RUN_NAME, record.run.name)
    return RunOut(
        info=info_out(record.run),
        data=RunData(
            metrics=[metric_out(one) for one in record.newest], params=tags_out(record.params), tags=tags_out(tags)
        ),
        inputs=RunInputs(
            dataset_inputs=[_dataset_out(use) for use in record.inputs],
            model_inputs=[ModelInputOut(use.model_id) for use in record.models if use.role == "input"],
        ),
        outputs=RunOutputs([ModelOutputOut(use.model_id, use.step) for use in record.models if use.role == "output"]),
    )


def info_out(run: RunRow) -> RunInfo:
    """Write a run without what it logged."""
    return RunInfo(
        run_id=run.id,
        run_uuid=run.id,
        run_name=run.name,
        experiment_id=str(run.experiment_id),
        user_id=run.user,
        status=run.status,
        artifact_uri=f"mlflow-artifacts:/{run.artifact_root}",
        lifecycle_stage=run.lifecycle,
        start_time=run.start_ms,
        end_time=run.end_ms,
    )


def metric_out(one: Newest) -> MetricOut:
    """Write the newest point of a metric."""
    step, at_ms, value, is_nan = one.point
    return MetricOut(one.key, "NaN" if is_nan else double_out(value), at_ms, step)


def points_out(key: str, points: Sequence[tuple[int, int, float, int]]) -> list[MetricOut]:
    """Write points of one metric."""
    if all(-LARGEST_DOUBLE <= point[2] <= LARGEST_DOUBLE and not point[3] for point in points):  # the common case
        return [MetricOut(key, value, at_ms, step) for step, at_ms, value, _ in points]
    return [
        MetricOut(key, "NaN" if is_nan else double_out(value), at_ms, step) for step, at_ms, value, is_nan in points
    ]


def tags_out(values: Mapping[str, str] | Iterable[tuple[str, str]]) -> list[TagOut]:
    """Write names and texts."""
    pairs = values.items() if isinstance(values, Mapping) else values
    return [TagOut(key, value) for key, value in pairs]


def _dataset_out(use: DatasetUse) -> DatasetInputOut:
    data = DatasetOut(
        name=use.name,
        digest=use.digest,
        source_type=use.source_type,
        source=use.source,
        schema=use.schema,
        profile=use.profile,
    )
    return DatasetInputOut(dataset=data, tags=tags_out(use.tags))

"""Runs and what they log over the protocol: the hot routes."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from everlearn.access import Role
from everlearn.tracking.journal import RUN_NAME, USER, Entries, Journal, NewRun
from everlearn.tracking.mlflow import messages as m
from everlearn.tracking.mlflow.answers import info_out, run_out
from everlearn.tracking.mlflow.models import uses_of
from everlearn.tracking.mlflow.rules import (
    LONGEST_PARAM,
    LONGEST_TAG,
    MOST_ENTITIES,
    MOST_METRICS,
    MOST_PARAMS,
    MOST_TAGS,
    checked_key,
    experiment_number,
    fitted,
    generated_name,
    given_params,
    given_status,
    given_tags,
)
from everlearn.tracking.store.inputs import DatasetUse
from everlearn.tracking.store.models import ModelMetric
from everlearn.tracking.store.points import Point, point_of
from everlearn.web.mlflow import Call, Empty, Route, operation
from everlearn.web.mlflow.errors import ProtocolError
from everlearn.web.mlflow.wire import double_in

_LARGEST_BATCH = 1_000_000  # bytes


@dataclass(frozen=True, slots=True)
class RunDoor:
    """What the routes do."""

    journal: Journal

    async def create(self, call: Call, asked: m.CreateRun) -> m.OneRun:
        """Start a run."""
        tags = given_tags(asked.tags, longest=LONGEST_TAG)
        named = tags.get(RUN_NAME)
        if asked.run_name and named and asked.run_name != named:
            raise ProtocolError(
                "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values "
                f"(run_name='{asked.run_name[:80]}', mlflow.runName='{named[:80]}')."
            )
        name = fitted(RUN_NAME, asked.run_name or named or generated_name(), longest=LONGEST_TAG)
        user = asked.user_id or tags.get(USER) or "unknown"
        new = NewRun(
            id=uuid4().hex,
            experiment=experiment_number(asked.experiment_id or "0"),
            name=name,
            user=user,
            start_ms=asked.start_time,
            tags=tags | {RUN_NAME: name},
        )
        return m.OneRun(run_out(await self.journal.create(call.project, new, actor=call.actor)))

    async def update(self, call: Call, asked: m.UpdateRun) -> m.OneRunInfo:
        """Change the status, the end or the name of a run."""
        row = await self.journal.update(
            call.project,
            _run_id(asked),
            status=None if asked.status is None else given_status(asked.status),
            end_ms=asked.end_time,
            name=None if asked.run_name is None else fitted(RUN_NAME, asked.run_name, longest=LONGEST_TAG),
            actor=call.actor,
        )
        return m.OneRunInfo(info_out(row))

    def get(self, call: Call, asked: m.RunById) -> m.OneRun:
        """Give one run."""
        return m.OneRun(run_out(self.journal.get(call.project, _run_id(asked))))

    async def log_metric(self, call: Call, asked: m.LogMetric) -> Empty:
        """Add one measurement."""
        run_id, measured = _run_id(asked), _measured(asked)
        of_models = _of_models(run_id, [asked], [measured]) if asked.model_id else {}
        entries = Entries(params={}, tags={}, metrics=(measured,), model_metrics=of_models)
        await self.journal.add(call.project, run_id, entries)
        return Empty()

    async def log_parameter(self, call: Call, asked: m.LogLabel) -> Empty:
        """Add one parameter."""
        key = checked_key(asked.key or "", "param")
        params = {key: fitted(key, asked.value or "", longest=LONGEST_PARAM)}
        await self.journal.add(call.project, _run_id(asked), Entries(params=params, tags={}, metrics=()))
        return Empty()

    async def set_tag(self, call: Call, asked: m.LogLabel) -> Empty:
        """Set one tag."""
        key = checked_key(asked.key or "", "tag")
        tags = {key: fitted(key, asked.value or "", longest=LONGEST_TAG)}
        await self.journal.add(call.project, _run_id(asked), Entries(params={}, tags=tags, metrics=()))
        return Empty()

    async def delete_tag(self, call: Call, asked: m.LogLabel) -> Empty:
        """Take one tag away."""
        await self.journal.delete_tag(call.project, _run_id(asked), checked_key(asked.key or "", "tag"))
        return Empty()

    async def log_batch(self, call: Call, asked: m.LogBatch) -> Empty:
        """Add many at once, all or none."""
        metrics, params, tags = asked.metrics or (), asked.params or (), asked.tags or ()
        _check_sizes(len(metrics), len(params), len(tags))
        run_id, measured = _run_id(asked), _all_measured(metrics)
        entries = Entries(
            params=given_params(params),
            tags=given_tags(tags, longest=LONGEST_TAG),
            metrics=measured,
            model_metrics=_of_models(run_id, metrics, measured) if any(one.model_id for one in metrics) else {},
        )
        await self.journal.add(call.project, run_id, entries)
        return Empty()

    async def log_inputs(self, call: Call, asked: m.LogInputs) -> Empty:
        """Write down what data a run read."""
        uses = [_dataset_use(one) for one in asked.datasets or ()]
        await self.journal.add_inputs(call.project, _run_id(asked), uses, uses_of("input", asked.models))
        return Empty()


def run_routes(journal: Journal) -> tuple[Route, ...]:
    """List the routes."""
    door, base, log = RunDoor(journal), "/mlflow/runs", Role.CONTRIBUTOR
    return (
        operation("GET", f"{base}/get", Role.VIEWER, door.get, m.RunById),
        operation("POST", f"{base}/create", log, door.create, m.CreateRun),
        operation("POST", f"{base}/update", log, door.update, m.UpdateRun),
        operation("POST", f"{base}/log-metric", log, door.log_metric, m.LogMetric, "key value timestamp"),
        operation("POST", f"{base}/log-parameter", log, door.log_parameter, m.LogLabel, "key"),
        operation("POST", f"{base}/set-tag", log, door.set_tag, m.LogLabel, "key value"),
        operation("POST", f"{base}/delete-tag", log, door.delete_tag, m.LogLabel, "key"),
        operation("POST", f"{base}/log-batch", log, door.log_batch, m.LogBatch, largest_body=_LARGEST_BATCH),
        operation("POST", f"{base}/log-inputs", log, door.log_inputs, m.LogInputs, "run_id"),
    )


def _run_id(asked: m.RunById | m.UpdateRun | m.LogMetric | m.LogLabel | m.LogBatch | m.LogInputs) -> str:
    run_id = asked.run_id or getattr(asked, "run_uuid", None)
    if not run_id:
        raise ProtocolError("Missing value for required parameter 'run_id'.")
    return run_id


def _measured(asked: m.LogMetric | m.BatchMetric) -> tuple[str, Point]:
    if asked.key is None or asked.value is None or asked.timestamp is None:
        absent = next(name for name in ("key", "value", "timestamp") if getattr(asked, name) is None)
        raise ProtocolError(f"Missing value for required parameter '{absent}'.")
    return checked_key(asked.key, "metric"), point_of(asked.step or 0, asked.timestamp, double_in(asked.value))


def _all_measured(metrics: Sequence[m.BatchMetric]) -> list[tuple[str, Point]]:
    known: set[str] = set()
    measured = []
    for number, one in enumerate(metrics):
        if one.value is None or one.timestamp is None or one.key is None:
            absent = next(name for name in ("key", "value", "timestamp") if getattr(one, name) is None)
            raise ProtocolError(f"Missing value for required parameter 'metrics[{number}].{absent}'.")
        if one.key not in known:  # a batch has few keys and many points
            known.add(checked_key(one.key, "metric"))
        measured.append((one.key, point_of(one.step or 0, one.timestamp, double_in(one.value))))
    return measured


def _of_models(
    run_id: str, asked: Sequence[m.LogMetric | m.BatchMetric], measured: Sequence[tuple[str, Point]]
) -> dict[str, list[ModelMetric]]:
    """Pick the measurements that are of a model, by model."""
    found: dict[str, list[ModelMetric]] = {}
    for one, (key, point) in zip(asked, measured, strict=True):
        if one.model_id:
            metric = ModelMetric(key, one.dataset_name or "", one.dataset_digest or "", run_id, point)
            found.setdefault(one.model_id, []).append(metric)
    return found


def _check_sizes(metrics: int, params: int, tags: int) -> None:
    for kind, count, most in (("metrics", metrics, MOST_METRICS), ("params", params, MOST_PARAMS), ("tags", tags, MOST_TAGS)):  # fmt: skip  # noqa: E501
        if count > most:
            raise ProtocolError(
                f"A batch logging request can contain at most {most} {kind}. Got {count} {kind}. "
                f"Please split up {kind} across multiple requests and try again."
            )
    if metrics + params + tags > MOST_ENTITIES:
        raise ProtocolError(
            f"A batch logging request can contain at most {MOST_ENTITIES} metrics, params and tags in all. "
            f"Got {metrics + params + tags}. Please split them up across multiple requests and try again."
        )


def _dataset_use(asked: m.DatasetInput) -> DatasetUse:
    data = asked.dataset
    if data is None:
        raise ProtocolError("Missing value for required parameter 'dataset'.")
    for name in ("name", "digest", "source_type", "source"):
        if not getattr(data, name):
            raise ProtocolError(f"Missing value for required parameter '{name}'.")
    for name, longest in (("name", 500), ("digest", 36), ("source", 65_535), ("schema", 1_048_575), ("profile", 16_777_215)):  # fmt: skip  # noqa: E501
        if len(getattr(data, name) or "") > longest:
            raise ProtocolError(f"'{name}' exceeds the maximum length of {longest} characters")
    tags = {tag.key or "": tag.value or "" for tag in asked.tags or ()}
    return DatasetUse(
        data.name or "", data.digest or "", data.source_type or "", data.source or "", data.schema, data.profile, tags
    )

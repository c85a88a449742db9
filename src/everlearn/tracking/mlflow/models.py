"""Logged models over the protocol."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_hex

from everlearn.access import Role
from everlearn.tracking.files import Files
from everlearn.tracking.journal import Entries, Journal
from everlearn.tracking.mlflow import messages as m
from everlearn.tracking.mlflow import model_messages as mm
from everlearn.tracking.mlflow.answers import tags_out
from everlearn.tracking.mlflow.artifacts import file_out
from everlearn.tracking.mlflow.rules import LONGEST_PARAM, LONGEST_TAG, experiment_number, fitted, page_size
from everlearn.tracking.models import AskedModels, ModelRecord, Models, NewModel
from everlearn.tracking.store.models import ModelMetric, ModelUse
from everlearn.web.mlflow import Call, Empty, Route, operation
from everlearn.web.mlflow.errors import ProtocolError
from everlearn.web.mlflow.wire import double_out

HISTORY_TAG = "mlflow.log-model.history"
MOST_MODELS = 1_000
_FORBIDDEN = frozenset("/:.%\"'")
_STATUSES = {1: "LOGGED_MODEL_PENDING", 2: "LOGGED_MODEL_READY", 3: "LOGGED_MODEL_UPLOAD_FAILED"}


@dataclass(frozen=True, slots=True)
class ModelDoor:
    """What the routes do."""

    models: Models
    journal: Journal
    files: Files

    def create(self, call: Call, asked: mm.CreateModel) -> mm.OneModel:
        """Begin a model."""
        new = NewModel(
            experiment=experiment_number(asked.experiment_id or ""),
            name=_checked_name(asked.name or f"model-{token_hex(4)}"),
            model_type=asked.model_type,
            source_run_id=asked.source_run_id or None,
            params=_labels(asked.params, longest=LONGEST_PARAM),
            tags=_labels(asked.tags, longest=LONGEST_TAG),
        )
        return mm.OneModel(model_out(self.models.create(call.project, new)))

    def get(self, call: Call, asked: mm.ModelById) -> mm.OneModel:
        """Give one model."""
        return mm.OneModel(model_out(self.models.get(call.project, asked.model_id or "")))

    def finalize(self, call: Call, asked: mm.FinalizeModel) -> mm.OneModel:
        """Write whether its files have arrived."""
        status = _STATUSES.get(asked.status) if isinstance(asked.status, int) else asked.status
        if status not in _STATUSES.values():
            raise ProtocolError(f"Invalid value {asked.status!r} for parameter 'status' supplied.")
        return mm.OneModel(
            model_out(self.models.finalize(call.project, asked.model_id or "", str(status), actor=call.actor))
        )

    def put_tags(self, call: Call, asked: mm.ModelTags) -> mm.OneModel:
        """Set tags."""
        tags = _labels(asked.tags, longest=LONGEST_TAG)
        return mm.OneModel(model_out(self.models.put_tags(call.project, asked.model_id or "", tags)))

    def delete_tag(self, call: Call, asked: mm.ModelTag) -> Empty:
        """Take a tag away."""
        self.models.delete_tag(call.project, asked.model_id or "", asked.tag_key or "")
        return Empty()

    def add_params(self, call: Call, asked: mm.ModelParams) -> Empty:
        """Add parameters."""
        params = _labels(asked.params, longest=LONGEST_PARAM)
        self.models.add_params(call.project, asked.model_id or "", params)
        return Empty()

    def list_files(self, call: Call, asked: mm.ModelFiles) -> m.Files:
        """List a folder of a model."""
        root = self.models.get(call.project, asked.model_id or "").model.artifact_root
        inside = (asked.artifact_directory_path or "").rstrip("/")
        children = self.files.children(call.project, f"{root}/{inside}" if inside else root)
        return m.Files(
            root_uri=f"mlflow-artifacts:/{root}",
            files=[file_out(child, f"{inside}/{child.name}" if inside else child.name) for child in children],
        )

    def search(self, call: Call, asked: mm.SearchModels) -> mm.ModelPage:
        """Find models."""
        found, token = self.models.search(
            call.project,
            AskedModels(
                experiments=[experiment_number(one) for one in asked.experiment_ids or ()],
                filter=asked.filter,
                datasets=[(_dataset_name(one), one.dataset_digest or "") for one in asked.datasets or ()],
                orders=[_order(one) for one in asked.order_by or ()],
                limit=page_size(asked.max_results, default=50, most=MOST_MODELS),
                token=asked.page_token or None,
            ),
        )
        return mm.ModelPage([model_out(one) for one in found], token)

    def log_outputs(self, call: Call, asked: m.LogOutputs) -> Empty:
        """Write down which models a run made."""
        self.models.add_uses(call.project, asked.run_id or "", uses_of("output", asked.models))
        return Empty()

    async def log_model(self, call: Call, asked: m.LogModel) -> Empty:
        """Write down a model as clients before 3 do: in a tag of the run."""
        try:
            described = json.loads(asked.model_json or "")
        except ValueError as error:
            raise ProtocolError(f"Malformed model info. \n {str(asked.model_json)[:200]} \n is not JSON.") from error
        missing = {"artifact_path", "flavors", "utc_time_created", "run_id"} - set(
            described if isinstance(described, dict) else ()
        )
        if missing:
            raise ProtocolError(f"Model json is missing mandatory fields: {sorted(missing)}")
        run_id = asked.run_id or ""
        known = json.loads(self.journal.get(call.project, run_id).tags.get(HISTORY_TAG, "[]"))
        tags = {HISTORY_TAG: json.dumps([*known, described])}
        await self.journal.add(call.project, run_id, Entries(params={}, tags=tags, metrics=()))
        return Empty()


def model_routes(models: Models, journal: Journal, files: Files) -> tuple[Route, ...]:
    """List the routes."""
    door, base, look, log = ModelDoor(models, journal, files), "/mlflow/logged-models", Role.VIEWER, Role.CONTRIBUTOR
    one, by_id = f"{base}/{{model_id}}", "model_id"
    return (
        operation("POST", base, log, door.create, mm.CreateModel, "experiment_id"),
        operation("POST", f"{base}/search", look, door.search, mm.SearchModels),
        operation("GET", one, look, door.get, mm.ModelById, by_id),
        operation("PATCH", one, log, door.finalize, mm.FinalizeModel, f"{by_id} status"),
        operation("PATCH", f"{one}/tags", log, door.put_tags, mm.ModelTags, by_id),
        operation("DELETE", f"{one}/tags/{{tag_key}}", log, door.delete_tag, mm.ModelTag, f"{by_id} tag_key"),
        operation("POST", f"{one}/params", log, door.add_params, mm.ModelParams, by_id),
        operation("GET", f"{one}/artifacts/directories", look, door.list_files, mm.ModelFiles, by_id),
        operation("POST", "/mlflow/runs/outputs", log, door.log_outputs, m.LogOutputs, "run_id"),
        operation("POST", "/mlflow/runs/log-model", log, door.log_model, m.LogModel, "run_id model_json"),
    )


def model_out(record: ModelRecord) -> mm.ModelOut:
    """Write a model."""
    row = record.model
    info = mm.ModelInfo(
        model_id=row.id,
        experiment_id=str(row.experiment_id),
        name=row.name,
        creation_timestamp_ms=row.created_ms,
        last_updated_timestamp_ms=row.updated_ms,
        artifact_uri=f"mlflow-artifacts:/{row.artifact_root}",
        status=row.status,
        model_type=row.model_type,
        source_run_id=row.source_run_id,
        tags=tags_out(record.tags),
    )
    metrics = [_metric_out(row.id, metric) for metric in record.metrics]
    return mm.ModelOut(info, mm.ModelData(tags_out(record.params), metrics))


def uses_of(role: str, asked: Sequence[m.ModelUseIn] | None) -> list[ModelUse]:
    """Read which models are meant."""
    if any(not one.model_id for one in asked or ()):
        raise ProtocolError("Missing value for required parameter 'model_id'.")
    return [ModelUse(role, one.model_id or "", one.step or 0) for one in asked or ()]


def _metric_out(model_id: str, metric: ModelMetric) -> mm.ModelMetricOut:
    step, at_ms, value, is_nan = metric.point
    return mm.ModelMetricOut(
        key=metric.key,
        value="NaN" if is_nan else double_out(value),
        timestamp=at_ms,
        step=step,
        model_id=model_id,
        run_id=metric.run_id,
        dataset_name=metric.dataset_name or None,
        dataset_digest=metric.dataset_digest or None,
    )


def _labels(asked: Sequence[m.Tag] | None, *, longest: int) -> dict[str, str]:
    if any(not one.key for one in asked or ()):
        raise ProtocolError("Missing value for required parameter 'key'.")
    return {one.key or "": fitted(one.key or "", one.value or "", longest=longest) for one in asked or ()}


def _checked_name(name: str) -> str:
    if not name.strip() or len(name) > 500 or _FORBIDDEN & set(name):
        raise ProtocolError(
            f"Invalid model name ({name[:80]!r}) provided. Model name must be a non-empty string and cannot contain "
            "the following characters: ('/', ':', '.', '%', '\"', \"'\")"
        )
    return name


def _dataset_name(asked: mm.ModelDataset) -> str:
    if not asked.dataset_name:
        raise ProtocolError("`dataset_name` in the `datasets` clause must be specified.")
    return asked.dataset_name


def _order(asked: mm.ModelOrder) -> tuple[str, bool, str, str]:
    if not asked.field_name:
        raise ProtocolError("`field_name` in the `order_by` clause must be specified.")
    ascending = True if asked.ascending is None else asked.ascending
    return asked.field_name, ascending, asked.dataset_name or "", asked.dataset_digest or ""

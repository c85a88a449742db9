"""Requests and answers about logged models."""

import msgspec

from everlearn.tracking.mlflow.messages import Tag, TagOut
from everlearn.web.mlflow.wire import Int64, Request


class CreateModel(Request):
    """A new model."""

    experiment_id: str | None = None
    name: str | None = None
    model_type: str | None = None
    source_run_id: str | None = None
    params: list[Tag] | None = None
    tags: list[Tag] | None = None


class ModelById(Request):
    """One model."""

    model_id: str | None = None


class FinalizeModel(Request):
    """Whether the files of a model have arrived."""

    model_id: str | None = None
    status: str | int | None = None


class ModelTags(Request):
    """Tags of a model."""

    model_id: str | None = None
    tags: list[Tag] | None = None


class ModelTag(Request):
    """A tag of a model."""

    model_id: str | None = None
    tag_key: str | None = None


class ModelParams(Request):
    """Parameters of a model."""

    model_id: str | None = None
    params: list[Tag] | None = None


class ModelFiles(Request):
    """A folder of a model."""

    model_id: str | None = None
    artifact_directory_path: str | None = None
    page_token: str | None = None


class ModelOrder(Request):
    """One thing to sort models by."""

    field_name: str | None = None
    ascending: bool | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class ModelDataset(Request):
    """A data set that metrics must be of."""

    dataset_name: str | None = None
    dataset_digest: str | None = None


class SearchModels(Request):
    """A search of models."""

    experiment_ids: list[str] | None = None
    filter: str | None = None
    datasets: list[ModelDataset] | None = None
    max_results: Int64 | None = None
    order_by: list[ModelOrder] | None = None
    page_token: str | None = None


class ModelInfo(msgspec.Struct, omit_defaults=True):
    """A model without what was measured."""

    model_id: str
    experiment_id: str
    name: str
    creation_timestamp_ms: int
    last_updated_timestamp_ms: int
    artifact_uri: str
    status: str
    model_type: str | None = None
    source_run_id: str | None = None
    tags: list[TagOut] = []


class ModelMetricOut(msgspec.Struct, omit_defaults=True):
    """A measurement of a model."""

    key: str
    value: float | str
    timestamp: int
    step: int
    model_id: str | None = None
    run_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class ModelData(msgspec.Struct, omit_defaults=True):
    """What was measured of a model."""

    params: list[TagOut] = []
    metrics: list[ModelMetricOut] = []


class ModelOut(msgspec.Struct):
    """A model."""

    info: ModelInfo
    data: ModelData


class OneModel(msgspec.Struct):
    """One model."""

    model: ModelOut


class ModelPage(msgspec.Struct, omit_defaults=True):
    """A page of models."""

    models: list[ModelOut] = []
    next_page_token: str | None = None

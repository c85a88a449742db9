"""The requests and answers of the tracking half of MLflow's protocol.

In requests every field may be absent; the routes say which must not be. In answers, fields that are empty are left out.
"""

import msgspec

from everlearn.web.mlflow.wire import Int64, Request


class Tag(Request):
    """A name and a text."""

    key: str | None = None
    value: str | None = None


class CreateExperiment(Request):
    """A new experiment."""

    name: str | None = None
    artifact_location: str | None = None
    tags: list[Tag] | None = None


class ExperimentById(Request):
    """One experiment, by id."""

    experiment_id: str | None = None


class ExperimentByName(Request):
    """One experiment, by name."""

    experiment_name: str | None = None


class UpdateExperiment(Request):
    """A new name."""

    experiment_id: str | None = None
    new_name: str | None = None


class ExperimentTag(Request):
    """A tag of an experiment."""

    experiment_id: str | None = None
    key: str | None = None
    value: str | None = None


class Search(Request):
    """A search of experiments."""

    view_type: str | int | None = None
    max_results: Int64 | None = None
    filter: str | None = None
    order_by: list[str] | None = None
    page_token: str | None = None


class SearchRuns(Request):
    """A search of runs."""

    experiment_ids: list[str] | None = None
    filter: str | None = None
    run_view_type: str | int | None = None
    max_results: Int64 | None = None
    order_by: list[str] | None = None
    page_token: str | None = None


class CreateRun(Request):
    """A new run."""

    experiment_id: str | None = None
    user_id: str | None = None
    run_name: str | None = None
    start_time: Int64 | None = None
    tags: list[Tag] | None = None


class UpdateRun(Request):
    """A new status, end or name."""

    run_id: str | None = None
    run_uuid: str | None = None
    status: str | int | None = None
    end_time: Int64 | None = None
    run_name: str | None = None


class RunById(Request):
    """One run; older clients send `run_uuid`."""

    run_id: str | None = None
    run_uuid: str | None = None


class LogMetric(Request):
    """One measurement."""

    run_id: str | None = None
    run_uuid: str | None = None
    key: str | None = None
    value: float | str | None = None
    timestamp: Int64 | None = None
    step: Int64 | None = None
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LogLabel(Request):
    """One parameter or tag."""

    run_id: str | None = None
    run_uuid: str | None = None
    key: str | None = None
    value: str | None = None


class BatchMetric(Request):
    """One measurement of many."""

    key: str | None = None
    value: float | str | None = None
    timestamp: Int64 | None = None
    step: Int64 | None = None
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LogBatch(Request):
    """Many measurements, parameters and tags."""

    run_id: str | None = None
    metrics: list[BatchMetric] | None = None
    params: list[Tag] | None = None
    tags: list[Tag] | None = None


class Dataset(Request):
    """Data that a run read."""

    name: str | None = None
    digest: str | None = None
    source_type: str | None = None
    source: str | None = None
    schema: str | None = None
    profile: str | None = None


class DatasetInput(Request):
    """Data that a run read, and as what."""

    tags: list[Tag] | None = None
    dataset: Dataset | None = None


class ModelUseIn(Request):
    """A model that a run took or made."""

    model_id: str | None = None
    step: Int64 | None = None


class LogInputs(Request):
    """What a run read."""

    run_id: str | None = None
    datasets: list[DatasetInput] | None = None
    models: list[ModelUseIn] | None = None


class LogOutputs(Request):
    """What models a run made."""

    run_id: str | None = None
    models: list[ModelUseIn] | None = None


class LogModel(Request):
    """A model as clients before 3 log it: the description that lies beside it."""

    run_id: str | None = None
    model_json: str | None = None


class History(Request):
    """Every point of one metric."""

    run_id: str | None = None
    run_uuid: str | None = None
    metric_key: str | None = None
    max_results: Int64 | None = None
    page_token: str | None = None


class BulkHistory(Request):
    """Points of one metric of several runs."""

    run_id: list[str] | None = None
    run_ids: list[str] | None = None
    metric_key: str | None = None
    start_step: Int64 | None = None
    end_step: Int64 | None = None
    max_results: Int64 | None = None


class ListArtifacts(Request):
    """The files of a run."""

    run_id: str | None = None
    run_uuid: str | None = None
    path: str | None = None
    page_token: str | None = None


class BeginUpload(Request):
    """A file in parts: `path` is its name at the client, `rest` the folder that it goes to."""

    rest: str | None = None
    path: str | None = None
    num_parts: Int64 | None = None


class PartIn(Request):
    """A part that was sent."""

    part_number: Int64 | None = None
    etag: str | None = None


class EndUpload(Request):
    """An upload that is to be completed or aborted."""

    rest: str | None = None
    path: str | None = None
    upload_id: str | None = None
    parts: list[PartIn] | None = None


class ByPath(Request):
    """A file of the project's tree."""

    path: str | None = None


class PresignUpload(Request):
    """A file of a run or of a logged model, to be sent."""

    run_id: str | None = None
    model_id: str | None = None
    path: str | None = None
    expiration: Int64 | None = None


class PresignDownload(Request):
    """A file of a run, to be fetched."""

    run_id: str | None = None
    path: str | None = None
    expiration: Int64 | None = None


class SearchDatasets(Request):
    """The data sets that runs of some experiments read."""

    experiment_ids: list[str] | None = None


class TagOut(msgspec.Struct):
    """A name and a text."""

    key: str
    value: str


class ExperimentOut(msgspec.Struct, omit_defaults=True):
    """An experiment."""

    experiment_id: str
    name: str
    artifact_location: str
    lifecycle_stage: str
    last_update_time: int
    creation_time: int
    tags: list[TagOut] = []


class ExperimentId(msgspec.Struct):
    """The id of a new experiment."""

    experiment_id: str


class OneExperiment(msgspec.Struct):
    """One experiment."""

    experiment: ExperimentOut


class Experiments(msgspec.Struct, omit_defaults=True):
    """A page of experiments."""

    experiments: list[ExperimentOut] = []
    next_page_token: str | None = None


class RunInfo(msgspec.Struct, omit_defaults=True):
    """A run without what it logged."""

    run_id: str
    run_uuid: str
    run_name: str
    experiment_id: str
    user_id: str
    status: str
    artifact_uri: str
    lifecycle_stage: str
    start_time: int | None = None
    end_time: int | None = None


class MetricOut(msgspec.Struct):
    """A measurement."""

    key: str
    value: float | str
    timestamp: int
    step: int


class RunMetricOut(msgspec.Struct):
    """A measurement and whose it is."""

    key: str
    value: float | str
    timestamp: int
    step: int
    run_id: str


class RunData(msgspec.Struct, omit_defaults=True):
    """What a run logged."""

    metrics: list[MetricOut] = []
    params: list[TagOut] = []
    tags: list[TagOut] = []


class DatasetOut(msgspec.Struct, omit_defaults=True):
    """Data that a run read."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None


class DatasetInputOut(msgspec.Struct, omit_defaults=True):
    """Data that a run read, and as what."""

    dataset: DatasetOut
    tags: list[TagOut] = []


class ModelInputOut(msgspec.Struct):
    """A model that a run took."""

    model_id: str


class ModelOutputOut(msgspec.Struct):
    """A model that a run made."""

    model_id: str
    step: int


class RunInputs(msgspec.Struct, omit_defaults=True):
    """What a run read."""

    dataset_inputs: list[DatasetInputOut] = []
    model_inputs: list[ModelInputOut] = []


class RunOutputs(msgspec.Struct, omit_defaults=True):
    """What a run made."""

    model_outputs: list[ModelOutputOut] = []


class RunOut(msgspec.Struct):
    """A run."""

    info: RunInfo
    data: RunData
    inputs: RunInputs
    outputs: RunOutputs


class OneRun(msgspec.Struct):
    """One run."""

    run: RunOut


class OneRunInfo(msgspec.Struct):
    """One run without what it logged."""

    run_info: RunInfo


class Runs(msgspec.Struct, omit_defaults=True):
    """A page of runs."""

    runs: list[RunOut] = []
    next_page_token: str | None = None


class Metrics(msgspec.Struct, omit_defaults=True):
    """A page of points."""

    metrics: list[MetricOut] = []
    next_page_token: str | None = None


class RunMetrics(msgspec.Struct, omit_defaults=True):
    """Points of several runs."""

    metrics: list[RunMetricOut] = []


class FileOut(msgspec.Struct, omit_defaults=True):
    """A file or folder."""

    path: str
    is_dir: bool
    file_size: int | None = None


class Files(msgspec.Struct, omit_defaults=True):
    """A folder's content."""

    root_uri: str | None = None
    files: list[FileOut] = []
    next_page_token: str | None = None


class Credential(msgspec.Struct):
    """Where a part goes."""

    url: str
    part_number: int
    headers: dict[str, str]


class Upload(msgspec.Struct):
    """An upload that has begun."""

    upload_id: str
    credentials: list[Credential]


class Link(msgspec.Struct, omit_defaults=True):
    """Where a file is fetched, as the artifact proxy says it."""

    url: str
    headers: dict[str, str]
    file_size: int | None = None


class PresignedUrl(msgspec.Struct, omit_defaults=True):
    """Where a file is sent or fetched, as the tracking API says it."""

    presigned_url: str
    headers: dict[str, str]
    file_size: int | None = None


class DatasetSummary(msgspec.Struct, omit_defaults=True):
    """A data set that some run of an experiment read."""

    experiment_id: str
    name: str
    digest: str
    context: str | None = None


class DatasetSummaries(msgspec.Struct):
    """What runs read."""

    dataset_summaries: list[DatasetSummary]

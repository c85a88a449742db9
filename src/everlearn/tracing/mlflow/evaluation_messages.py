"""The requests and answers of evaluation data sets and scorers. Maps and lists are JSON in texts, as clients expect."""

import msgspec

from everlearn.web.mlflow.wire import Int64, Request


class CreateDataset(Request):
    """Make a data set."""

    name: str | None = None
    experiment_ids: list[str] | None = None
    tags: str | None = None  # JSON
    created_by: str | None = None


class DatasetById(Request):
    """One data set."""

    dataset_id: str | None = None


class SearchDatasets(Request):
    """A search of data sets."""

    experiment_ids: list[str] | None = None
    filter_string: str | None = None
    max_results: Int64 | None = None
    order_by: list[str] | None = None
    page_token: str | None = None


class DatasetTags(Request):
    """Tags of a data set."""

    dataset_id: str | None = None
    tags: str | None = None  # JSON


class DatasetTag(Request):
    """One tag of a data set."""

    dataset_id: str | None = None
    key: str | None = None


class DatasetExperiments(Request):
    """Experiments of a data set."""

    dataset_id: str | None = None
    experiment_ids: list[str] | None = None


class UpsertRecords(Request):
    """Records to add or to add to."""

    dataset_id: str | None = None
    records: str | None = None  # JSON
    updated_by: str | None = None


class GetRecords(Request):
    """A page of records."""

    dataset_id: str | None = None
    max_results: Int64 | None = None
    page_token: str | None = None


class DeleteRecords(Request):
    """Records to remove."""

    dataset_id: str | None = None
    dataset_record_ids: list[str] | None = None


class DatasetOut(msgspec.Struct, omit_defaults=True):
    """A data set without its records."""

    dataset_id: str
    name: str
    digest: str
    created_time: int
    last_update_time: int
    tags: str = ""
    schema: str | None = None
    profile: str | None = None
    created_by: str | None = None
    last_updated_by: str | None = None
    experiment_ids: list[str] = []


class OneDataset(msgspec.Struct):
    """One data set."""

    dataset: DatasetOut


class DatasetPage(msgspec.Struct, omit_defaults=True):
    """A page of data sets."""

    datasets: list[DatasetOut] = []
    next_page_token: str | None = None


class ExperimentIds(msgspec.Struct, omit_defaults=True):
    """Experiments."""

    experiment_ids: list[str] = []


class UpsertedOut(msgspec.Struct):
    """How many records came and how many changed."""

    inserted_count: int
    updated_count: int


class RecordsOut(msgspec.Struct, omit_defaults=True):
    """A page of records."""

    records: str  # JSON
    next_page_token: str | None = None


class RecordsDeleted(msgspec.Struct):
    """How many records are gone."""

    deleted_count: int


class RegisterScorer(Request):
    """A new version of a scorer."""

    experiment_id: str | None = None
    name: str | None = None
    serialized_scorer: str | None = None


class ListScorers(Request):
    """The scorers of experiments."""

    experiment_id: str | None = None
    experiment_ids: list[str] | None = None


class ScorerByName(Request):
    """One scorer; without a version the newest, or all of them."""

    experiment_id: str | None = None
    name: str | None = None
    version: Int64 | None = None


class OnlineConfigs(Request):
    """How scorers are run on what comes in."""

    scorer_ids: list[str] | None = None


class Registered(msgspec.Struct):
    """A version of a scorer that was just made."""

    version: int
    scorer_id: str
    experiment_id: str
    name: str
    serialized_scorer: str
    creation_time: int


class ScorerOut(msgspec.Struct):
    """A version of a scorer."""

    experiment_id: int
    scorer_name: str
    scorer_version: int
    serialized_scorer: str
    creation_time: int
    scorer_id: str


class OneScorer(msgspec.Struct):
    """One version of a scorer."""

    scorer: ScorerOut


class ScorersOut(msgspec.Struct, omit_defaults=True):
    """Versions of scorers."""

    scorers: list[ScorerOut] = []


class OnlineConfigsOut(msgspec.Struct):
    """How scorers are run on what comes in: not at all."""

    configs: list[str] = []

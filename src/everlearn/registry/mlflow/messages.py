"""The requests and answers of the registry half of MLflow's protocol."""

import msgspec

from everlearn.web.mlflow.wire import Int64, Request


class Tag(Request):
    """A name and a text."""

    key: str | None = None
    value: str | None = None


class CreateModel(Request):
    """A new model."""

    name: str | None = None
    tags: list[Tag] | None = None
    description: str | None = None


class ModelByName(Request):
    """One model."""

    name: str | None = None


class RenameModel(Request):
    """A new name."""

    name: str | None = None
    new_name: str | None = None


class DescribeModel(Request):
    """A new description."""

    name: str | None = None
    description: str | None = None


class Search(Request):
    """A search of models or versions."""

    filter: str | None = None
    max_results: Int64 | None = None
    order_by: list[str] | None = None
    page_token: str | None = None


class LatestVersions(Request):
    """The newest versions in some stages."""

    name: str | None = None
    stages: list[str] | None = None


class ModelTag(Request):
    """A tag of a model."""

    name: str | None = None
    key: str | None = None
    value: str | None = None


class Alias(Request):
    """An alias of a model."""

    name: str | None = None
    alias: str | None = None
    version: str | int | None = None


class CreateVersion(Request):
    """A new version."""

    name: str | None = None
    source: str | None = None
    run_id: str | None = None
    tags: list[Tag] | None = None
    run_link: str | None = None
    description: str | None = None
    model_id: str | None = None


class VersionByNumber(Request):
    """One version."""

    name: str | None = None
    version: str | int | None = None


class DescribeVersion(Request):
    """A new description of a version."""

    name: str | None = None
    version: str | int | None = None
    description: str | None = None


class MoveStage(Request):
    """A new stage of a version."""

    name: str | None = None
    version: str | int | None = None
    stage: str | None = None
    archive_existing_versions: bool | None = None


class VersionTag(Request):
    """A tag of a version."""

    name: str | None = None
    version: str | int | None = None
    key: str | None = None
    value: str | None = None


class TagOut(msgspec.Struct):
    """A name and a text."""

    key: str
    value: str


class AliasOut(msgspec.Struct):
    """An alias and the version that it names."""

    alias: str
    version: str


class VersionOut(msgspec.Struct, omit_defaults=True):
    """A version."""

    name: str
    version: str
    creation_timestamp: int
    last_updated_timestamp: int
    current_stage: str
    source: str
    status: str
    user_id: str
    run_id: str
    description: str | None = None
    run_link: str | None = None
    model_id: str | None = None
    tags: list[TagOut] = []
    aliases: list[str] = []


class ModelOut(msgspec.Struct, omit_defaults=True):
    """A model."""

    name: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str | None = None
    latest_versions: list[VersionOut] = []
    tags: list[TagOut] = []
    aliases: list[AliasOut] = []


class OneModel(msgspec.Struct):
    """One model."""

    registered_model: ModelOut


class Models(msgspec.Struct, omit_defaults=True):
    """A page of models."""

    registered_models: list[ModelOut] = []
    next_page_token: str | None = None


class OneVersion(msgspec.Struct):
    """One version."""

    model_version: VersionOut


class Versions(msgspec.Struct, omit_defaults=True):
    """A page of versions."""

    model_versions: list[VersionOut] = []
    next_page_token: str | None = None


class DownloadUri(msgspec.Struct):
    """Where the files of a version are."""

    artifact_uri: str

"""What can be searched for, in each kind of search."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from everlearn.core.search.clause import Op

NUMERIC = frozenset({Op.EQUAL, Op.UNEQUAL, Op.GREATER, Op.AT_LEAST, Op.LESS, Op.AT_MOST})
TEXT = frozenset({Op.EQUAL, Op.UNEQUAL, Op.LIKE, Op.ILIKE})
LISTED = TEXT | {Op.IN, Op.NOT_IN}
LABEL = TEXT | {Op.IS_NULL, Op.IS_NOT_NULL}

_METRICS = {"metrics": "metric", "metric": "metric"}
_PARAMS = {"params": "param", "param": "param", "parameters": "param", "parameter": "param"}
_TAGS = {"tags": "tag", "tag": "tag"}
_ATTRIBUTES = {"attributes": "attribute", "attribute": "attribute", "attr": "attribute"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Searchable:
    """The fields of one kind of search."""

    entities: Mapping[str, str]  # as written -> kind
    keyed: Mapping[str, frozenset[Op]]  # kinds whose keys are free, with their operators
    attributes: Mapping[str, frozenset[Op]]  # fixed fields, with their operators
    numbers: frozenset[str]  # fixed fields that are numbers
    aliases: Mapping[str, str] = field(default_factory=dict)  # other spellings of fixed fields
    orderable: frozenset[str]
    datasets: Mapping[str, frozenset[Op]] = field(default_factory=dict)


RUNS = Searchable(
    entities=_METRICS
    | _PARAMS
    | _TAGS
    | _ATTRIBUTES
    | {"run": "attribute", "datasets": "dataset", "dataset": "dataset"},
    keyed={"metric": NUMERIC, "param": LABEL, "tag": LABEL},
    attributes={
        "run_id": LISTED,
        "run_name": TEXT,
        "user_id": TEXT,
        "status": TEXT,
        "artifact_uri": TEXT,
        "start_time": NUMERIC,
        "end_time": NUMERIC,
    },
    numbers=frozenset({"start_time", "end_time"}),
    aliases={
        "run name": "run_name",
        "Run name": "run_name",
        "Run Name": "run_name",
        "Run ID": "run_id",
        "run_uuid": "run_id",
        "created": "start_time",
        "Created": "start_time",
        "User": "user_id",
    },
    orderable=frozenset({"run_id", "run_name", "user_id", "status", "artifact_uri", "start_time", "end_time"}),
    datasets={"name": LISTED, "digest": LISTED, "context": LISTED},
)

EXPERIMENTS = Searchable(
    entities=_TAGS | _ATTRIBUTES,
    keyed={"tag": LABEL},
    attributes={"name": TEXT, "experiment_id": TEXT, "creation_time": NUMERIC, "last_update_time": NUMERIC},
    numbers=frozenset({"creation_time", "last_update_time"}),
    orderable=frozenset({"name", "experiment_id", "creation_time", "last_update_time"}),
)

REGISTERED_MODELS = Searchable(
    entities=_TAGS | _ATTRIBUTES,
    keyed={"tag": LABEL},
    attributes={"name": LISTED},
    numbers=frozenset(),
    aliases={"timestamp": "last_updated_timestamp"},
    orderable=frozenset({"name", "last_updated_timestamp", "creation_timestamp"}),
)

MODEL_VERSIONS = Searchable(
    entities=_TAGS | _ATTRIBUTES,
    keyed={"tag": LABEL},
    attributes={"name": LISTED, "run_id": LISTED, "source_path": TEXT, "version_number": NUMERIC},
    numbers=frozenset({"version_number"}),
    aliases={"timestamp": "last_updated_timestamp"},
    orderable=frozenset({"name", "version_number", "last_updated_timestamp", "creation_timestamp"}),
)

LOGGED_MODELS = Searchable(
    entities=_METRICS | _PARAMS | _TAGS | _ATTRIBUTES,
    keyed={"metric": NUMERIC, "param": LISTED, "tag": LISTED},
    attributes={
        "name": LISTED,
        "model_id": LISTED,
        "model_type": LISTED,
        "status": LISTED,
        "source_run_id": LISTED,
        "creation_timestamp": NUMERIC,
        "last_updated_timestamp": NUMERIC,
    },
    numbers=frozenset({"creation_timestamp", "last_updated_timestamp"}),
    aliases={"creation_time": "creation_timestamp", "last_updated_time": "last_updated_timestamp"},
    orderable=frozenset({"name", "model_id", "creation_timestamp", "last_updated_timestamp"}),
)

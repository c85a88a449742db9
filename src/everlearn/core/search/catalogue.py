"""What each search of the protocol knows, as data."""

from everlearn.core.search.clause import Op
from everlearn.core.search.schema import (
    EQUALITY,
    LISTS,
    NULLS,
    ORDERED,
    PATTERNS,
    Entity,
    Field,
    SearchSchema,
    ValueType,
)

_TEXT = Field(ops=EQUALITY | PATTERNS)
_LISTED = Field(ops=_TEXT.ops | LISTS)
_LABEL = Field(ops=_TEXT.ops | NULLS)
_NUMBER = Field(ops=EQUALITY | ORDERED, type=ValueType.NUMBER)
_WHOLE = Field(ops=EQUALITY | ORDERED, type=ValueType.WHOLE)
_REGULAR = frozenset({Op.RLIKE})

_ATTRIBUTES = frozenset({"attribute", "attributes"})
_TAGS = frozenset({"tag", "tags"})
_METRIC = Entity(kind="metric", names=frozenset({"metric", "metrics"}), free=_NUMBER, is_orderable_by_any=True)
_PARAMS = frozenset({"param", "params", "parameter", "parameters"})

RUNS = SearchSchema(
    entities=(
        Entity(
            kind="attribute",
            names=_ATTRIBUTES | {"attr", "run"},
            fields={
                "run_id": _LISTED,
                "run_name": _TEXT,
                "user_id": _TEXT,
                "status": _TEXT,
                "artifact_uri": _TEXT,
                "start_time": _NUMBER,
                "end_time": _NUMBER,
            },
            aliases={
                "run name": "run_name",
                "Run name": "run_name",
                "Run Name": "run_name",
                "created": "start_time",
                "Created": "start_time",
            },
            orderable=frozenset({
                "run_id", "run_name", "user_id", "status", "artifact_uri", "start_time", "end_time",
            }),
        ),
        _METRIC,
        Entity(kind="tag", names=_TAGS, free=_LABEL, is_orderable_by_any=True),
        Entity(kind="param", names=_PARAMS, free=_LABEL, is_orderable_by_any=True),
        Entity(
            kind="dataset",
            names=frozenset({"dataset", "datasets"}),
            fields={"name": _LISTED, "digest": _LISTED, "context": _LISTED},
        ),
    ),
)  # fmt: skip

EXPERIMENTS = SearchSchema(
    entities=(
        Entity(
            kind="attribute",
            names=_ATTRIBUTES,
            fields={"name": _TEXT, "experiment_id": _LISTED, "creation_time": _WHOLE, "last_update_time": _WHOLE},
            orderable=frozenset({"name", "experiment_id", "creation_time", "last_update_time"}),
        ),
        Entity(kind="tag", names=_TAGS, free=_LABEL, is_orderable_by_any=True),
    ),
)

REGISTERED_MODELS = SearchSchema(
    entities=(
        Entity(
            kind="attribute",
            names=_ATTRIBUTES,
            fields={"name": _LISTED},
            aliases={"timestamp": "last_updated_timestamp"},
            orderable=frozenset({"name", "last_updated_timestamp", "creation_timestamp"}),
        ),
        Entity(kind="tag", names=_TAGS, free=_TEXT),
    ),
    refuses_repeated_orders=True,
    order_key_refusal="Invalid order by key",
)

MODEL_VERSIONS = SearchSchema(
    entities=(
        Entity(
            kind="attribute",
            names=_ATTRIBUTES,
            fields={"name": _LISTED, "run_id": _LISTED, "source_path": _TEXT, "version_number": _WHOLE},
            orderable=frozenset({"name", "version_number", "last_updated_timestamp", "creation_timestamp"}),
        ),
        Entity(kind="tag", names=_TAGS, free=_TEXT),
    ),
    refuses_repeated_orders=True,
)

LOGGED_MODELS = SearchSchema(
    entities=(
        Entity(
            kind="attribute",
            names=_ATTRIBUTES,
            fields={
                "name": _LISTED,
                "model_id": _LISTED,
                "model_type": _LISTED,
                "status": _LISTED,
                "source_run_id": _LISTED,
                "creation_timestamp": _NUMBER,
                "last_updated_timestamp": _NUMBER,
            },
            aliases={"creation_time": "creation_timestamp", "last_updated_time": "last_updated_timestamp"},
            orderable=frozenset({
                "name", "model_id", "model_type", "status", "source_run_id", "creation_timestamp",
                "last_updated_timestamp",
            }),
        ),
        _METRIC,
        Entity(kind="param", names=_PARAMS, free=_LISTED),
        Entity(kind="tag", names=_TAGS, free=_LISTED),
    ),
    operator_refusal="Invalid comparison operator",
    order_key_refusal="Invalid order by field name",
)  # fmt: skip

_TRACE_TEXT = Field(ops=_LISTED.ops | _REGULAR)
_TRACE_ABSENT = Field(ops=_TRACE_TEXT.ops | NULLS)  # kept among tags and metadata, so a trace may lack it
_TRACE_LABEL = Field(ops=_LABEL.ops | _REGULAR)
_JUDGEMENT = Field(ops=_TRACE_LABEL.ops | ORDERED, type=ValueType.JUDGEMENT)

TRACES = SearchSchema(
    entities=(
        Entity(
            kind="attribute",
            names=_ATTRIBUTES | {"trace"},
            fields={
                "request_id": _TRACE_TEXT,
                "client_request_id": _TRACE_TEXT,
                "status": _TRACE_TEXT,
                "name": _TRACE_ABSENT,
                "run_id": _TRACE_ABSENT,
                "prompt": Field(ops=frozenset({Op.EQUAL})),  # "name/version"
                "text": Field(ops=PATTERNS),
                "timestamp_ms": _NUMBER,
                "execution_time_ms": _NUMBER,
                "end_time_ms": _NUMBER,
            },
            aliases={
                "timestamp": "timestamp_ms",
                "execution_time": "execution_time_ms",
                "end_time": "end_time_ms",
            },
            orderable=frozenset({
                "experiment_id", "request_id", "status", "name", "run_id", "timestamp_ms", "execution_time_ms",
                "end_time_ms",
            }),
        ),
        Entity(kind="tag", names=_TAGS, free=_TRACE_LABEL, is_orderable_by_any=True),
        Entity(
            kind="metadata",
            names=frozenset({"metadata", "request_metadata"}),
            free=_TRACE_LABEL,
            is_orderable_by_any=True,
        ),
        Entity(
            kind="span",
            names=frozenset({"span"}),
            fields={
                "name": _TRACE_TEXT,
                "type": _TRACE_TEXT,
                "status": _TRACE_TEXT,
                "content": Field(ops=PATTERNS),
            },
            prefixes={"attributes.": _TRACE_TEXT},
        ),
        Entity(kind="feedback", names=frozenset({"feedback"}), free=_JUDGEMENT),
        Entity(kind="expectation", names=frozenset({"expectation"}), free=_JUDGEMENT),
        Entity(kind="issue", names=frozenset({"issue"}), fields={"id": Field(ops=frozenset({Op.EQUAL}))}),
    ),
    refuses_repeated_orders=True,
)  # fmt: skip

EVALUATION_DATASETS = SearchSchema(
    entities=(
        Entity(
            kind="attribute",
            names=_ATTRIBUTES,
            fields={
                "name": Field(ops=_TEXT.ops | {Op.IN}),
                "created_by": _TEXT,
                "last_updated_by": _TEXT,
                "created_time": _WHOLE,
                "last_update_time": _WHOLE,
            },
            orderable=frozenset({"name", "created_time", "last_update_time"}),
        ),
        Entity(kind="tag", names=_TAGS, free=_TEXT),
    ),
)

"""Traces, their steps, and what is said of them; data sets and scorers to judge with.

Like the points of metrics, labels and spans have no foreign key: it would cost a third of the time of what comes by
the thousand. `experiment_no` stands in them so that one index answers a search of an experiment.
"""

import sqlalchemy as sa

from everlearn.db import NO_BLOB, metadata

_Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_Name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # ordered by code point on both engines


def _trace_no(**said: object) -> sa.Column[int]:
    return sa.Column("trace_no", _Number, sa.ForeignKey("tracing_traces.no"), autoincrement=False, **said)  # type: ignore[arg-type]


traces = sa.Table(
    "tracing_traces",
    metadata,
    sa.Column("no", _Number, primary_key=True, autoincrement=True),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("id", _Name, nullable=False),
    sa.Column("experiment_no", _Number, sa.ForeignKey("tracking_experiments.no"), nullable=False),
    sa.Column("name", _Name),
    sa.Column("state", _Name, nullable=False),
    sa.Column("start_ms", sa.BigInteger, nullable=False),
    sa.Column("duration_ms", sa.BigInteger),
    sa.Column("client_request_id", _Name),
    sa.Column("request_preview", sa.Text),
    sa.Column("response_preview", sa.Text),
    sa.Column("is_told", sa.SmallInteger, nullable=False),  # 1: a client said all this; 0: worked out from spans
    sa.Column("span_count", sa.Integer, nullable=False),
    sa.UniqueConstraint("project", "id"),
    sa.CheckConstraint("state in ('STATE_UNSPECIFIED', 'OK', 'ERROR', 'IN_PROGRESS')", name="state"),
    sa.Index("ix_tracing_traces_newest", "experiment_no", "start_ms", "id"),
    sa.Index("ix_tracing_traces_name", "experiment_no", "name"),
    sa.Index("ix_tracing_traces_state", "experiment_no", "state", "start_ms"),
    sa.Index("ix_tracing_traces_request", "experiment_no", "client_request_id"),
)

labels = sa.Table(
    "tracing_labels",
    metadata,
    sa.Column("trace_no", _Number, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),  # 0 a tag, 1 metadata
    sa.Column("key_no", _Number, primary_key=True, autoincrement=False),
    sa.Column("experiment_no", _Number, nullable=False),
    sa.Column("head", _Name, nullable=False),  # the value's beginning: values may be too long for an index
    sa.Column("value", sa.Text, nullable=False),
    sa.Index("ix_tracing_labels_value", "experiment_no", "key_no", "kind", "head", "trace_no"),
    sqlite_with_rowid=False,
)

spans = sa.Table(
    "tracing_spans",
    metadata,
    sa.Column("trace_no", _Number, primary_key=True, autoincrement=False),
    sa.Column("id", sa.LargeBinary, primary_key=True),  # 8 bytes
    sa.Column("experiment_no", _Number, nullable=False),
    sa.Column("parent_id", sa.LargeBinary, nullable=False),  # empty: the root
    sa.Column("name", _Name, nullable=False),
    sa.Column("type", _Name, nullable=False),
    sa.Column("status", _Name, nullable=False),
    sa.Column("start_ns", sa.BigInteger, nullable=False),
    sa.Column("end_ns", sa.BigInteger, nullable=False),  # 0: not ended yet
    sa.Column("tokens_read", sa.BigInteger),
    sa.Column("tokens_wrote", sa.BigInteger),
    sa.Column("tokens_total", sa.BigInteger),
    sa.Column("body", sa.LargeBinary, nullable=False),  # see `packing`
    sa.Index("ix_tracing_spans_name", "experiment_no", "name", "trace_no"),
    sqlite_with_rowid=False,
)

links = sa.Table(
    "tracing_links",
    metadata,
    _trace_no(primary_key=True),
    sa.Column("kind", _Name, primary_key=True),
    sa.Column("target", _Name, primary_key=True),  # the id of a run, or name/version of a prompt
    sa.CheckConstraint("kind in ('run', 'prompt')", name="kind"),
    sa.Index("ix_tracing_links_target", "kind", "target", "trace_no"),
)

assessments = sa.Table(
    "tracing_assessments",
    metadata,
    _trace_no(primary_key=True),
    sa.Column("id", _Name, primary_key=True),
    sa.Column("name", _Name, nullable=False),
    sa.Column("kind", _Name, nullable=False),
    sa.Column("value", sa.Text),  # JSON
    sa.Column("text", sa.Text, nullable=False),  # the value as people write it in filters
    sa.Column("head", _Name, nullable=False),  # its beginning
    sa.Column("number", sa.Double),  # the value, if it is one
    sa.Column("error", sa.Text),  # JSON
    sa.Column("rationale", sa.Text),
    sa.Column("source_type", sa.Text, nullable=False),
    sa.Column("source_id", sa.Text, nullable=False),
    sa.Column("span_id", sa.Text),
    sa.Column("metadata", sa.Text, nullable=False),  # JSON
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
    sa.Column("overrides", sa.Text),
    sa.Column("is_valid", sa.SmallInteger, nullable=False),
    sa.CheckConstraint("kind in ('feedback', 'expectation', 'issue')", name="kind"),
    sa.Index("ix_tracing_assessments_name", "kind", "name", "head", "trace_no"),
)

eval_datasets = sa.Table(
    "tracing_eval_datasets",
    metadata,
    sa.Column("no", _Number, primary_key=True, autoincrement=True),
    sa.Column("id", _Name, nullable=False, unique=True),
    sa.Column("project", _Name, nullable=False),
    sa.Column("name", _Name, nullable=False),
    sa.Column("schema", sa.Text),  # JSON
    sa.Column("digest", sa.Text, nullable=False, info=NO_BLOB),
    sa.Column("record_count", sa.BigInteger, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
    sa.Column("created_by", _Name),
    sa.Column("updated_by", _Name),
    sa.Index("ix_tracing_eval_datasets_newest", "project", "created_ms", "id"),
)

eval_tags = sa.Table(
    "tracing_eval_tags",
    metadata,
    sa.Column("dataset_no", _Number, sa.ForeignKey("tracing_eval_datasets.no"), primary_key=True, autoincrement=False),
    sa.Column("key", _Name, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

eval_experiments = sa.Table(
    "tracing_eval_experiments",
    metadata,
    sa.Column("dataset_no", _Number, sa.ForeignKey("tracing_eval_datasets.no"), primary_key=True, autoincrement=False),
    sa.Column(
        "experiment_no", _Number, sa.ForeignKey("tracking_experiments.no"), primary_key=True, autoincrement=False
    ),
    sa.Index("ix_tracing_eval_experiments_experiment", "experiment_no", "dataset_no"),
)

eval_records = sa.Table(
    "tracing_eval_records",
    metadata,
    sa.Column("dataset_no", _Number, sa.ForeignKey("tracing_eval_datasets.no"), primary_key=True, autoincrement=False),
    sa.Column("inputs_digest", sa.Text, primary_key=True, info=NO_BLOB),  # the same inputs are the same record
    sa.Column("id", _Name, nullable=False, unique=True),
    sa.Column("body", sa.Text, nullable=False),  # JSON
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
    sa.Index("ix_tracing_eval_records_order", "dataset_no", "created_ms", "id"),
)

scorers = sa.Table(
    "tracing_scorers",
    metadata,
    sa.Column("no", _Number, primary_key=True, autoincrement=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("experiment_no", _Number, sa.ForeignKey("tracking_experiments.no"), nullable=False),
    sa.Column("name", _Name, nullable=False),
    sa.UniqueConstraint("experiment_no", "name"),
)

scorer_versions = sa.Table(
    "tracing_scorer_versions",
    metadata,
    sa.Column("scorer_no", _Number, sa.ForeignKey("tracing_scorers.no"), primary_key=True, autoincrement=False),
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("body", sa.Text, nullable=False),  # the client's JSON; never run here
    sa.Column("created_ms", sa.BigInteger, nullable=False),
)

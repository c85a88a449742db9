"""Tables of serving: deployments and their history, predictions, labels, watermarks, and what gateways report."""

import sqlalchemy as sa

from everlearn.db import Instant, metadata

deployments = sa.Table(
    "deployments",
    metadata,
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("generation", sa.BigInteger, nullable=False),
    sa.Column("champion", sa.Integer, nullable=False),
    sa.Column("candidate", sa.Integer),
    sa.Column("phase", sa.Text, nullable=False),
    sa.Column("weight", sa.Double, nullable=False),
    sa.Column("salt", sa.Text, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.PrimaryKeyConstraint("project", "model"),
    sa.CheckConstraint("phase in ('none', 'shadow', 'canary')", name="phase"),
    sa.CheckConstraint("(candidate is null) = (phase = 'none')", name="candidate_has_phase"),
    sa.CheckConstraint("candidate is null or candidate <> champion", name="candidate_is_another"),
    sa.CheckConstraint("weight >= 0 and weight <= 1", name="weight"),
)

traffic_changes = sa.Table(
    "traffic_changes",
    metadata,
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("generation", sa.BigInteger, nullable=False),
    sa.Column("champion", sa.Integer, nullable=False),
    sa.Column("candidate", sa.Integer),
    sa.Column("phase", sa.Text, nullable=False),
    sa.Column("weight", sa.Double, nullable=False),
    sa.Column("salt", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("effective_at", Instant),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("project", "model", "generation"),
)

# Two numbers that gateways poll ten times a second: "traffic" grows with every change of any deployment, "barrier"
# with every request to advance a watermark.
serving_counters = sa.Table(
    "serving_counters",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

gateways = sa.Table(
    "gateways",
    metadata,
    sa.Column("gateway", sa.Text, primary_key=True),
    sa.Column("unshipped_bytes", sa.BigInteger, nullable=False),
    sa.Column("barrier", sa.BigInteger, nullable=False),  # all it answered before it saw this barrier is stored
    sa.Column("seen_at", Instant, nullable=False),
)

gateway_states = sa.Table(
    "gateway_states",
    metadata,
    sa.Column("gateway", sa.Text, nullable=False),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("generation", sa.BigInteger, nullable=False),  # the one it routes by
    sa.PrimaryKeyConstraint("gateway", "project", "model"),
)

prediction_spools = sa.Table(
    "prediction_spools",
    metadata,
    sa.Column("spool", sa.Text, primary_key=True),
    sa.Column("shipped_bytes", sa.BigInteger, nullable=False),
)

predictions = sa.Table(
    "predictions",
    metadata,
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("prediction_id", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("is_served", sa.Boolean, nullable=False),
    sa.Column("is_fallback", sa.Boolean, nullable=False),
    sa.Column("entity_id", sa.Text, nullable=False),
    sa.Column("event_time", Instant, nullable=False),
    sa.Column("features", sa.Text, nullable=False),  # JSON array in the order of the version's signature
    sa.Column("value", sa.Double),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("duration_us", sa.BigInteger, nullable=False),
    sa.Column("generation", sa.BigInteger, nullable=False),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("project", "model", "prediction_id", "version"),
    sa.CheckConstraint("status in ('ok', 'failed')", name="status"),
    sa.CheckConstraint("(value is null) = (status = 'failed')", name="failed_has_no_value"),
    sa.CheckConstraint("role in ('champion', 'candidate')", name="role"),
    sa.Index(None, "project", "model", "event_time", "prediction_id"),
)

labels = sa.Table(
    "labels",
    metadata,
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("prediction_id", sa.Text, nullable=False),
    sa.Column("value", sa.Double, nullable=False),
    sa.Column("observed_at", Instant, nullable=False),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("project", "model", "prediction_id"),
)

label_watermarks = sa.Table(
    "label_watermarks",
    metadata,
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("through", Instant, nullable=False),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("project", "model"),
)

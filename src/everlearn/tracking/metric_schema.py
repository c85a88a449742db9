"""What an experiment says about its metrics: unit, which way is better, and within which range values make sense.

A declaration is a tag of the experiment, `everlearn.metric.NAME`, whose value is JSON:

    {"unit": "min", "direction": "lower", "range": [0, null]}

so mlflow's own client can set it (`MlflowClient().set_experiment_tag`). Every field may be left out. Tags are checked
at the door; a measurement outside its range is kept and flagged, never refused.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from everlearn.core.errors import InvalidError

METRIC_TAG = "everlearn.metric."
LONGEST_UNIT = 24
_EXAMPLE = '{"unit": "min", "direction": "lower", "range": [0, null]}'


class BadMetricSchemaError(InvalidError):
    """A declaration of a metric that cannot be read, or contradicts itself."""

    code = "tracking.bad_metric_schema"


class Direction(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSchema:
    """What is declared of one metric; what nobody declared is empty or None."""

    unit: str = ""
    direction: Direction | None = None
    low: float | None = None
    high: float | None = None

    def admits(self, value: float) -> bool:
        """Tell whether a value is within the declared range; not-a-number is within no range that was declared."""
        if self.low is None and self.high is None:
            return True
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    @property
    def range_text(self) -> str:
        """The range in words; empty when there is none."""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"at least {self.low:g}"
        return "" if self.high is None else f"at most {self.high:g}"


UNDECLARED = MetricSchema()


class _Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    unit: str = ""
    direction: Direction | None = None
    range: tuple[float | None, float | None] | None = None


def read_metric_schema(metric: str, text: str) -> MetricSchema:
    """Read the value of a tag.

    Raises
    ------
    BadMetricSchemaError
        When it is no JSON of that shape, the unit cannot be shown in a table's head, or the range is empty.
    """
    try:
        wire = msgspec.json.decode(text, type=_Wire)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise BadMetricSchemaError(
            f"the tag {METRIC_TAG}{metric[:80]} is no declaration of a metric: {error}; write it like {_EXAMPLE}"
        ) from error
    low, high = wire.range or (None, None)
    return checked_metric_schema(
        metric, MetricSchema(unit=wire.unit.strip(), direction=wire.direction, low=low, high=high)
    )


def written_metric_schema(schema: MetricSchema) -> str:
    """Write the value of a tag."""
    bounds = None if schema.low is None and schema.high is None else (schema.low, schema.high)
    return msgspec.json.encode(_Wire(unit=schema.unit, direction=schema.direction, range=bounds)).decode()


def checked_metric_schema(metric: str, schema: MetricSchema) -> MetricSchema:
    """Give a declaration back if it makes sense.

    Raises
    ------
    BadMetricSchemaError
        When it does not.
    """
    if len(schema.unit) > LONGEST_UNIT or not schema.unit.isprintable():
        raise BadMetricSchemaError(
            f"the unit of {metric[:80]!r} is one printable word of at most {LONGEST_UNIT} characters"
        )
    bounds = [bound for bound in (schema.low, schema.high) if bound is not None]
    if not all(map(math.isfinite, bounds)):
        raise BadMetricSchemaError(f"the range of {metric[:80]!r} has a bound that is no number; leave it out instead")
    if len(bounds) == 2 and not bounds[0] < bounds[1]:
        raise BadMetricSchemaError(
            f"the range of {metric[:80]!r} is empty: it goes from {bounds[0]:g} to {bounds[1]:g}; the low end first"
        )
    return schema


def check_experiment_tag(key: str, value: str) -> None:
    """Refuse a tag that means to declare a metric and does not; every other tag passes."""
    if key.startswith(METRIC_TAG):
        read_metric_schema(_named(key), value)


def metric_schemas(tags: Mapping[str, str]) -> dict[str, MetricSchema]:
    """Collect what an experiment's tags declare, by metric; unreadable ones (taken over from elsewhere) are no word."""
    found = {}
    for key, value in sorted(tags.items()):
        if key.startswith(METRIC_TAG):
            try:
                metric = _named(key)
                found[metric] = read_metric_schema(metric, value)
            except BadMetricSchemaError:
                continue
    return found


def _named(key: str) -> str:
    metric = key.removeprefix(METRIC_TAG)
    if not metric:
        raise BadMetricSchemaError(f"the tag {METRIC_TAG} names no metric; write {METRIC_TAG}NAME")
    return metric

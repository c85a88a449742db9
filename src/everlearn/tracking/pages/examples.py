"""Filters that would make sense for the runs on a page, to be taken with one click."""

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence

from everlearn.tracking.journal import RunRecord
from everlearn.tracking.metric_schema import UNDECLARED, Direction, MetricSchema
from everlearn.tracking.pages.columns import varying_columns
from everlearn.tracking.pages.query import Field
from everlearn.tracking.store.points import value_of

_LONGEST_VALUE = 40
_FALLBACK = (
    "attributes.status = 'FINISHED'",
    "metrics.loss < 0.5",
    "params.model LIKE 'tree%' AND tags.team = 'north'",
)


def filter_examples(records: Sequence[RunRecord], schemas: Mapping[str, MetricSchema]) -> tuple[str, ...]:
    """Write up to four filters: by a metric, by a parameter, by both, by the state."""
    fields = varying_columns(records, schemas)
    by_metric = next(_metric_clauses(records, fields, schemas), None)
    by_param = next(_param_clauses(records, fields), None)
    found = [clause for clause in (by_metric, by_param) if clause]
    if not found:
        return _FALLBACK
    both = [f"{by_metric} AND {by_param}"] if by_metric and by_param else []
    return (*found, *both, "attributes.status = 'FAILED'")


def _metric_clauses(
    records: Sequence[RunRecord], fields: Sequence[Field], schemas: Mapping[str, MetricSchema]
) -> Iterator[str]:
    for field in fields:
        values = [value_of(one.point) for record in records for one in record.newest if one.key == field.key]
        finite = [value for value in values if math.isfinite(value)]
        if field.kind == "metric" and len(finite) > 1:
            wanted = ">" if schemas.get(field.key, UNDECLARED).direction is Direction.HIGHER else "<"
            yield f"{field.identifier} {wanted} {statistics.median(finite):.3g}"


def _param_clauses(records: Sequence[RunRecord], fields: Sequence[Field]) -> Iterator[str]:
    for field in fields:
        value = next((record.params[field.key] for record in records if field.key in record.params), None)
        if field.kind == "param" and value is not None and len(value) <= _LONGEST_VALUE and value.isprintable():
            yield f"{field.identifier} = '{value.replace(chr(39), chr(39) * 2)}'"

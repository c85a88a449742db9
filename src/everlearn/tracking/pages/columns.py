"""Which columns a table of runs shows: those asked for, or those in which the runs differ."""

from collections.abc import Iterable, Mapping, Sequence

from everlearn.tracking.journal import RunRecord
from everlearn.tracking.metric_schema import MetricSchema
from everlearn.tracking.pages.query import Field
from everlearn.tracking.pages.words import cut_cell, is_own_tag, metric_cell
from everlearn.tracking.store.points import value_of
from everlearn.web.formats import MISSING
from everlearn.web.view import Cell

_MOST_PARAMS, _MOST_METRICS = 6, 5
_LONGEST = 40


def varying_columns(records: Sequence[RunRecord], schemas: Mapping[str, MetricSchema]) -> tuple[Field, ...]:
    """Choose metrics (declared ones first, then those most runs have) and parameters that differ between the runs."""
    params = [key for key in _keys(record.params for record in records) if _varies(records, key)]
    held: dict[str, int] = {}
    for record in records:
        for one in record.newest:
            held[one.key] = held.get(one.key, 0) + 1
    metrics = sorted(held, key=lambda key: (key not in schemas, key.startswith("system/"), -held[key], key))
    return (
        *(Field("metric", key) for key in metrics[:_MOST_METRICS]),
        *(Field("param", key) for key in params[:_MOST_PARAMS]),
    )


def offered_columns(records: Sequence[RunRecord]) -> tuple[Field, ...]:
    """List every parameter, metric and tag that one of the runs has."""
    return (
        *(Field("param", key) for key in _keys(record.params for record in records)),
        *(Field("metric", key) for key in sorted({one.key for record in records for one in record.newest})),
        *(Field("tag", key) for key in _keys(record.tags for record in records) if not is_own_tag(key)),
    )


def text_of(record: RunRecord, field: Field) -> str | None:
    """Give a run's parameter or tag; None when it has none."""
    return (record.params if field.kind == "param" else record.tags).get(field.key)


def number_of(record: RunRecord, key: str) -> float | None:
    """Give a run's newest value of a metric; None when it has none."""
    return next((value_of(one.point) for one in record.newest if one.key == key), None)


def is_numeric(records: Sequence[RunRecord], field: Field) -> bool:
    """Tell whether a column holds numbers alone, so that it stands to the right."""
    if field.kind == "metric":
        return True
    texts = [text for record in records if (text := text_of(record, field)) is not None]
    return bool(texts) and all(as_number(text) is not None for text in texts)


def as_number(text: str) -> float | None:
    """Read a number that was logged as text; None when it is none."""
    try:
        return float(text)
    except ValueError:
        return None


def field_cell(record: RunRecord, field: Field, schema: MetricSchema) -> Cell:
    """Show what a run has in a column."""
    if field.kind == "metric":
        value = number_of(record, field.key)
        return Cell(text=MISSING) if value is None else metric_cell(value, schema)
    text = text_of(record, field)
    return Cell(text=MISSING) if text is None else cut_cell(text, _LONGEST)


def _keys(held: Iterable[Mapping[str, str]]) -> list[str]:
    return sorted({key for each in held for key in each})


def _varies(records: Sequence[RunRecord], key: str) -> bool:
    return len(records) == 1 or len({record.params.get(key) for record in records}) > 1

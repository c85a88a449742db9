"""What is said of traces."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from everlearn.db import Sql, Tx, marks
from everlearn.tracing.model import Assessment, AssessmentKind
from everlearn.tracing.packing import plain

HEAD = 120
_COLUMNS = (
    "trace_no", "id", "name", "kind", "value", "text", "head", "number", "error", "rationale", "source_type",
    "source_id", "span_id", "metadata", "created_ms", "updated_ms", "overrides", "is_valid",
)  # fmt: skip
_INSERT = f"insert into tracing_assessments ({', '.join(_COLUMNS)}) values ({marks(len(_COLUMNS))}) on conflict "
_ADD = Sql(f"{_INSERT} do nothing")
_PUT = Sql(
    f"{_INSERT} (trace_no, id) do update set {', '.join(f'{column} = excluded.{column}' for column in _COLUMNS[2:])}"
)
_READ = (
    "select a.trace_no, a.id, r.id, a.name, a.kind, a.value, a.error, a.rationale, a.source_type, a.source_id, "
    "a.span_id, a.metadata, a.created_ms, a.updated_ms, a.overrides, a.is_valid "
    "from tracing_assessments a join tracing_traces r on r.no = a.trace_no where"
)
_VALID = Sql("update tracing_assessments set is_valid = ? where trace_no = ? and id = ?")
_DELETE = Sql("delete from tracing_assessments where trace_no = ? and id = ?")


def add(tx: Tx, trace_no: int, said: Assessment) -> bool:
    """Add one; False when the trace has one of this id."""
    return _ADD.run(tx, *_row(trace_no, said)) == 1


def put(tx: Tx, trace_no: int, said: Sequence[Assessment]) -> None:
    """Add or replace some."""
    _PUT.run_all(tx, [_row(trace_no, one) for one in said])


def find(tx: Tx, trace_no: int, assessment_id: str) -> Assessment | None:
    """Find one of a trace."""
    row = Sql(f"{_READ} a.trace_no = ? and a.id = ?").row(tx, trace_no, assessment_id)
    return None if row is None else _assessment(row)


def read_many(tx: Tx, trace_nos: Sequence[int]) -> dict[int, list[Assessment]]:
    """Give those of traces, oldest first."""
    found: dict[int, list[Assessment]] = {number: [] for number in trace_nos}
    for start in range(0, len(trace_nos), 500):
        part = trace_nos[start : start + 500]
        text = f"{_READ} a.trace_no in ({marks(len(part))}) order by a.trace_no, a.created_ms, a.id"
        for row in Sql(text).rows(tx, *part):
            found[row[0]].append(_assessment(row))
    return found


def set_valid(tx: Tx, trace_no: int, assessment_id: str, *, is_valid: bool) -> bool:
    """Say whether one still holds; False when there is none."""
    return _VALID.run(tx, int(is_valid), trace_no, assessment_id) == 1


def delete(tx: Tx, trace_no: int, assessment_id: str) -> None:
    """Take one away, if it is there."""
    _DELETE.run(tx, trace_no, assessment_id)


def _row(trace_no: int, said: Assessment) -> tuple[Any, ...]:
    value = None if said.value is None else msgspec.json.decode(said.value)
    text = plain(value)
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    return (
        trace_no,
        said.id,
        said.name,
        said.kind,
        said.value,
        text,
        text[:HEAD],
        number,
        said.error,
        said.rationale,
        said.source_type,
        said.source_id,
        said.span_id,
        json.dumps({**said.metadata}),
        said.created_ms,
        said.updated_ms,
        said.overrides,
        int(said.is_valid),
    )


def _assessment(row: tuple[Any, ...]) -> Assessment:
    (_, id_, trace_id, name, kind, value, error, rationale, source_type, source_id, span_id, metadata, created_ms,
     updated_ms, overrides, is_valid) = row  # fmt: skip
    return Assessment(
        id=id_,
        trace_id=trace_id,
        name=name,
        kind=AssessmentKind(kind),
        value=value,
        error=error,
        rationale=rationale,
        source_type=source_type,
        source_id=source_id,
        span_id=span_id,
        metadata=json.loads(metadata),
        created_ms=created_ms,
        updated_ms=updated_ms,
        overrides=overrides,
        is_valid=bool(is_valid),
    )

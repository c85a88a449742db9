"""Tags and metadata of traces."""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from everlearn.db import Sql, Tx, marks
from everlearn.tracking.store.keys import find_keys, number_keys

HEAD = 120  # characters of a value that the index holds
_INSERT = (
    "insert into tracing_labels (trace_no, kind, key_no, experiment_no, head, value) values (?,?,?,?,?,?) on conflict "
)
_ADD = Sql(f"{_INSERT} do nothing")
_PUT = Sql(f"{_INSERT} (trace_no, kind, key_no) do update set head = excluded.head, value = excluded.value")
_DELETE = Sql("delete from tracing_labels where trace_no = ? and kind = ? and key_no = ?")


class Kind(IntEnum):
    """Which of the two it is."""

    TAG = 0  # may change
    METADATA = 1  # what the trace was made with


class Label(NamedTuple):
    """One tag or one piece of metadata, and whose it is."""

    trace_no: int
    experiment_no: int
    kind: Kind
    key: str
    value: str


def put(tx: Tx, labels: Sequence[Label]) -> None:
    """Set labels; the newest value holds."""
    _PUT.run_all(tx, _rows(tx, labels))


def add(tx: Tx, labels: Sequence[Label]) -> None:
    """Set those labels that are not set yet."""
    _ADD.run_all(tx, _rows(tx, labels))


def delete(tx: Tx, trace_no: int, kind: Kind, key: str) -> bool:
    """Take one away; False when it was not there."""
    number = find_keys(tx, [key]).get(key)
    return number is not None and _DELETE.run(tx, trace_no, int(kind), number) == 1


def read_many(tx: Tx, trace_nos: Sequence[int]) -> dict[int, tuple[Mapping[str, str], Mapping[str, str]]]:
    """Give tags and metadata of traces."""
    found: dict[int, tuple[dict[str, str], dict[str, str]]] = {number: ({}, {}) for number in trace_nos}
    for start in range(0, len(trace_nos), 500):
        part = trace_nos[start : start + 500]
        text = (
            "select l.trace_no, l.kind, k.key, l.value from tracing_labels l join tracking_keys k on k.no = l.key_no "
            f"where l.trace_no in ({marks(len(part))})"
        )
        for trace_no, kind, key, value in Sql(text).rows(tx, *part):
            found[trace_no][kind][key] = value
    return dict(found)


def _rows(tx: Tx, labels: Sequence[Label]) -> list[tuple[int, int, int, int, str, str]]:
    numbers = number_keys(tx, {label.key for label in labels})
    return sorted(
        (one.trace_no, int(one.kind), numbers[one.key], one.experiment_no, one.value[:HEAD], one.value)
        for one in labels
    )

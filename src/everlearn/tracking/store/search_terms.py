"""Clauses and orders of a run search as SQL over `r`, a row of `tracking_runs`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from everlearn.core.search import Clause, Op, Order
from everlearn.db.conditions import Condition, Term, compared
from everlearn.tracking.store.labels import HEAD

NO_KEY = -1  # the number of a key that nobody has used: no row has it
_TABLES = {"param": "tracking_params", "tag": "tracking_tags"}
_ATTRIBUTES = {
    "run_id": "r.id",
    "run_name": "r.name",
    "user_id": "r.user_name",
    "status": "r.status",
    "artifact_uri": "('mlflow-artifacts:/' || r.artifact_root)",
    "start_time": "r.start_ms",
    "end_time": "r.end_ms",
}
_NUMBERS = frozenset({"start_time", "end_time"})
_NULLABLE = frozenset({"end_time"})
_DATASET = {"name": "s.name", "digest": "s.digest", "context": "i.context"}


@dataclass(frozen=True, slots=True)
class Ordering:
    """What to sort by, and the joins that it needs."""

    terms: tuple[Term, ...]
    joins: tuple[Condition, ...]


def condition_of(clause: Clause, key_no: int, *, is_postgresql: bool) -> Condition:
    """Write one clause."""
    match clause.kind:
        case "metric":
            return _metric(clause, key_no)
        case "param" | "tag":
            return _label(clause, key_no, is_postgresql=is_postgresql)
        case "dataset":
            inner = compared(_DATASET[clause.key], clause, is_postgresql=is_postgresql)
            return Condition(
                "exists (select 1 from tracking_inputs i join tracking_datasets s on s.no = i.dataset_no "
                f"where i.run_no = r.no and {inner.sql})",
                inner.given,
            )
        case _:
            return compared(_ATTRIBUTES[clause.key], clause, is_postgresql=is_postgresql)


def driver_of(clause: Clause, key_no: int) -> Condition | None:
    """Write a clause as a range of an index of its table, named `d`; None when no index has it."""
    if clause.kind == "metric" and clause.op is not Op.UNEQUAL:
        return Condition(f"d.key_no = ? and d.is_nan = 0 and d.value {clause.op} ?", (key_no, clause.value))
    if clause.kind in _TABLES and clause.op is Op.EQUAL:
        value = str(clause.value)
        if len(value) < HEAD:  # the head is the whole value, and the index alone can answer
            return Condition("d.key_no = ? and d.head = ?", (key_no, value))
        return Condition("d.key_no = ? and d.head = ? and d.value = ?", (key_no, value[:HEAD], value))
    return None


def table_of(kind: str) -> str:
    """Name the table whose index has the values of a kind."""
    return _TABLES.get(kind, "tracking_newest")


def ordering_of(orders: Sequence[Order], key_nos: Mapping[tuple[str, str], int], *, is_postgresql: bool) -> Ordering:
    """Write an order; what runs do not have comes last, not-a-number after every number, in both directions."""
    terms, joins = list[Term](), list[Condition]()
    collate = ' collate "C"' if is_postgresql else ""
    for number, order in enumerate(orders):
        name = f"o{number}"
        if order.kind == "attribute":
            terms += _attribute_terms(order, collate)
            continue
        key_no = key_nos[order.kind, order.key]
        joins.append(
            Condition(
                f"left join {table_of(order.kind)} {name} on {name}.run_no = r.no and {name}.key_no = ?", (key_no,)
            )
        )
        terms.append(Term(f"(case when {name}.run_no is null then 1 else 0 end)", False))
        if order.kind == "metric":
            terms.append(Term(f"coalesce({name}.is_nan, 0)", False))
            terms.append(Term(f"coalesce({name}.value, 0)", not order.ascending))
        else:
            terms.append(Term(f"coalesce({name}.value, ''){collate}", not order.ascending, is_text=True))
    terms += [Term("r.start_ms", True), Term("r.id", False, is_text=True)]
    return Ordering(tuple(terms), tuple(joins))


def _metric(clause: Clause, key_no: int) -> Condition:
    differs = "(m.is_nan = 1 or m.value != ?)" if clause.op is Op.UNEQUAL else f"m.is_nan = 0 and m.value {clause.op} ?"
    return Condition(
        f"exists (select 1 from tracking_newest m where m.run_no = r.no and m.key_no = ? and {differs})",
        (key_no, clause.value),
    )


def _label(clause: Clause, key_no: int, *, is_postgresql: bool) -> Condition:
    held = f"exists (select 1 from {_TABLES[clause.kind]} l where l.run_no = r.no and l.key_no = ?"
    if clause.op is Op.IS_NULL:
        return Condition(f"not {held})", (key_no,))
    if clause.op is Op.IS_NOT_NULL:
        return Condition(f"{held})", (key_no,))
    inner = compared("l.value", clause, is_postgresql=is_postgresql)
    return Condition(f"{held} and {inner.sql})", (key_no, *inner.given))


def _attribute_terms(order: Order, collate: str) -> list[Term]:
    column = _ATTRIBUTES[order.key]
    if order.key in _NULLABLE:
        missing = Term(f"(case when {column} is null then 1 else 0 end)", False)
        return [missing, Term(f"coalesce({column}, 0)", not order.ascending)]
    if order.key in _NUMBERS:
        return [Term(column, not order.ascending)]
    return [Term(f"{column}{collate}", not order.ascending, is_text=True)]

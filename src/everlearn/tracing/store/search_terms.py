"""Filters and orders of traces as SQL."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from everlearn.core.search import BadFilterError, Clause, Op, Order
from everlearn.db import marks
from everlearn.db.conditions import Condition, Term, compared
from everlearn.tracing.rules import ARTIFACTS, SOURCE_RUN, SPANS_AT, TRACE_NAME
from everlearn.tracing.store.labels import HEAD, Kind

NO_KEY = -1
_KINDS = {"tag": Kind.TAG, "metadata": Kind.METADATA}
_COLUMNS = {
    "request_id": "r.id",
    "client_request_id": "r.client_request_id",
    "status": "r.state",
    "name": "r.name",
    "timestamp_ms": "r.start_ms",
    "execution_time_ms": "r.duration_ms",
    "end_time_ms": "(r.start_ms + coalesce(r.duration_ms, 0))",
}
_EXPERIMENT_ID = "(select e.id from tracking_experiments e where e.no = r.experiment_no)"
_DERIVED = {
    SPANS_AT: "(case when r.span_count > 0 then 'TRACKING_STORE' end)",
    ARTIFACTS: f"('mlflow-artifacts:/' || {_EXPERIMENT_ID} || '/traces/' || r.id || '/artifacts')",
}
_SPAN_COLUMNS = {"name": "s.name", "type": "s.type", "status": "s.status"}
_NUMBERS = frozenset({"timestamp_ms", "execution_time_ms", "end_time_ms", "experiment_id"})


class Driver(NamedTuple):
    """Traces that a clause alone admits, as a query over an index; it ends where a limit may follow."""

    sql: str
    given: tuple[object, ...]


def key_of(one: Clause | Order) -> str | None:
    """Give the key of the label that a clause or an order is about, if it is about one."""
    if one.kind in _KINDS and one.key not in {*_DERIVED, TRACE_NAME}:
        return one.key
    return SOURCE_RUN if (one.kind, one.key) == ("attribute", "run_id") else None


def condition_of(clause: Clause, key_no: int, *, is_postgresql: bool) -> Condition | None:
    """Write one clause that is not about spans. Regular expressions: that there is something to match."""
    if clause.op is Op.RLIKE:
        clause = Clause(kind=clause.kind, key=clause.key, op=Op.IS_NOT_NULL)
    match clause.kind, clause.key:
        case ("tag" | "metadata", _) | ("attribute", "run_id"):
            return _about_label(clause, key_no, is_postgresql=is_postgresql)
        case "attribute", "prompt":
            return _linked("prompt", checked_prompt(clause))
        case "attribute", "text":
            return None
        case (("feedback" | "expectation" | "issue"), _):
            return _assessed(clause, is_postgresql=is_postgresql)
        case _:
            return _compared(_COLUMNS[clause.key], clause, is_postgresql=is_postgresql)


def span_condition(clauses: Sequence[Clause], *, is_postgresql: bool) -> Condition | None:
    """Write that one step of the trace fulfils all these clauses, as far as its columns can tell."""
    parts = [
        compared(_SPAN_COLUMNS[clause.key], clause, is_postgresql=is_postgresql)
        for clause in clauses
        if clause.key in _SPAN_COLUMNS and clause.op is not Op.RLIKE
    ]
    if not parts:
        return Condition("r.span_count > 0", ()) if clauses else None
    inner = " and ".join(part.sql for part in parts)
    return Condition(
        f"exists (select 1 from tracing_spans s where s.trace_no = r.no and {inner})",
        tuple(value for part in parts for value in part.given),
    )


def driver_of(clause: Clause, key_no: int, experiments: Sequence[int]) -> Driver | None:  # noqa: PLR0911  # by kind
    """Write an equality as a range of an index; None when no index has it."""
    if clause.op is not Op.EQUAL:
        return None
    value, inside = str(clause.value), f"experiment_no in ({marks(len(experiments))})"
    match clause.kind, clause.key:
        case "attribute", ("name" | "client_request_id" | "status" as key):
            return Driver(
                f"select d.no as no from tracing_traces d where d.{inside} and d{_COLUMNS[key][1:]} = ?",
                (*experiments, value),
            )
        case "attribute", "run_id":
            return None  # by link or by metadata: two indexes
        case "attribute", "prompt":
            return Driver(
                "select d.trace_no as no from tracing_links d where d.kind = 'prompt' and d.target = ?", (value,)
            )
        case (("tag" | "metadata"), key) if key not in {*_DERIVED, TRACE_NAME}:
            return Driver(
                f"select d.trace_no as no from tracing_labels d where d.{inside} and d.key_no = ? and d.kind = ? "
                "and d.head = ? and d.value = ?",
                (*experiments, key_no, int(_KINDS[clause.kind]), value[:HEAD], value),
            )
        case "span", "name":
            return Driver(
                f"select distinct d.trace_no as no from tracing_spans d where d.{inside} and d.name = ?",
                (*experiments, value),
            )
        case _:
            return None


def ordering_of(
    orders: Sequence[Order], key_nos: Mapping[str, int], *, is_postgresql: bool
) -> tuple[tuple[Term, ...], tuple[Condition, ...]]:
    """Write an order and the joins that it needs; traces without a value come last, in both directions."""
    terms, joins = list[Term](), list[Condition]()
    collate = ' collate "C"' if is_postgresql else ""
    for number, order in enumerate(orders):
        key = key_of(order)
        if key is not None:
            name, kind = f"o{number}", _KINDS.get(order.kind, Kind.METADATA)
            joins.append(
                Condition(
                    f"left join tracing_labels {name} on {name}.trace_no = r.no and {name}.kind = {int(kind)} "
                    f"and {name}.key_no = ?",
                    (key_nos.get(key, NO_KEY),),
                )
            )
            terms += _text_terms(f"{name}.value{collate}", order)
        elif order.key in _NUMBERS:
            terms += _number_terms(order)
        else:
            terms += _text_terms(_COLUMNS.get(_plain_key(order), "r.id"), order)
    terms += [term for term in (Term("r.start_ms", True), Term("r.id", False, is_text=True))
              if term.sql not in {known.sql for known in terms}]  # fmt: skip
    return tuple(terms), tuple(joins)


def checked_prompt(clause: Clause) -> str:
    """Give the version of a prompt that is asked for.

    Raises
    ------
    BadFilterError
        When it is not written as name/version.
    """
    value = str(clause.value)
    if value.count("/") != 1:
        raise BadFilterError(
            f"Invalid prompts filter value '{value[:100]}'. Expected format: prompt = \"name/version\""
        )
    return value


def _plain_key(order: Order) -> str:
    return "name" if order.key == TRACE_NAME else order.key


def _number_terms(order: Order) -> list[Term]:
    if order.key == "timestamp_ms":
        return [Term("r.start_ms", not order.ascending)]
    if order.key == "execution_time_ms":
        missing = Term("(case when r.duration_ms is null then 1 else 0 end)", False)
        return [missing, Term("coalesce(r.duration_ms, 0)", not order.ascending)]
    return [Term(_EXPERIMENT_ID if order.key == "experiment_id" else _COLUMNS[order.key], not order.ascending)]


def _text_terms(column: str, order: Order) -> list[Term]:
    if column == "r.id":
        return [Term(column, not order.ascending, is_text=True)]
    missing = Term(f"(case when {column} is null then 1 else 0 end)", False)
    return [missing, Term(f"coalesce({column}, '')", not order.ascending, is_text=True)]


def _about_label(clause: Clause, key_no: int, *, is_postgresql: bool) -> Condition:
    if clause.kind == "tag" and clause.key == TRACE_NAME:
        return _compared(_COLUMNS["name"], clause, is_postgresql=is_postgresql)
    if clause.kind == "tag" and clause.key in _DERIVED:
        return _compared(_DERIVED[clause.key], clause, is_postgresql=is_postgresql)
    kind = _KINDS.get(clause.kind, Kind.METADATA)
    held = f"exists (select 1 from tracing_labels l where l.trace_no = r.no and l.kind = {int(kind)} and l.key_no = ?"
    if clause.op is Op.IS_NULL:
        return Condition(f"not {held})", (key_no,))
    if clause.op is Op.IS_NOT_NULL:
        return Condition(f"{held})", (key_no,))
    inner = compared("l.value", clause, is_postgresql=is_postgresql)
    condition = Condition(f"{held} and {inner.sql})", (key_no, *inner.given))
    if clause.key in {"run_id", SOURCE_RUN} and clause.kind != "tag" and clause.op is Op.EQUAL:
        linked = _linked("run", str(clause.value))
        return Condition(f"({condition.sql} or {linked.sql})", (*condition.given, *linked.given))
    return condition


def _linked(kind: str, target: str) -> Condition:
    return Condition(
        "exists (select 1 from tracing_links n where n.trace_no = r.no and n.kind = ? and n.target = ?)",
        (kind, target),
    )


def _assessed(clause: Clause, *, is_postgresql: bool) -> Condition:
    name = str(clause.value) if clause.kind == "issue" else clause.key
    held = "exists (select 1 from tracing_assessments a where a.trace_no = r.no and a.kind = ? and a.name = ?"
    valid, given = f"{held} and a.is_valid = 1", (clause.kind, name)
    if clause.kind == "issue":
        return Condition(f"{held})", given)
    match clause.op:
        case Op.IS_NULL:
            return Condition(f"not {valid})", given)
        case Op.IS_NOT_NULL:
            return Condition(f"{valid})", given)
        case Op.GREATER | Op.AT_LEAST | Op.LESS | Op.AT_MOST:
            return Condition(f"{valid} and a.number {clause.op} ?)", (*given, clause.value))
        case _:
            inner = compared("a.text", clause, is_postgresql=is_postgresql)
            return Condition(f"{valid} and {inner.sql})", (*given, *inner.given))


def _compared(column: str, clause: Clause, *, is_postgresql: bool) -> Condition:
    if clause.op in {Op.IS_NULL, Op.IS_NOT_NULL}:
        return Condition(f"{column} {clause.op.lower()}", ())
    return compared(column, clause, is_postgresql=is_postgresql)

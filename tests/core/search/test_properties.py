"""Round trips, and what any text may do: be read, or be refused with a reason."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from everlearn.core.search import (
    EVALUATION_DATASETS,
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    TRACES,
    BadFilterError,
    BadOrderError,
    Clause,
    Op,
    Order,
    SearchSchema,
    order_by,
    parse_filter,
    parse_order,
)
from everlearn.core.search.schema import Entity, ValueType

SCHEMAS = st.sampled_from(
    [RUNS, EXPERIMENTS, REGISTERED_MODELS, MODEL_VERSIONS, LOGGED_MODELS, TRACES, EVALUATION_DATASETS]
)
STRINGS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
WHOLE = st.integers(-(2**63) + 1, 2**63 - 1)
PIECES = st.sampled_from([
    *["metrics.", "params.", "tags.", "attributes.", "span.", "run_id", "status", "name", "a", "=", "!=", ">", "<="],
    *["LIKE", "IN", "NOT", "IS", "NULL", "AND", "OR"],
    *["'x'", '"y"', "`z`", "1", "-2.5", "(", ")", ",", ";", " ", "'", '"', "`", "\n", ".", "run name", "DESC"],
])  # fmt: skip


def quoted(text: str, quote: str) -> str:
    return quote + text.replace(quote, quote * 2) + quote


@st.composite
def written_values(draw: st.DrawFn, type_: ValueType, op: Op, *, is_measured: bool) -> tuple[object, str]:
    """Draw a value and one way to write it."""
    if op in {Op.IS_NULL, Op.IS_NOT_NULL}:
        return None, ""
    quotes = st.sampled_from("'\"")
    if op in {Op.IN, Op.NOT_IN}:
        values = draw(st.lists(STRINGS, min_size=1, max_size=4))
        return tuple(values), "(" + ", ".join(quoted(value, draw(quotes)) for value in values) + ")"
    if type_ is ValueType.TEXT:
        value = draw(STRINGS)
        return value, quoted(value, draw(quotes))
    number = draw(WHOLE if type_ is ValueType.WHOLE else FLOATS if is_measured else st.one_of(WHOLE, FLOATS))
    return number, repr(number)


def keys_of(entity: Entity) -> st.SearchStrategy[str]:
    fixed = [st.sampled_from(sorted(entity.fields))] if entity.fields else []
    prefixed = [KEYS.map(head.__add__) for head in entity.prefixes]
    return st.one_of(*fixed, *prefixed, *([KEYS] if entity.free else []))


@st.composite
def written_clauses(draw: st.DrawFn, schema: SearchSchema) -> tuple[Clause, str]:
    """Draw a clause and one way to write it."""
    entity = draw(st.sampled_from(schema.entities))
    key = draw(keys_of(entity))
    field = entity.field_of(key)
    assert field is not None
    op = draw(st.sampled_from(sorted(field.ops)))
    value, written = draw(written_values(field.type_with(op), op, is_measured=entity.free is not None))
    name = draw(st.sampled_from(sorted(entity.names)))
    word = draw(st.sampled_from([str(op), op.lower()]))
    text = f"{name}.{quoted(key, draw(st.sampled_from('`' + chr(34))))} {word} {written}"
    return Clause(kind=entity.kind, key=key, op=op, value=value), text  # type: ignore[arg-type]  # drawn by type


@given(data=st.data(), schema=SCHEMAS)
def test_what_is_written_is_read_back(data: st.DataObject, schema: SearchSchema) -> None:
    drawn = data.draw(st.lists(written_clauses(schema), max_size=3))
    joint = data.draw(st.sampled_from([" AND ", "\nand\t"]))

    assert parse_filter(joint.join(text for _, text in drawn), schema) == tuple(clause for clause, _ in drawn)


@given(key=KEYS, is_ascending=st.booleans())
def test_orders_are_read_back(key: str, is_ascending: bool) -> None:
    expected = Order(kind="metric", key=key, ascending=is_ascending)

    assert parse_order([f"metrics.{quoted(key, '`')} {'asc' if is_ascending else 'desc'}"], RUNS) == (expected,)


@given(
    text=st.one_of(st.text(st.characters(), max_size=60), st.lists(PIECES, max_size=14).map("".join)), schema=SCHEMAS
)
def test_no_text_does_worse_than_a_refusal(text: str, schema: SearchSchema) -> None:
    with suppress(BadFilterError):
        parse_filter(text, schema)
    with suppress(BadOrderError):
        parse_order([text], schema)
    with suppress(BadOrderError):
        order_by(text, schema)


@given(text=st.lists(PIECES, max_size=14).map(" ".join), schema=SCHEMAS)
def test_what_is_read_is_what_the_search_knows(text: str, schema: SearchSchema) -> None:
    with suppress(BadFilterError):
        for clause in parse_filter(text, schema):
            entity = next(one for one in schema.entities if one.kind == clause.kind)
            field = entity.field_of(clause.key)
            assert field is not None
            assert clause.op in field.ops

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlearn.core.search import BadFilterError, BadOrderError, Clause, Op, Order, parse_filter, parse_order
from everlearn.core.search.fields import EXPERIMENTS, RUNS

KEYS = st.text("abcxyz.-/ :_0123", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.loss < 0.5", Clause(kind="metric", key="loss", op=Op.LESS, value=0.5)),
        ("metric.loss>=-1e-3", Clause(kind="metric", key="loss", op=Op.AT_LEAST, value=-0.001)),
        ("metrics.`a b` != 2", Clause(kind="metric", key="a b", op=Op.UNEQUAL, value=2.0)),
        ('metrics."train/loss" = 2', Clause(kind="metric", key="train/loss", op=Op.EQUAL, value=2.0)),
        ("params.a.b.c = 'x'", Clause(kind="param", key="a.b.c", op=Op.EQUAL, value="x")),
        ("parameter.lr like '0.%'", Clause(kind="param", key="lr", op=Op.LIKE, value="0.%")),
        ('tags.mlflow.user ILIKE "ME"', Clause(kind="tag", key="mlflow.user", op=Op.ILIKE, value="ME")),
        ("tag.x is not null", Clause(kind="tag", key="x", op=Op.IS_NOT_NULL)),
        ("params.x IS NULL", Clause(kind="param", key="x", op=Op.IS_NULL)),
        ("status = 'FINISHED'", Clause(kind="attribute", key="status", op=Op.EQUAL, value="FINISHED")),
        ("run.status = 'FAILED'", Clause(kind="attribute", key="status", op=Op.EQUAL, value="FAILED")),
        ("`Run name` = 'a'", Clause(kind="attribute", key="run_name", op=Op.EQUAL, value="a")),
        ("run name = 'a'", Clause(kind="attribute", key="run_name", op=Op.EQUAL, value="a")),
        ("Created > 5", Clause(kind="attribute", key="start_time", op=Op.GREATER, value=5.0)),
        ("run_id IN ('a', 'b')", Clause(kind="attribute", key="run_id", op=Op.IN, value=("a", "b"))),
        ("run_id not in ('a')", Clause(kind="attribute", key="run_id", op=Op.NOT_IN, value=("a",))),
        ("datasets.context = 'train'", Clause(kind="dataset", key="context", op=Op.EQUAL, value="train")),
        ("params.x = 'this AND that'", Clause(kind="param", key="x", op=Op.EQUAL, value="this AND that")),
    ],
)
def test_a_clause_is_read(text: str, expected: Clause) -> None:
    assert parse_filter(text, RUNS) == (expected,)


def test_clauses_are_joined_by_and_alone() -> None:
    both = parse_filter("metrics.a < 1 AND params.b = 'x' and tags.c IS NULL", RUNS)

    assert [clause.kind for clause in both] == ["metric", "param", "tag"]
    assert parse_filter("", RUNS) == parse_filter("  ", RUNS) == parse_filter(None, RUNS) == ()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("metrics.a < 1 OR metrics.a > 2", "Invalid clause"),
        ("NOT metrics.a < 1", "Invalid"),
        ("(metrics.a < 1)", "Invalid clause"),
        ("metrics.a < 1 AND", "Invalid clause"),
        ("metrics.a", "Invalid clause"),
        ("params.a = 'unclosed", "never closed"),
        ("metrics.a = '1'", "numeric"),
        ("metrics.a < nan", "NaN"),
        ("params.a = 1", "quoted string"),
        ("params.a > '1'", "Invalid comparator"),
        ("metrics.a LIKE 'x'", "Invalid comparator"),
        ("params.a IN ('x')", "Invalid comparator"),
        ("status IN ('x')", "Invalid comparator"),
        ("run_id IN ()", "list"),
        ("run_id IN ('a' 'b')", "list"),
        ("nothing = 'x'", "Invalid attribute key"),
        ("planet.earth = 'x'", "Invalid entity type"),
        ("metrics.a < 1 metrics.b < 2", "Invalid clause"),
        (" AND ".join(["metrics.a < 1"] * 101), "100"),
        ("x" * 20_001, "20000"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_reason(text: str, complaint: str) -> None:
    with pytest.raises(BadFilterError, match=complaint):
        parse_filter(text, RUNS)


@given(st.text(max_size=60))
def test_no_text_does_worse_than_a_refusal(text: str) -> None:
    with suppress(BadFilterError):
        parse_filter(text, RUNS)
    with suppress(BadOrderError):
        parse_order([text], EXPERIMENTS)


@given(key=KEYS, value=st.text(st.characters(exclude_characters="'"), max_size=30))
def test_what_is_quoted_comes_back_as_it_was(key: str, value: str) -> None:
    (clause,) = parse_filter(f"params.`{key}` = '{value}'", RUNS)

    assert (clause.key, clause.value) == (key, value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_comes_back_as_it_was(value: float) -> None:
    (clause,) = parse_filter(f"metrics.x >= {value!r}", RUNS)

    assert clause.value == value


def test_orders_are_read() -> None:
    orders = parse_order(["metrics.`a b` DESC", "params.x", "attributes.start_time asc", "Created desc"], RUNS)

    assert orders == (
        Order(kind="metric", key="a b", ascending=False),
        Order(kind="param", key="x", ascending=True),
        Order(kind="attribute", key="start_time", ascending=True),
        Order(kind="attribute", key="start_time", ascending=False),
    )


@pytest.mark.parametrize("text", ["", "metrics.a DOWN", "metrics.a = 1", "nothing", "datasets.name", "planet.x DESC"])
def test_orders_that_cannot_be_meant_are_refused(text: str) -> None:
    with pytest.raises(BadOrderError, match="Invalid order_by"):
        parse_order([text], RUNS)

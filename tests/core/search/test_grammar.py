"""What filters mean, by the description of the protocol's grammar."""

import pytest

from everlearn.core.search import RUNS, Clause, Op, parse_filter


def read(text: str) -> Clause:
    (clause,) = parse_filter(text, RUNS)
    return clause


@pytest.mark.parametrize(
    ("text", "kind", "key"),
    [
        ("metrics.loss = 1", "metric", "loss"),
        ("metric.loss = 1", "metric", "loss"),
        ("params.lr = '1'", "param", "lr"),
        ("param.lr = '1'", "param", "lr"),
        ("parameter.lr = '1'", "param", "lr"),
        ("parameters.lr = '1'", "param", "lr"),
        ("tags.team = 'a'", "tag", "team"),
        ("tag.team = 'a'", "tag", "team"),
        ("status = 'RUNNING'", "attribute", "status"),
        ("attribute.status = 'RUNNING'", "attribute", "status"),
        ("attributes.status = 'RUNNING'", "attribute", "status"),
        ("attr.status = 'RUNNING'", "attribute", "status"),
        ("run.status = 'RUNNING'", "attribute", "status"),
        ("dataset.name = 'a'", "dataset", "name"),
        ("datasets.digest = 'a'", "dataset", "digest"),
        ("`metrics`.loss = 1", "metric", "loss"),
    ],
)
def test_every_spelling_of_an_entity_is_its_kind(text: str, kind: str, key: str) -> None:
    clause = read(text)

    assert (clause.kind, clause.key) == (kind, key)


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("mlflow.source.name", "mlflow.source.name"),
        ("1st", "1st"),
        ("2.5", "2.5"),
        ("train/loss", "train/loss"),
        ("a-b:c#d", "a-b:c#d"),
        ("été", "été"),
        ("and", "and"),
        ("like", "like"),
        ("`a b`", "a b"),
        ('"a b"', "a b"),
        ("`a.b`", "a.b"),
        ("\"a = 'b' AND c\"", "a = 'b' AND c"),
        ("`a``b`", "a`b"),
        ('"a""b"', 'a"b'),
        ("a.`b c`", "a.b c"),
        ("`a`.b", "a.b"),
        ("' a '", " a "),
    ],
)
def test_a_key_is_all_after_the_first_dot_without_its_quotes(written: str, key: str) -> None:
    assert read(f"params.{written} = 'x'").key == key


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("`run name`", "run_name"),
        ('"run name"', "run_name"),
        ("`Run name`", "run_name"),
        ("attributes.`Run Name`", "run_name"),
        ("run name", "run_name"),
        ("attributes.Run   Name", "run_name"),
        ("run_name", "run_name"),
    ],
)
def test_other_names_of_the_run_name_are_resolved(written: str, key: str) -> None:
    assert read(f"{written} = 'x'") == Clause(kind="attribute", key=key, op=Op.EQUAL, value="x")


@pytest.mark.parametrize("written", ["start_time", "created", "Created", "attributes.`Created`"])
def test_other_names_of_the_start_are_resolved(written: str) -> None:
    assert read(f"{written} > 5") == Clause(kind="attribute", key="start_time", op=Op.GREATER, value=5)


@pytest.mark.parametrize(
    ("written", "op"),
    [
        ("= 'x'", Op.EQUAL),
        ("!='x'", Op.UNEQUAL),
        ("LIKE 'x'", Op.LIKE),
        ("like 'x'", Op.LIKE),
        ("iLike 'x'", Op.ILIKE),
        ("is null", Op.IS_NULL),
        ("IS NULL", Op.IS_NULL),
        ("Is  Not\tNull", Op.IS_NOT_NULL),
    ],
)
def test_keywords_are_read_in_any_case(written: str, op: Op) -> None:
    assert read(f"tags.a {written}").op is op


@pytest.mark.parametrize("op", ["=", "!=", ">", ">=", "<", "<="])
def test_numbers_compare_with_and_without_space(op: str) -> None:
    expected = Clause(kind="metric", key="a", op=Op(op), value=-0.5)

    assert read(f"metrics.a{op}-.5") == read(f" metrics.a  {op}\n-0.5\t") == expected


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", 1.0),
        ("-3", -3.0),
        ("0.25", 0.25),
        (".25", 0.25),
        ("5.", 5.0),
        ("1e5", 100_000.0),
        ("1E-2", 0.01),
        ("1e+20", 1e20),
        ("-2.5e-3", -0.0025),
        ("9" * 300, float("9" * 300)),
    ],
)
def test_metrics_compare_with_floats(written: str, value: float) -> None:
    found = read(f"metrics.a < {written}").value

    assert isinstance(found, float)
    assert found == value


def test_moments_compare_with_whole_numbers_exactly() -> None:
    largest = 2**63 - 1

    assert read(f"start_time < {largest}").value == largest
    assert read(f"end_time > -{largest}").value == -largest


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("'x'", "x"),
        ('"x"', "x"),
        ("''", ""),
        ("'this AND that'", "this AND that"),
        ("'say \"so\"'", 'say "so"'),
        ('"it\'s"', "it's"),
        ("'it''s'", "it's"),
        ('"a""b"', 'a"b'),
        ("''''", "'"),
        ("'C:\\'", "C:\\"),
        ("'a.b.c'", "a.b.c"),
        ("'(1, 2); DROP'", "(1, 2); DROP"),
        ("' ü€😀\n'", " ü€😀\n"),
        ("'1.5'", "1.5"),
        ("'%a_'", "%a_"),
    ],
)
def test_strings_are_all_that_is_between_their_quotes(written: str, value: str) -> None:
    assert read(f"params.a = {written}").value == value


@pytest.mark.parametrize(
    ("written", "op", "value"),
    [
        ("IN ('a')", Op.IN, ("a",)),
        ("in ('a', \"b\")", Op.IN, ("a", "b")),
        ("IN('a','b','c')", Op.IN, ("a", "b", "c")),
        ("IN ('a',)", Op.IN, ("a",)),
        ("NOT IN ( 'a' , 'b,c' )", Op.NOT_IN, ("a", "b,c")),
        ("not  in ('a')", Op.NOT_IN, ("a",)),
    ],
)
def test_lists_are_read(written: str, op: Op, value: tuple[str, ...]) -> None:
    assert read(f"run_id {written}") == Clause(kind="attribute", key="run_id", op=op, value=value)


def test_nulls_have_no_value() -> None:
    assert read("params.a IS NULL").value is None
    assert read("params.a IS NOT NULL").value is None


def test_clauses_are_joined_by_and() -> None:
    clauses = parse_filter("metrics.a < 1 AND params.b='x'and tags.`c d` IS NULL\n AND\trun_id IN ('e')", RUNS)

    assert [(clause.kind, clause.key) for clause in clauses] == [
        ("metric", "a"),
        ("param", "b"),
        ("tag", "c d"),
        ("attribute", "run_id"),
    ]


@pytest.mark.parametrize("text", [None, "", "  ", "\n\t"])
def test_nothing_lets_everything_pass(text: str | None) -> None:
    assert parse_filter(text, RUNS) == ()


def test_two_hundred_clauses_are_read() -> None:
    assert len(parse_filter(" AND ".join(["metrics.a < 1"] * 200), RUNS)) == 200

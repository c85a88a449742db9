"""What filters cannot say, and the words of the refusal. Clients match the first words, which the protocol fixed."""

import re

import pytest

from everlearn.core.search import (
    EVALUATION_DATASETS,
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    TRACES,
    BadFilterError,
    SearchSchema,
    parse_filter,
)

UNREADABLE = "Invalid clause(s) in filter string"
LIST = "While parsing a list in the query, expected a non-empty list of string values"


def refused(text: str, schema: SearchSchema) -> BadFilterError:
    with pytest.raises(BadFilterError) as caught:
        parse_filter(text, schema)
    return caught.value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("metrics.a > 1 OR params.b = 'x'", UNREADABLE),
        ("metrics.a > 1 NAND params.b = 'x'", UNREADABLE),
        ("metrics.a > 1 AND (params.b = 'x')", UNREADABLE),
        ("(metrics.a > 1)", UNREADABLE),
        ("NOT metrics.a > 1", UNREADABLE),
        ("metrics.a > 1 AND NOT metrics.b > 1", UNREADABLE),
        ("metrics.a > 1 metrics.b > 1", UNREADABLE),
        ("AND metrics.a > 1", UNREADABLE),
        ("metrics.a > 1 AND", UNREADABLE),
        ("metrics.a > 1 AND AND metrics.b > 1", UNREADABLE),
        ("metrics.a > 1 -- and so on", UNREADABLE),
        ("metrics.a BETWEEN 1 AND 2", UNREADABLE),
        ("tags.a NOT LIKE 'x'", UNREADABLE),
        ("attribute.status IS 'RUNNING'", UNREADABLE),
        ("tags.a IS", UNREADABLE),
        ("tags.a IS NOT", UNREADABLE),
        ("metrics.a", UNREADABLE),
        ("metrics.a !=", UNREADABLE),
        ("params.a LR", UNREADABLE),
        ("params.a LR !=", UNREADABLE),
        ("tags.a = = 'x'", UNREADABLE),
        ("attribute.status = true", UNREADABLE),
        ("`metrics.a > 1", UNREADABLE),
        ("param`.a > 1", UNREADABLE),
        ("params.'a = x", UNREADABLE),
        ("params.a = 'x", UNREADABLE),
        ("params.a = x'", UNREADABLE),
        ("params.a = \"x'", UNREADABLE),
        ("params.a = 'it's'", UNREADABLE),
        ("run_id IN 'a'", UNREADABLE),
        ("run_id = ('a')", UNREADABLE),
        ("metrics.a > 1; metrics.b < 1", "Search filter contained multiple expression"),
        ("metrics.a > 1;", "Search filter contained multiple expression"),
        ("1.0 > metrics.a", "Invalid comparison clause. Expected 'Identifier' found '1.0'"),
        ("1=1", "Invalid comparison clause. Expected 'Identifier' found '1'"),
        ("'run name' = 'x'", "Invalid comparison clause. Expected 'Identifier' found"),
    ],
)
def test_what_is_no_filter_is_refused(text: str, words: str) -> None:
    assert refused(text, RUNS).message.startswith(words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("m.a >= 1", "Invalid entity type 'm'"),
        ("Metrics.a >= 1", "Invalid entity type 'Metrics'"),
        ("trace.status = 'OK'", "Invalid entity type 'trace'"),
        ("`metrics.a` > 1", "Invalid entity type '`metrics.a`'"),
        ("a >= 1", "Invalid attribute key 'a'"),
        ("a is null", "Invalid attribute key 'a'"),
        ("attribute.start != 1", "Invalid attribute key 'start'"),
        ("attribute.experiment_id != 1", "Invalid attribute key 'experiment_id'"),
        ("attribute.lifecycle_stage = 'ACTIVE'", "Invalid attribute key 'lifecycle_stage'"),
        ("dataset.profile = 'x'", "Invalid dataset key 'profile'"),
        ("params. = 'x'", "Invalid param key ''"),
        ("params.`` = 'x'", "Invalid param key ''"),
    ],
)
def test_unknown_identifiers_are_refused(text: str, words: str) -> None:
    assert refused(text, RUNS).message.startswith(words)


@pytest.mark.parametrize(
    ("identifier", "ops"),
    [
        ("metrics.a", ["LIKE", "ILIKE", "RLIKE", "~", "~=", "==", "<>"]),
        ("params.a", [">", ">=", "<", "<=", "RLIKE", "IN", "NOT IN", "~"]),
        ("tags.a", [">", ">=", "<", "<=", "RLIKE", "IN", "~"]),
        ("attributes.status", [">", "<=", "RLIKE", "IN", "NOT IN", "~"]),
        ("attributes.start_time", ["LIKE", "ILIKE", "IN"]),
        ("datasets.name", [">", "<", "RLIKE", "~"]),
    ],
)
def test_comparators_of_other_kinds_are_refused(identifier: str, ops: list[str]) -> None:
    for op in ops:
        assert refused(f"{identifier} {op} 1", RUNS).message.startswith(f"Invalid comparator '{op}'")


@pytest.mark.parametrize("text", ["metrics.a IS NULL", "status IS NOT NULL", "datasets.name IS NULL"])
def test_null_is_for_labels_alone(text: str) -> None:
    assert refused(text, RUNS).message.startswith("IS NULL / IS NOT NULL is only supported for tags and params")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("metric.a = 'x'", "Expected numeric value type for metric. Found 'x'"),
        ("metric.a = '5'", "Expected numeric value type for metric. Found '5'"),
        ("metrics.a != metrics.b", "Expected numeric value type for metric. Found metrics.b"),
        ("metrics.a < nan", "Expected numeric value type for metric"),
        ("metrics.a < inf", "Expected numeric value type for metric"),
        ("metrics.a < 1e999", "Expected numeric value type"),
        ("metrics.a < 0x1F", "Expected numeric value type for metric"),
        ("metrics.a < +1", "Expected numeric value type for metric"),
        ("metrics.a < 1_000", "Expected numeric value type for metric"),
        ("metrics.a < \u0661", "Expected numeric value type for metric"),
        ("start_time > '5'", "Expected numeric value type for numeric attribute: start_time. Found '5'"),
        ("start_time > 9223372036854775808", "Invalid value for numeric attribute 'start_time'"),
        (f"start_time > {'9' * 5000}", "Invalid value for numeric attribute 'start_time'"),
        ("params.a = 5", "Expected a quoted string value for param"),
        ("tags.a = 5", "Expected a quoted string value for tag"),
        ("attribute.status = 1", "Expected a quoted string value for attributes"),
        ("dataset.name = 1", "Expected a quoted string value for dataset"),
    ],
)
def test_values_of_another_type_are_refused(text: str, words: str) -> None:
    assert refused(text, RUNS).message.startswith(words)


@pytest.mark.parametrize("text", ["params.a = LR", "tags.a = LR", "params.a = `LR`"])
def test_strings_without_quotes_are_refused(text: str) -> None:
    assert "value is either not quoted or unidentified quote types" in refused(text, RUNS).message


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("()", f"{LIST}, but got empty list"),
        ("('a' 'b')", f"{LIST}, but got ill-formed list"),
        ("('a'", f"{LIST}, but got ill-formed list"),
        ("('a',", "While parsing a list in the query, expected string value"),
        ("(,)", "While parsing a list in the query, expected string value"),
        ("(1)", "While parsing a list in the query, expected string value"),
        ("('a', 2)", "While parsing a list in the query, expected string value"),
        ("(a)", "While parsing a list in the query, expected string value"),
        ("(`a`)", "While parsing a list in the query, expected string value"),
        ("(('a'))", "While parsing a list in the query, expected string value"),
    ],
)
def test_what_is_no_list_of_strings_is_refused(written: str, words: str) -> None:
    assert refused(f"run_id IN {written}", RUNS).message.startswith(words)


def test_a_list_for_another_key_names_those_that_take_one() -> None:
    message = refused("status IN ('RUNNING')", RUNS).message

    assert "Only ['run_id'] attributes support comparison with a list of quoted string values" in message


@pytest.mark.parametrize(
    ("text", "schema", "words"),
    [
        ("creation_time > 1.5", EXPERIMENTS, "Invalid value for numeric attribute 'creation_time': '1.5'"),
        ("name IN ('a')", EXPERIMENTS, "Invalid comparator 'IN'"),
        ("name IS NULL", EXPERIMENTS, "IS NULL / IS NOT NULL is only supported for tags, not for"),
        ("metrics.a > 1", EXPERIMENTS, "Invalid entity type"),
        ("timestamp > 1", REGISTERED_MODELS, "Invalid attribute key"),
        ("creation_timestamp > 1", REGISTERED_MODELS, "Invalid attribute key"),
        ("tags.a IS NULL", REGISTERED_MODELS, "IS NULL / IS NOT NULL"),
        ("version_number > 1.5", MODEL_VERSIONS, "Invalid value for numeric attribute 'version_number'"),
        ("version = 1", MODEL_VERSIONS, "Invalid attribute key"),
        ("source_path IN ('a')", MODEL_VERSIONS, "Invalid comparator 'IN'"),
        ("metrics.a LIKE 'x'", LOGGED_MODELS, "Invalid comparison operator 'LIKE'"),
        ("tags.a IS NULL", LOGGED_MODELS, "IS NULL / IS NOT NULL"),
        ("user_id = 'a'", LOGGED_MODELS, "Invalid attribute key"),
        ("span.content = 'x'", TRACES, "Invalid comparator '='"),
        ("span.kind = 'x'", TRACES, "Invalid span key 'kind'"),
        ("span.attributes. = 'x'", TRACES, "Invalid span key 'attributes.'"),
        ("feedback.a = 1", TRACES, "Expected a quoted string value for feedback"),
        ("feedback.a > 'x'", TRACES, "Expected numeric value type for feedback"),
        ("issue.id != 'x'", TRACES, "Invalid comparator '!='"),
        ("issue.name = 'x'", TRACES, "Invalid issue key"),
        ("prompt != 'a/1'", TRACES, "Invalid comparator '!='"),
        ("timestamp IN ('a')", TRACES, "Invalid comparator 'IN'"),
        ("status IS NULL", TRACES, "IS NULL / IS NOT NULL is only supported for tags and metadata and"),
        ("experiment_id = '1'", TRACES, "Invalid attribute key"),
        ("name NOT IN ('a')", EVALUATION_DATASETS, "Invalid comparator 'NOT IN'"),
        ("created_time > 0.5", EVALUATION_DATASETS, "Invalid value for numeric attribute 'created_time'"),
        ("tags.a IS NULL", EVALUATION_DATASETS, "IS NULL / IS NOT NULL"),
    ],
)
def test_each_search_refuses_what_it_does_not_know(text: str, schema: SearchSchema, words: str) -> None:
    assert refused(text, schema).message.startswith(words)


def test_a_refusal_says_where_and_what_is_allowed() -> None:
    error = refused("metrics.a > 1 AND params.b > 'x'", RUNS)

    assert error.code == "search.bad_filter"
    assert error.details == {"at": 19}
    assert error.message.endswith("Expected one of =, !=, LIKE, ILIKE, IS NULL, IS NOT NULL (at character 19)")


def test_a_refusal_does_not_repeat_a_long_text() -> None:
    assert len(refused(f"params.{'a' * 5_000} > 'x'", RUNS).message) < 400


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x" * 10_001, "it has 10001 characters; 10000 are allowed"),
        (" AND ".join(["metrics.a < 1"] * 201), "it has more than 200 clauses"),
        ("params.a = 'a\0b'", "character 14 is U+0000"),
        ("params.a = 'a\ud800'", "character 14 is U+D800"),
    ],
)
def test_filters_beyond_the_limits_are_refused(text: str, words: str) -> None:
    assert words in refused(text, RUNS).message


@pytest.mark.parametrize("pattern", ["'" * 9_999, "''" * 4_999 + "'", "(" * 10_000, "metrics.`" * 1_000, "a." * 5_000])
def test_texts_made_to_cost_much_are_refused_like_others(pattern: str) -> None:
    refused(pattern, RUNS)


def test_patterns_of_rlike_are_bounded() -> None:
    assert parse_filter(f"tags.a RLIKE '{'a' * 500}'", TRACES)
    assert re.search("501 characters; 500 are allowed", refused(f"tags.a RLIKE '{'a' * 501}'", TRACES).message)

"""What each search knows, by the protocol's table of identifiers and operators."""

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

NUMERIC = {"=", "!=", ">", ">=", "<", "<="}
TEXT = {"=", "!=", "LIKE", "ILIKE"}
LISTS = {"IN", "NOT IN"}
NULLS = {"IS NULL", "IS NOT NULL"}
ALL = NUMERIC | TEXT | LISTS | NULLS | {"RLIKE"}


def known_ops(identifier: str, schema: SearchSchema) -> set[str]:
    """Try every operator with every type of value."""
    known = set()
    for op in ALL:
        for value in [""] if op in NULLS else ["('a')"] if op in LISTS else ["'a'", "1"]:
            try:
                (clause,) = parse_filter(f"{identifier} {op} {value}", schema)
            except BadFilterError:
                continue
            known.add(str(clause.op))
    return known


@pytest.mark.parametrize(
    ("schema", "identifier", "ops"),
    [
        (RUNS, "metrics.a", NUMERIC),
        (RUNS, "params.a", TEXT | NULLS),
        (RUNS, "tags.a", TEXT | NULLS),
        (RUNS, "run_id", TEXT | LISTS),
        (RUNS, "run_name", TEXT),
        (RUNS, "user_id", TEXT),
        (RUNS, "status", TEXT),
        (RUNS, "artifact_uri", TEXT),
        (RUNS, "start_time", NUMERIC),
        (RUNS, "end_time", NUMERIC),
        (RUNS, "datasets.name", TEXT | LISTS),
        (RUNS, "datasets.digest", TEXT | LISTS),
        (RUNS, "datasets.context", TEXT | LISTS),
        (EXPERIMENTS, "name", TEXT),
        (EXPERIMENTS, "attribute.name", TEXT),
        (EXPERIMENTS, "experiment_id", TEXT | LISTS),
        (EXPERIMENTS, "creation_time", NUMERIC),
        (EXPERIMENTS, "last_update_time", NUMERIC),
        (EXPERIMENTS, "tags.a", TEXT | NULLS),
        (REGISTERED_MODELS, "name", TEXT | LISTS),
        (REGISTERED_MODELS, "tags.a", TEXT),
        (MODEL_VERSIONS, "name", TEXT | LISTS),
        (MODEL_VERSIONS, "run_id", TEXT | LISTS),
        (MODEL_VERSIONS, "source_path", TEXT),
        (MODEL_VERSIONS, "version_number", NUMERIC),
        (MODEL_VERSIONS, "tags.a", TEXT),
        (LOGGED_MODELS, "name", TEXT | LISTS),
        (LOGGED_MODELS, "attributes.model_id", TEXT | LISTS),
        (LOGGED_MODELS, "model_type", TEXT | LISTS),
        (LOGGED_MODELS, "status", TEXT | LISTS),
        (LOGGED_MODELS, "source_run_id", TEXT | LISTS),
        (LOGGED_MODELS, "creation_time", NUMERIC),
        (LOGGED_MODELS, "last_updated_timestamp", NUMERIC),
        (LOGGED_MODELS, "metrics.a", NUMERIC),
        (LOGGED_MODELS, "params.a", TEXT | LISTS),
        (LOGGED_MODELS, "tags.a", TEXT | LISTS),
        (TRACES, "request_id", TEXT | LISTS | {"RLIKE"}),
        (TRACES, "trace.status", TEXT | LISTS | {"RLIKE"}),
        (TRACES, "client_request_id", TEXT | LISTS | {"RLIKE"}),
        (TRACES, "name", TEXT | LISTS | NULLS | {"RLIKE"}),
        (TRACES, "run_id", TEXT | LISTS | NULLS | {"RLIKE"}),
        (TRACES, "prompt", {"="}),
        (TRACES, "text", {"LIKE", "ILIKE"}),
        (TRACES, "timestamp", NUMERIC),
        (TRACES, "attributes.execution_time_ms", NUMERIC),
        (TRACES, "end_time", NUMERIC),
        (TRACES, "tags.a", TEXT | NULLS | {"RLIKE"}),
        (TRACES, "metadata.a", TEXT | NULLS | {"RLIKE"}),
        (TRACES, "span.name", TEXT | LISTS | {"RLIKE"}),
        (TRACES, "span.type", TEXT | LISTS | {"RLIKE"}),
        (TRACES, "span.status", TEXT | LISTS | {"RLIKE"}),
        (TRACES, "span.attributes.llm.model", TEXT | LISTS | {"RLIKE"}),
        (TRACES, "span.content", {"LIKE", "ILIKE"}),
        (TRACES, "feedback.a", ALL - LISTS),
        (TRACES, "expectation.`a b`", ALL - LISTS),
        (TRACES, "issue.id", {"="}),
        (EVALUATION_DATASETS, "name", TEXT | {"IN"}),
        (EVALUATION_DATASETS, "created_by", TEXT),
        (EVALUATION_DATASETS, "last_updated_by", TEXT),
        (EVALUATION_DATASETS, "created_time", NUMERIC),
        (EVALUATION_DATASETS, "last_update_time", NUMERIC),
        (EVALUATION_DATASETS, "tags.a", TEXT),
    ],
)
def test_identifiers_know_their_operators(schema: SearchSchema, identifier: str, ops: set[str]) -> None:
    assert known_ops(identifier, schema) == ops


@pytest.mark.parametrize(
    ("schema", "text", "kind", "key"),
    [
        (LOGGED_MODELS, "creation_time > 1", "attribute", "creation_timestamp"),
        (LOGGED_MODELS, "attributes.last_updated_time > 1", "attribute", "last_updated_timestamp"),
        (TRACES, "timestamp > 1", "attribute", "timestamp_ms"),
        (TRACES, "trace.execution_time > 1", "attribute", "execution_time_ms"),
        (TRACES, "end_time > 1", "attribute", "end_time_ms"),
        (TRACES, "request_metadata.`a.b` = 'x'", "metadata", "a.b"),
        (TRACES, "span.attributes.`a b` = 'x'", "span", "attributes.a b"),
        (TRACES, "tag.name = 'x'", "tag", "name"),
    ],
)
def test_keys_are_given_in_their_one_spelling(schema: SearchSchema, text: str, kind: str, key: str) -> None:
    (clause,) = parse_filter(text, schema)

    assert (clause.kind, clause.key) == (kind, key)


def test_what_people_say_of_a_trace_is_text_unless_it_is_put_in_order() -> None:
    equal, more = parse_filter("feedback.quality = '0.8' AND feedback.quality > 0.8", TRACES)

    assert (equal.value, more.value) == ("0.8", 0.8)

"""What orders mean, and which are refused."""

import pytest

from everlearn.core.search import (
    EVALUATION_DATASETS,
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    TRACES,
    BadOrderError,
    Order,
    SearchSchema,
    order_by,
    parse_order,
)


def refused(items: list[str], schema: SearchSchema) -> BadOrderError:
    with pytest.raises(BadOrderError) as caught:
        parse_order(items, schema)
    return caught.value


@pytest.mark.parametrize(
    ("schema", "text", "kind", "key", "ascending"),
    [
        (RUNS, "metrics.acc DESC", "metric", "acc", False),
        (RUNS, "params.x", "param", "x", True),
        (RUNS, "tags.a.b  asc", "tag", "a.b", True),
        (RUNS, "attributes.start_time ASC", "attribute", "start_time", True),
        (RUNS, "metrics.`a b` DESC", "metric", "a b", False),
        (RUNS, 'metrics."a b" dEsC', "metric", "a b", False),
        (RUNS, "metrics.desc", "metric", "desc", True),
        (RUNS, "Created desc", "attribute", "start_time", False),
        (RUNS, "run name DESC", "attribute", "run_name", False),
        (RUNS, "`end_time`", "attribute", "end_time", True),
        (RUNS, " status ", "attribute", "status", True),
        (EXPERIMENTS, "last_update_time DESC", "attribute", "last_update_time", False),
        (REGISTERED_MODELS, "timestamp DESC", "attribute", "last_updated_timestamp", False),
        (REGISTERED_MODELS, "creation_timestamp", "attribute", "creation_timestamp", True),
        (MODEL_VERSIONS, "version_number DESC", "attribute", "version_number", False),
        (LOGGED_MODELS, "metrics.acc", "metric", "acc", True),
        (LOGGED_MODELS, "creation_time DESC", "attribute", "creation_timestamp", False),
        (TRACES, "timestamp DESC", "attribute", "timestamp_ms", False),
        (TRACES, "trace.experiment_id", "attribute", "experiment_id", True),
        (TRACES, "metadata.a DESC", "metadata", "a", False),
        (EVALUATION_DATASETS, "created_time DESC", "attribute", "created_time", False),
    ],
)
def test_an_order_is_read(schema: SearchSchema, text: str, kind: str, key: str, ascending: bool) -> None:
    assert parse_order([text], schema) == (Order(kind=kind, key=key, ascending=ascending),)


def test_orders_keep_their_order() -> None:
    assert [order.key for order in parse_order(["metrics.b", "metrics.a DESC", "status"], RUNS)] == ["b", "a", "status"]
    assert parse_order([], RUNS) == ()


@pytest.mark.parametrize(
    ("schema", "text", "words"),
    [
        (RUNS, "", "Expected 'Identifier'"),
        (RUNS, "m.acc", "Invalid entity type"),
        (RUNS, "`metrics.a`", "Invalid entity type"),
        (RUNS, "`metrics.a", "never closed"),
        (RUNS, "acc", "Invalid attribute key"),
        (RUNS, "attribute.experiment_id", "Invalid attribute key"),
        (RUNS, "metrics.", "Invalid metric key"),
        (RUNS, "metrics.a != 1", "Could not be parsed"),
        (RUNS, "metrics.a, metrics.b", "Could not be parsed"),
        (RUNS, "metrics.a DESC NULLS LAST", "Could not be parsed"),
        (RUNS, "metrics.a;", "Could not be parsed"),
        (RUNS, "attribute.run_id ACS", "Invalid ordering key 'ACS'"),
        (RUNS, "datasets.name", "Invalid order_by entity: dataset"),
        (REGISTERED_MODELS, "run_id", "Invalid order by key 'run_id'"),
        (REGISTERED_MODELS, "tags.a", "Invalid order_by entity: tag"),
        (MODEL_VERSIONS, "source_path", "Invalid attribute key"),
        (LOGGED_MODELS, "params.a", "Invalid order_by entity: param"),
        (LOGGED_MODELS, "user", "Invalid order by field name 'user'"),
        (TRACES, "span.name", "Invalid order_by entity: span"),
        (TRACES, "feedback.a", "Invalid order_by entity: feedback"),
        (TRACES, "prompt", "Invalid attribute key"),
        (EVALUATION_DATASETS, "created_by", "Invalid attribute key"),
    ],
)
def test_what_cannot_be_sorted_by_is_refused(schema: SearchSchema, text: str, words: str) -> None:
    error = refused([text], schema)

    assert error.code == "search.bad_order"
    assert error.message.startswith(f"Invalid order_by clause '{text}'")
    assert words in error.message


@pytest.mark.parametrize(
    ("schema", "items"),
    [
        (REGISTERED_MODELS, ["name", "name DESC"]),
        (REGISTERED_MODELS, ["timestamp", "last_updated_timestamp DESC"]),
        (MODEL_VERSIONS, ["version_number", "name", "version_number"]),
        (TRACES, ["timestamp", "timestamp_ms"]),
    ],
)
def test_the_registry_refuses_a_field_that_comes_twice(schema: SearchSchema, items: list[str]) -> None:
    assert refused(items, schema).message.startswith("`order_by` contains duplicate fields")


def test_orders_are_bounded() -> None:
    assert len(parse_order(["metrics.a"] * 20, RUNS)) == 20
    assert "21 clauses; 20 are allowed" in refused(["metrics.a"] * 21, RUNS).message


@pytest.mark.parametrize(
    ("written", "kind", "key"),
    [
        ("metrics.acc", "metric", "acc"),
        ("metrics.train loss", "metric", "train loss"),
        ("metrics.a.b DESC", "metric", "a.b DESC"),
        ("metrics.a`b", "metric", "a`b"),
        ("metrics.`a b`", "metric", "a b"),
        (" creation_time ", "attribute", "creation_timestamp"),
    ],
)
def test_a_field_apart_from_its_direction_needs_no_quotes(written: str, kind: str, key: str) -> None:
    assert order_by(written, LOGGED_MODELS, ascending=False) == Order(kind=kind, key=key, ascending=False)


@pytest.mark.parametrize("written", ["", "name DESC", "params.a", "metrics.", "nothing", "."])
def test_a_field_that_is_not_known_is_refused(written: str) -> None:
    with pytest.raises(BadOrderError):
        order_by(written, LOGGED_MODELS)

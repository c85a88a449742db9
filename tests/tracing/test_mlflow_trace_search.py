"""Searching traces: what comes out is compared with the same question put to plain Python lists."""

import json
import random
import re
from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

import pytest
from tests.tracing.senders import BEGIN, SECOND, found, search, send_spans, span, tell, trace_id
from tests.tracking.protocol import Server

Trace = dict[str, Any]
N_TRACES = 40


def filled(server: Server, *, seed: int) -> list[Trace]:
    """Make traces with some of each: told or not, with and without a name, tags, metadata, spans, assessments."""
    rng, traces = random.Random(seed), list[Trace]()
    for number in range(1, N_TRACES + 1):
        spans = [made_span(rng, number, one) for one in range(1, rng.randrange(1, 4))]
        if spans:
            send_spans(server, *(one["sent"] for one in spans))
        trace: Trace = {"id": trace_id(number), "spans": spans, "start": rng.randrange(5), "no": number}
        trace["duration"] = rng.choice([None, 0, 1500])
        trace["status"] = rng.choice(["OK", "ERROR", "IN_PROGRESS"])
        trace["name"] = rng.choice([None, "answer", "Answer", "100%"])
        trace["client"] = rng.choice([None, "c-1", "c-2"])
        trace["tags"] = {key: rng.choice(["red", "Red", "blue"]) for key in "xy" if rng.random() < 0.7}
        trace["meta"] = {key: rng.choice(["s1", "s2"]) for key in ("mlflow.trace.session",) if rng.random() < 0.7}
        trace["said"] = {key: rng.choice([True, "yes", "Yes", 0.5, 2, None]) for key in ("good",) if rng.random() < 0.7}
        tags = trace["tags"] | ({"mlflow.traceName": trace["name"]} if trace["name"] else {})
        tell(
            server,
            trace["id"],
            request_time=f"2026-01-01T00:00:0{trace['start']}Z",
            execution_duration=None if trace["duration"] is None else f"{trace['duration'] / 1000}s",
            state=trace["status"],
            client_request_id=trace["client"],
            tags=tags,
            trace_metadata=trace["meta"],
            assessments=[
                {"assessment_name": key, "feedback": {"value": value}} for key, value in trace["said"].items()
            ],
        )
        if trace["name"] is None and any(one["is_root"] for one in spans):
            trace["name"] = next(one["name"] for one in spans if one["is_root"])
        traces.append(trace)
    return traces


def made_span(rng: random.Random, trace: int, number: int) -> dict[str, Any]:
    name, kind = rng.choice(["call", "Call", "find"]), rng.choice(["LLM", "TOOL"])
    attributes: dict[str, Any] = {"model": rng.choice(["gpt-4", "GPT-4", "other"])} if rng.random() < 0.7 else {}
    attributes["k"] = rng.choice([3, [1, "ü"]])
    status = rng.choice([1, 2])
    return {
        "name": name, "type": kind, "status": ["", "OK", "ERROR"][status], "attributes": attributes,
        "is_root": number == 1,
        "sent": span(trace, number, 0 if number == 1 else 1, name=name, status=status,
                     attributes=attributes | {"mlflow.spanType": kind}),
    }  # fmt: skip


def text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def like(value: str | None, pattern: str, *, flags: int = 0) -> bool:
    written = "".join({"%": ".*", "_": "."}.get(one, re.escape(one)) for one in pattern)
    return value is not None and re.fullmatch(written, value, flags | re.DOTALL) is not None


def some_span(admits: Callable[[dict[str, Any]], bool]) -> Callable[[Trace], bool]:
    return lambda trace: any(admits(one) for one in trace["spans"])


def said(admits: Callable[[Any], bool]) -> Callable[[Trace], bool]:
    return lambda trace: "good" in trace["said"] and admits(trace["said"]["good"])


def number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


NAMED = "mlflow.traceName"
START = BEGIN // 1_000_000
FILTERS: list[tuple[str, Callable[[Trace], bool]]] = [
    ("", lambda _: True),
    ("status = 'OK'", lambda one: one["status"] == "OK"),
    ("trace.status != 'OK'", lambda one: one["status"] != "OK"),
    ("attributes.status IN ('OK', 'ERROR')", lambda one: one["status"] in {"OK", "ERROR"}),
    ("status RLIKE '^(OK|ERR)'", lambda one: one["status"] in {"OK", "ERROR"}),
    ("name = 'answer'", lambda one: one["name"] == "answer"),
    ("name != 'answer'", lambda one: one["name"] not in {None, "answer"}),
    ("name NOT IN ('answer', 'call')", lambda one: one["name"] not in {None, "answer", "call"}),
    ("name LIKE 'A%'", lambda one: like(one["name"], "A%")),
    ("name ILIKE 'a%'", lambda one: like(one["name"], "a%", flags=re.IGNORECASE)),
    ("name LIKE '100%'", lambda one: like(one["name"], "100%")),
    ("name IS NULL", lambda one: one["name"] is None),
    ("name RLIKE 'nsw.r$'", lambda one: re.search("nsw.r$", one["name"] or "") is not None),
    ("tags.`mlflow.traceName` = 'answer'", lambda one: one["name"] == "answer"),
    ("client_request_id = 'c-1'", lambda one: one["client"] == "c-1"),
    ("client_request_id NOT IN ('c-1')", lambda one: one["client"] not in {None, "c-1"}),
    (f"request_id = '{trace_id(3)}'", lambda one: one["id"] == trace_id(3)),
    (f"timestamp_ms >= {START + 2000}", lambda one: one["start"] >= 2),
    (f"timestamp < {START + 2000} AND status = 'OK'", lambda one: one["start"] < 2 and one["status"] == "OK"),
    ("execution_time_ms > 0", lambda one: (one["duration"] or 0) > 0),
    ("execution_time <= 0", lambda one: one["duration"] == 0),
    (f"end_time_ms = {START + 1500}", lambda one: one["start"] * 1000 + (one["duration"] or 0) == 1500),
    ("tags.x = 'red'", lambda one: one["tags"].get("x") == "red"),
    ("tag.x != 'red'", lambda one: one["tags"].get("x", "red") != "red"),
    ("tags.x LIKE 'r%'", lambda one: like(one["tags"].get("x"), "r%")),
    ("tags.x ILIKE 'r%'", lambda one: like(one["tags"].get("x"), "r%", flags=re.IGNORECASE)),
    ("tags.x IS NULL", lambda one: "x" not in one["tags"]),
    ("tags.x IS NOT NULL AND tags.y = 'blue'", lambda one: "x" in one["tags"] and one["tags"].get("y") == "blue"),
    ("tags.x RLIKE '(?i)^red$'", lambda one: one["tags"].get("x", "").lower() == "red"),
    ("tags.nobody = 'x'", lambda _: False),
    ("tags.nobody IS NULL", lambda _: True),
    ("tags.nobody RLIKE '.'", lambda _: False),
    ("metadata.`mlflow.trace.session` = 's1'", lambda one: one["meta"].get("mlflow.trace.session") == "s1"),
    ("request_metadata.mlflow.trace.session != 's1'",
     lambda one: one["meta"].get("mlflow.trace.session", "s1") != "s1"),
    ("tags.`mlflow.trace.spansLocation` = 'TRACKING_STORE'", lambda one: bool(one["spans"])),
    ("tags.`mlflow.artifactLocation` LIKE '%/traces/tr-%'", lambda _: True),
    ("span.name = 'call'", some_span(lambda one: one["name"] == "call")),
    ("span.name ILIKE 'c%'", some_span(lambda one: one["name"].lower() == "call")),
    ("span.name RLIKE '^[A-Z]'", some_span(lambda one: one["name"] == "Call")),
    ("span.type = 'LLM' AND span.status = 'ERROR'",
     some_span(lambda one: (one["type"], one["status"]) == ("LLM", "ERROR"))),
    ("span.type != 'LLM' AND span.name IN ('call', 'find')",
     some_span(lambda one: one["type"] != "LLM" and one["name"] in {"call", "find"})),
    ("span.attributes.model = 'gpt-4'", some_span(lambda one: one["attributes"].get("model") == "gpt-4")),
    ("span.attributes.model != 'gpt-4'", some_span(lambda one: one["attributes"].get("model", "gpt-4") != "gpt-4")),
    ("span.attributes.model ILIKE 'gpt-_'",
     some_span(lambda one: one["attributes"].get("model", "").lower() == "gpt-4")),
    ("span.attributes.model RLIKE '^(?:gpt|GPT)-[0-9]+$'",
     some_span(lambda one: one["attributes"].get("model", "").lower() == "gpt-4")),
    ("span.attributes.k = '3'", some_span(lambda one: one["attributes"]["k"] == 3)),
    ("span.attributes.k LIKE '%ü%'", some_span(lambda one: one["attributes"]["k"] != 3)),
    ("span.attributes.model = 'gpt-4' AND span.name = 'call' AND status = 'OK'",
     lambda one: one["status"] == "OK" and some_span(
         lambda step: (step["attributes"].get("model"), step["name"]) == ("gpt-4", "call"))(one)),
    ("span.content LIKE '%other%'", some_span(lambda one: one["attributes"].get("model") == "other")),
    ("trace.text ILIKE '%OTHER%' AND span.type = 'TOOL'",
     some_span(lambda one: one["attributes"].get("model") == "other" and one["type"] == "TOOL")),
    ("feedback.good = 'true'", said(lambda value: value is True)),
    ("feedback.good = 'yes'", said(lambda value: value == "yes")),
    ("feedback.good != 'yes'", said(lambda value: text(value) != "yes")),
    ("feedback.good ILIKE 'y%'", said(lambda value: text(value).lower().startswith("y"))),
    ("feedback.good RLIKE 'e.$'", said(lambda value: re.search("e.$", text(value)) is not None)),
    ("feedback.good > 0.5", said(lambda value: (number(value) or 0) > 0.5)),
    ("feedback.good <= 0.5", said(lambda value: number(value) == 0.5)),
    ("feedback.good IS NULL", lambda one: "good" not in one["said"]),
    ("feedback.good IS NOT NULL", lambda one: "good" in one["said"]),
    ("expectation.good IS NOT NULL", lambda _: False),
    ("issue.id = 'i-1'", lambda _: False),
    ("run_id = 'nobody'", lambda _: False),
    ("run_id IS NULL", lambda _: True),
]  # fmt: skip


def by_text(key: Callable[[Trace], str | None], *, descending: bool = False) -> Any:
    """Sort by a text; traces without it come last, in both directions."""

    def compare(one: Trace, other: Trace) -> int:
        left, right = key(one), key(other)
        if left is None or right is None:
            return (left is None) - (right is None)
        return ((left > right) - (left < right)) * (-1 if descending else 1)

    return cmp_to_key(compare)


ORDERS: list[tuple[list[str], Any]] = [
    ([], lambda _: 0),
    (["timestamp_ms ASC"], lambda one: one["start"]),
    (["timestamp DESC"], lambda one: -one["start"]),
    (["attributes.name"], by_text(lambda one: one["name"])),
    (["name DESC"], by_text(lambda one: one["name"], descending=True)),
    (["status", "execution_time_ms DESC"],
     lambda one: (one["status"], one["duration"] is None, -(one["duration"] or 0))),
    (["execution_time"], lambda one: (one["duration"] is None, one["duration"] or 0)),
    (["end_time_ms DESC"], lambda one: -(one["start"] * 1000 + (one["duration"] or 0))),
    (["tags.x"], by_text(lambda one: one["tags"].get("x"))),
    (["tags.x DESC"], by_text(lambda one: one["tags"].get("x"), descending=True)),
    (["metadata.`mlflow.trace.session`"], by_text(lambda one: one["meta"].get("mlflow.trace.session"))),
    (["request_id"], lambda one: one["id"]),
    (["experiment_id"], lambda _: 0),
    (["tags.nobody"], lambda _: 0),
]  # fmt: skip


def test_every_filter_and_order_finds_what_a_walk_through_all_traces_finds(server: Server) -> None:
    traces = filled(server, seed=3)
    newest_first = sorted(traces, key=lambda one: (-one["start"], one["id"]))

    for filter_, admits in FILTERS:
        expected = [one["id"] for one in newest_first if admits(one)]
        assert found(server, filter_, max_results=500) == expected, filter_
    for order, key in ORDERS:
        for filter_, admits in (
            FILTERS[0],
            FILTERS[1],
            ("span.attributes.k = '3'", dict(FILTERS)["span.attributes.k = '3'"]),
        ):
            expected = [one["id"] for one in sorted(newest_first, key=key) if admits(one)]
            assert found(server, filter_, order_by=order, max_results=7) == expected, (filter_, order, "in pages")


def test_regular_expressions_take_no_more_time_than_the_text_is_long(server: Server) -> None:
    tell(server, "tr-1", tags={"x": "a" * 8_000})

    assert found(server, "tags.x RLIKE '^(a+)+$'") == ["tr-1"]
    assert found(server, "tags.x RLIKE '^(a|a)*b$'") == []
    assert found(server, "tags.x RLIKE '(.*)*(.*)*(.*)*z'") == []


@pytest.mark.parametrize("pattern", ["(a", "(?=a)b", "a{9999}{9999}", "[z-a]", "*"])
def test_patterns_that_no_automaton_reads_are_refused(sqlite_server: Server, pattern: str) -> None:
    tell(sqlite_server, "tr-1", tags={"x": "a"})
    for filter_ in (f"tags.x RLIKE '{pattern}'", f"tags.absent RLIKE '{pattern}'", f"span.name RLIKE '{pattern}'"):
        answer = search(sqlite_server, filter_)
        assert (answer.status, "RLIKE" in answer.body["message"]) == (400, True), filter_


def test_only_the_experiments_asked_for_are_searched(server: Server) -> None:
    other = server.experiment("other")
    send_spans(server, span(1, 1))
    send_spans(server, span(2, 1, start=BEGIN), experiment=other)

    assert found(server, experiments=[other]) == [trace_id(2)]
    assert found(server, experiments=["0", other]) == [trace_id(1), trace_id(2)]
    assert found(server, experiments=["0", other], order_by=["timestamp ASC"]) == [trace_id(2), trace_id(1)]
    assert found(server, experiments=["77"]) == []
    assert found(server, "span.name = 'step-1'", experiments=[other]) == [trace_id(2)]


def test_questions_that_cannot_be_read_are_refused(sqlite_server: Server) -> None:
    tell(sqlite_server, "tr-1")
    for asked in (
        {"filter_": "trace.nothing = 'x'"},
        {"filter_": "span.content = 'x'"},
        {"filter_": "status = 'OK' OR status = 'ERROR'"},
        {"filter_": "timestamp_ms = 'x'"},
        {"order_by": ["span.name"]},
        {"order_by": ["name", "name DESC"]},
        {"max_results": 501},
        {"max_results": 0},
        {"page_token": "!"},
        {"page_token": "WzEsMl0="},
        {"experiments": ["x"]},
    ):
        answer = search(sqlite_server, **asked)
        assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE"), asked


def test_a_trace_with_more_spans_than_are_judged_together_is_judged_whole(
    sqlite_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("everlearn.tracing.searching._MOST_SPANS", 4)
    monkeypatch.setattr("everlearn.tracing.searching._MOST_JUDGED", 3)
    for number_ in range(1, 9):
        steps = [span(number_, one, start=BEGIN + one * SECOND, attributes={"n": one}) for one in range(1, number_ + 1)]
        send_spans(sqlite_server, *steps)

    assert set(found(sqlite_server, "span.attributes.n = '6'")) == {trace_id(6), trace_id(7), trace_id(8)}
    short = search(sqlite_server, "span.attributes.n = '99'").body
    assert "traces" not in short  # a page without traces that names a next one
    assert "next_page_token" in short


def test_long_texts_are_found_wherever_they_stand_in_a_span(server: Server) -> None:
    attributes = {
        "note": "the quick\nbrown foxes jump",
        "deep": {"inner words": ["line one\nline second", "über euch"]},
    }
    send_spans(server, span(1, 1, name="retrieve documents", attributes=attributes))

    for pattern in (
        "the quick%brown foxes jump",
        "retrieve documents",
        "inner words",
        "line second",
        "nline second",  # what follows a line's end in JSON
        "über euch",
        "quick_brown foxes",
    ):
        assert found(server, f"trace.text LIKE '%{pattern}%'") == [trace_id(1)], pattern
        assert found(server, f"trace.text ILIKE '%{pattern.upper()}%'") == [trace_id(1)], pattern
        assert found(server, f"trace.text LIKE '%{pattern.upper()}%'") == [], pattern
    assert found(server, "span.attributes.note LIKE 'the quick%'") == [trace_id(1)]
    assert found(server, "span.attributes.note LIKE 'brown foxes%'") == []
    assert found(server, "span.attributes.deep LIKE '%\"inner words\": %'") == [trace_id(1)]
    assert found(server, "span.attributes.absent LIKE '%brown foxes%'") == []

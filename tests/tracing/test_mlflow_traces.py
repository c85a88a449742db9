"""Traces over the protocol: spans in any order, what clients tell, and both together."""

import gzip
import json
import zlib
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from tests.tracing.senders import (
    BEGIN,
    PROTOBUF,
    SECOND,
    found,
    info_of,
    post_spans,
    request_of,
    search,
    send_spans,
    span,
    tell,
    trace_id,
)
from tests.tracking.protocol import Server

from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.tracing.events import TracesDeleted

LLM = {"mlflow.spanType": "LLM"}


def tokens(read: int, wrote: int) -> dict[str, Any]:
    return {"mlflow.chat.tokenUsage": {"input_tokens": read, "output_tokens": wrote, "total_tokens": read + wrote}}


def root(trace: int = 1, **fields: Any) -> Any:
    attributes = {
        "mlflow.spanType": "CHAIN",
        "mlflow.spanInputs": {"question": "what?"},
        "mlflow.spanOutputs": "that",
    }
    return span(
        trace, 1, name="answer", end=BEGIN + 5 * SECOND, attributes=attributes | fields.pop("also", {}), **fields
    )


def spans_of(server: Server, id_: str) -> list[dict[str, Any]]:
    answer = server.send("GET", "/mlflow/traces/get", version="3.0", params={"trace_id": id_})
    return list(answer.body["trace"].get("spans", []))


def test_a_trace_comes_about_with_its_spans(server: Server) -> None:
    send_spans(
        server, root(), span(1, 2, 1, attributes=LLM), resource={"service.name": "shop", "telemetry.sdk.name": "x"}
    )

    info = info_of(server, trace_id(1))
    assert (info["state"], info["request_time"], info["execution_duration"]) == ("OK", "2026-01-01T00:00:01Z", "4s")
    assert (info["request_preview"], info["response_preview"]) == ('{"question": "what?"}', "that")
    assert info["tags"]["mlflow.traceName"] == "answer"
    assert info["tags"]["service.name"] == "shop"
    assert info["tags"]["mlflow.trace.spansLocation"] == "TRACKING_STORE"
    assert info["tags"]["mlflow.artifactLocation"] == f"mlflow-artifacts:/0/traces/{trace_id(1)}/artifacts"
    assert "telemetry.sdk.name" not in info["tags"]
    first, second = spans_of(server, trace_id(1))
    assert (first["name"], first["status"]) == ("answer", {"code": "STATUS_CODE_OK"})
    assert first["start_time_unix_nano"] == BEGIN + SECOND
    assert second["attributes"] == [{"key": "mlflow.spanType", "value": {"string_value": "LLM"}}]
    assert "parent_span_id" in second
    assert "parent_span_id" not in first


def test_spans_that_come_late_twice_and_in_any_order_make_the_same_trace(server: Server) -> None:
    steps = [root(), span(1, 2, 1, end=BEGIN + 9 * SECOND), span(1, 3, 2, start=BEGIN), root(2)]
    send_spans(server, *steps)
    for one in reversed(steps):
        send_spans(server, one, experiment="0")
        send_spans(server, one, experiment="0")
    backwards = server.project("other")
    for one in reversed(steps):
        send_spans(backwards, one)

    for number in (1, 2):
        assert info_of(server, trace_id(number)) == info_of(backwards, trace_id(number))
        assert spans_of(server, trace_id(number)) == spans_of(backwards, trace_id(number))
    info = info_of(server, trace_id(1))
    assert (info["request_time"], info["execution_duration"]) == ("2026-01-01T00:00:00Z", "9s")
    assert [one["name"] for one in spans_of(server, trace_id(1))] == ["step-3", "answer", "step-2"]


def test_a_trace_is_in_progress_until_its_root_has_ended(server: Server) -> None:
    send_spans(server, span(1, 2, 1))
    assert info_of(server, trace_id(1))["state"] == "IN_PROGRESS"

    begun = root()
    begun.end_time_unix_nano = 0
    send_spans(server, begun)
    assert info_of(server, trace_id(1))["state"] == "IN_PROGRESS"

    send_spans(server, root(status=2))
    assert info_of(server, trace_id(1))["state"] == "ERROR"

    send_spans(server, begun)  # a copy from before the end, delivered late
    assert spans_of(server, trace_id(1))[0]["status"] == {"code": "STATUS_CODE_ERROR"}


def test_what_a_client_tells_holds_before_and_after_its_spans(server: Server) -> None:
    told: dict[str, Any] = {
        "state": "ERROR",
        "client_request_id": "mine",
        "request_preview": "asked",
        "trace_metadata": {"mlflow.trace.session": "s1", "mlflow.trace.tokenUsage": "{}"},
        "tags": {"mlflow.traceName": "told", "team": "red"},
    }
    with_tokens = root(also=tokens(10, 5) | {"session.id": "from the span"})
    for number, is_told_first in ((1, True), (2, False)):
        one = root(number, also=tokens(10, 5) | {"session.id": "from the span"}) if number > 1 else with_tokens
        steps = [lambda n=number: tell(server, trace_id(n), **told), lambda s=one: send_spans(server, s)]
        for step in steps if is_told_first else reversed(steps):
            step()

    for number in (1, 2):
        info = info_of(server, trace_id(number))
        assert (info["state"], info["execution_duration"], info["client_request_id"]) == ("ERROR", "1.500s", "mine")
        assert (info["request_preview"], info["response_preview"]) == ("asked", "that")
        assert info["trace_metadata"] == {"mlflow.trace.session": "s1", "mlflow.trace.tokenUsage": "{}"}
        assert (info["tags"]["mlflow.traceName"], info["tags"]["team"]) == ("told", "red")
        assert len(spans_of(server, trace_id(number))) == 1


def test_tokens_are_added_up_once_along_every_branch(server: Server) -> None:
    leaf = span(1, 3, 2, attributes=tokens(7, 3))
    other = span(1, 4, 1, attributes={"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 1})
    for late in (leaf, other, span(1, 2, 1, attributes=tokens(10, 5)), root()):  # 2 says the sum of what is below it
        send_spans(server, late)

    usage = json.loads(info_of(server, trace_id(1))["trace_metadata"]["mlflow.trace.tokenUsage"])
    assert usage == {"input_tokens": 110, "output_tokens": 6, "total_tokens": 116}


def test_rings_of_parents_do_no_harm(server: Server) -> None:
    send_spans(server, span(1, 1, 2, attributes=tokens(1, 1)), span(1, 2, 1, attributes=tokens(1, 1)), span(1, 3, 3))

    assert len(found(server)) == 1
    answer = server.send("GET", "/mlflow/traces/batchGet", version="3.0", params={"trace_ids": [trace_id(1)]})
    assert len(answer.body["traces"][0]["spans"]) == 3


def test_every_encoding_of_the_body_is_taken(server: Server) -> None:
    body = request_of([root()]).SerializeToString()
    packed = (("gzip", gzip.compress(body)), ("deflate", zlib.compress(body)), ("identity", body))
    for encoding, content in packed:
        assert post_spans(server, content, content_encoding=encoding).status_code == 200
    one = {"traceId": "0" * 31 + "7", "spanId": "0" * 15 + "1", "name": "json", "startTimeUnixNano": str(BEGIN)}
    answer = post_spans(
        server, json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]}).encode(), kind="application/json"
    )

    assert (answer.status_code, answer.json(), answer.headers["content-type"]) == (200, {}, "application/json")
    assert set(found(server)) == {trace_id(1), trace_id(7)}


def test_part_of_a_request_can_fail(server: Server) -> None:
    answer = post_spans(server, request_of([root(), span(0, 2)]).SerializeToString())

    said = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert (answer.status_code, said.rejected_spans, "trace_id" in said.error_message) == (200, 1, True)
    assert found(server) == [trace_id(1)]


def test_what_cannot_be_taken_says_why_and_changes_nothing(server: Server) -> None:
    whole = request_of([root()]).SerializeToString()
    cases: list[tuple[bytes, dict[str, Any], int, str]] = [
        (whole, {"experiment": None}, 422, "x-mlflow-experiment-id"),
        (whole, {"experiment": "404"}, 404, "No Experiment with id=404"),
        (whole, {"experiment": "../1"}, 400, "Invalid experiment ID"),
        (whole, {"kind": "text/plain"}, 400, "Invalid Content-Type"),
        (whole, {"content_encoding": "br"}, 400, "Unsupported Content-Encoding"),
        (whole, {"content_encoding": "gzip"}, 400, "Failed to decompress"),
        (gzip.compress(whole)[:-9], {"content_encoding": "gzip"}, 400, "decompress"),
        (b"this is not protobuf at all", {}, 400, "Invalid OpenTelemetry format"),
        (b"", {}, 400, "no spans found"),
        (request_of([span(0, 1)]).SerializeToString(), {}, 422, "Cannot convert OpenTelemetry span"),
        (b"{", {"kind": "application/json"}, 400, "Invalid OpenTelemetry format"),
    ]
    for body, said, status, words in cases:
        answer = post_spans(server, body, **said)
        assert (answer.status_code, words in answer.json()["message"]) == (status, True), answer.text
    assert found(server) == []


def test_a_body_that_unpacks_without_end_is_refused(server: Server) -> None:
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece, content = bytes(1_000_000), b""
    for _ in range(70):
        content += bomb.compress(piece)
    answer = post_spans(server, content + bomb.flush(), content_encoding="gzip")

    assert (answer.status_code, "unpacks" in answer.json()["message"]) == (400, True)


def test_tags_are_set_changed_and_deleted_over_both_versions(server: Server) -> None:
    send_spans(server, root())
    path = f"/mlflow/traces/{trace_id(1)}/tags"
    for version, value in (("2.0", "red"), ("3.0", "blue")):
        assert server.send("PATCH", path, version=version, json={"key": "team", "value": value}).status == 200
        assert info_of(server, trace_id(1))["tags"]["team"] == value
    assert server.send("PATCH", path, json={"key": "mlflow.traceName", "value": "new"}).status == 200
    assert found(server, "name = 'new'") == [trace_id(1)]
    assert server.send("DELETE", path, json={"key": "team"}).status == 200

    again = server.send("DELETE", path, version="3.0", json={"key": "team"})
    assert (again.status, again.body["message"]) == (
        404,
        f"No trace tag with key 'team' for trace with ID '{trace_id(1)}'",
    )
    assert server.send("PATCH", path, json={"key": "mlflow.artifactLocation", "value": "file:///etc"}).status == 400
    assert server.send("PATCH", path, json={"key": "k" * 251, "value": ""}).status == 400
    assert server.send("PATCH", "/mlflow/traces/tr-0/tags", json={"key": "a", "value": "b"}).status == 404


def test_traces_are_deleted_for_good_with_their_files(server: Server, log: EventLog, db: Database) -> None:
    for number in range(1, 6):
        send_spans(server, span(number, 1, start=BEGIN + number * SECOND))
    path = f"/mlflow-artifacts/artifacts/0/traces/{trace_id(1)}/artifacts/traces.json"
    server.send("PUT", path, content=b'{"spans": []}')

    def delete(**said: Any) -> Any:
        return server.post("/mlflow/traces/delete-traces", experiment_id="0", **said).body

    assert delete(request_ids=[trace_id(1), trace_id(404)]) == {"traces_deleted": 1}
    assert server.send("GET", path).status == 404
    assert delete(max_timestamp_millis=BEGIN // 1_000_000 + 4000, max_traces=1) == {"traces_deleted": 1}
    assert found(server) == [trace_id(5), trace_id(4), trace_id(3)]
    assert delete(max_timestamp_millis=BEGIN // 1_000_000 + 4000) == {"traces_deleted": 2}
    assert found(server) == [trace_id(5)]
    assert delete(max_timestamp_millis=0) == {"traces_deleted": 0}
    for wrong in ({}, {"request_ids": ["a"], "max_timestamp_millis": 1}, {"max_timestamp_millis": 1, "max_traces": 0}):
        assert delete(**wrong)["error_code"] == "INVALID_PARAMETER_VALUE"
    with db.read() as tx:
        entries = log.read(tx, after=0, limit=100)
    assert [entry.event.count for entry in entries if isinstance(entry.event, TracesDeleted)] == [1, 1, 2]
    gone = server.send("GET", f"/mlflow/traces/{trace_id(1)}", version="3.0")
    assert (gone.status, gone.body["message"]) == (404, f"Trace with ID '{trace_id(1)}' not found.")


def test_traces_are_linked_to_runs_and_prompts(server: Server) -> None:
    run = server.run("0")
    for number in (1, 2, 3):
        send_spans(server, root(number))
    tell(server, trace_id(3), trace_metadata={"mlflow.sourceRun": run})
    link = server.post("/mlflow/traces/link-to-run", trace_ids=[trace_id(1), trace_id(404)], run_id=run)
    prompts = [{"name": "greet", "version": "2"}]
    server.post("/mlflow/traces/link-prompts", trace_id=trace_id(2), prompt_versions=prompts)
    server.post("/mlflow/traces/link-prompts", trace_id=trace_id(2), prompt_versions=prompts)

    assert link.body == {}
    assert set(found(server, f"run_id = '{run}'")) == {trace_id(1), trace_id(3)}
    assert found(server, "prompt = 'greet/2'") == [trace_id(2)]
    assert found(server, "prompt = 'greet/1'") == []
    assert search(server, "prompt = 'greet'").status == 400
    many = [trace_id(1)] * 101
    assert server.post("/mlflow/traces/link-to-run", trace_ids=many, run_id=run).status == 400
    assert server.post("/mlflow/traces/link-to-run", trace_ids=many[:1], run_id="0" * 32).status == 404


def test_many_traces_are_given_at_once(server: Server) -> None:
    send_spans(server, root(1), root(2))
    tell(server, "tr-only-told")
    ids = [trace_id(2), "tr-only-told", trace_id(404), trace_id(1)]

    whole = server.send("GET", "/mlflow/traces/batchGet", version="3.0", params={"trace_ids": ids}).body["traces"]
    infos = server.send("POST", "/mlflow/traces/batchGetInfos", version="3.0", json={"trace_ids": ids}).body

    assert [one["trace_info"]["trace_id"] for one in whole] == [trace_id(2), trace_id(1)]
    assert [one["trace_id"] for one in infos["trace_infos"]] == [trace_id(2), "tr-only-told", trace_id(1)]
    partial = server.send("GET", "/mlflow/traces/get", version="3.0", params={"trace_id": "tr-only-told"})
    assert (partial.status, "not fully exported" in partial.body["message"]) == (404, True)
    allowed = {"trace_id": "tr-only-told", "allow_partial": "True"}
    assert server.send("GET", "/mlflow/traces/get", version="3.0", params=allowed).status == 200
    outside = {"trace_ids": ids, "experiment_ids": ["7"]}
    assert server.send("POST", "/mlflow/traces/batchGetInfos", version="3.0", json=outside).body == {}
    assert (
        server.send("POST", "/mlflow/traces/batchGetInfos", version="3.0", json={"trace_ids": ids * 200}).status == 400
    )


def test_clients_before_3_begin_and_end_traces(server: Server) -> None:
    begun = server.post(
        "/mlflow/traces",
        experiment_id="0",
        timestamp_ms=1_000,
        request_metadata=[{"key": "mlflow.trace_schema.version", "value": "2"}],
        tags=[{"key": "mlflow.traceName", "value": "old"}],
    ).body["trace_info"]
    ended = server.send(
        "PATCH",
        f"/mlflow/traces/{begun['request_id']}",
        json={"timestamp_ms": 1_250, "status": "OK", "tags": [{"key": "team", "value": "red"}]},
    ).body["trace_info"]

    assert (begun["status"], begun["experiment_id"], begun["timestamp_ms"]) == ("IN_PROGRESS", "0", 1_000)
    assert (ended["status"], ended["execution_time_ms"]) == ("OK", 250)
    assert server.get(f"/mlflow/traces/{begun['request_id']}/info").body["trace_info"] == ended
    tags = {one["key"]: one["value"] for one in ended["tags"]}
    assert (tags["team"], tags["mlflow.traceName"]) == ("red", "old")
    listed = server.get("/mlflow/traces", experiment_ids=["0"], filter="status = 'OK'", max_results=10).body["traces"]
    assert listed == [ended]
    assert server.get("/mlflow/traces", experiment_ids=["0"], filter="status = 'ERROR'").body == {}
    assert server.send("PATCH", "/mlflow/traces/unknown", json={"timestamp_ms": 1}).status == 404


def test_the_file_that_a_client_uploads_of_a_trace_can_be_read_back(server: Server) -> None:
    info = tell(server, "tr-file")
    root_ = info["tags"]["mlflow.artifactLocation"].removeprefix("mlflow-artifacts:/")
    path = f"/mlflow-artifacts/artifacts/{root_}/traces.json"

    assert server.send("PUT", path, content=b'{"spans": []}').status == 200
    assert server.send("GET", path).content == b'{"spans": []}'


def test_the_id_of_a_trace_is_no_path(server: Server) -> None:
    odd = ["../../etc/passwd", "tr-a/../b", "%2e%2e%2fx", "tr-a;b", "tr-a#b", "tr a", "", ".", "tr-\u0000", "t" * 101]
    for id_ in odd:
        info = {"trace_id": id_, "trace_location": {"mlflow_experiment": {"experiment_id": "0"}}}
        answer = server.send("POST", "/mlflow/traces", version="3.0", json={"trace": {"trace_info": info}})
        assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE"), id_


def test_what_a_client_tells_is_bounded(server: Server) -> None:
    wrongs: tuple[dict[str, Any], ...] = (
        {"tags": {"k" * 251: "v"}},
        {"tags": {str(number): "" for number in range(1_001)}},
        {"request_time": "yesterday"},
        {"request_time": "2026-02-30T00:00:00Z"},
        {"execution_duration": "1"},
        {"state": "GREAT"},
        {"trace_location": {}},
    )
    for wrong in wrongs:
        info = {"trace_id": "tr-1", "trace_location": {"mlflow_experiment": {"experiment_id": "0"}}} | wrong
        answer = server.send("POST", "/mlflow/traces", version="3.0", json={"trace": {"trace_info": info}})
        assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE"), wrong
    kept = tell(server, "tr-2", tags={"long": "v" * 9_000}, state=2, execution_duration="-0.5s")
    assert (len(kept["tags"]["long"]), kept["state"], kept["execution_duration"]) == (8_000, "ERROR", "-0.500s")


def test_projects_do_not_see_each_others_traces(server: Server) -> None:
    send_spans(server, root(), experiment="0")
    server.send(
        "POST",
        f"/mlflow/traces/{trace_id(1)}/assessments",
        version="3.0",
        json={"assessment": {"assessment_id": "a-1", "assessment_name": "n", "feedback": {"value": 1}}},
    )
    others, base = server.project("other"), f"/mlflow/traces/{trace_id(1)}"

    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", base, {}),
        ("GET", "/mlflow/traces/get", {"params": {"trace_id": trace_id(1)}}),
        ("GET", f"{base}/assessments/a-1", {}),
        ("PATCH", f"{base}/tags", {"json": {"key": "k", "value": "v"}}),
        ("DELETE", f"{base}/tags", {"json": {"key": "k"}}),
        ("DELETE", f"{base}/assessments/a-1", {"json": {}}),
        ("POST", f"{base}/assessments", {"json": {"assessment": {"assessment_name": "n", "feedback": {"value": 1}}}}),
    ]
    for method, path, said in asked:
        answer = others.send(method, path, version="3.0", **said)
        assert (answer.status, answer.code) == (404, "RESOURCE_DOES_NOT_EXIST"), (method, path)
    assert found(others) == []
    others.post("/mlflow/traces/delete-traces", experiment_id="0", request_ids=[trace_id(1)])
    assert others.send("GET", "/mlflow/traces/batchGet", version="3.0", params={"trace_ids": [trace_id(1)]}).body == {}

    send_spans(others, root())  # the same id is free in every project
    assert found(server) == found(others) == [trace_id(1)]
    assert len(info_of(server, trace_id(1))["assessments"]) == 1
    assert "assessments" not in info_of(others, trace_id(1))


def test_a_moved_trace_takes_everything_along(server: Server) -> None:
    experiment = server.experiment("other")
    send_spans(server, root(also={"mlflow.traceTag.team": "red"}))
    tell(server, trace_id(1), experiment=experiment)

    assert found(server) == []
    for text in ("", "tags.team = 'red'", "span.name = 'answer'", "name = 'answer'"):
        assert found(server, text, experiments=[experiment]) == [trace_id(1)], text


def test_a_deleted_experiment_takes_no_traces(server: Server) -> None:
    experiment = server.experiment("gone")
    assert server.post("/mlflow/experiments/delete", experiment_id=experiment).body == {}

    answer = post_spans(server, request_of([root()]).SerializeToString(), experiment=experiment)
    assert (answer.status_code, "'active' state" in answer.json()["message"]) == (400, True)


def test_the_address_of_spans_has_a_project_before_it_and_nothing_else(server: Server) -> None:
    body = request_of([root()]).SerializeToString()
    assert post_spans(server.project("other"), body).status_code == 200
    for prefix in ("/api/2.0", "/ajax-api/3.0", "/projects/a/b"):
        assert post_spans(Server(server.app, prefix), body, kind=PROTOBUF).status_code == 404

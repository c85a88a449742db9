"""What people, judges and programs say of traces, over the protocol."""

from datetime import timedelta
from typing import Any

import pytest
from tests.tracing.senders import info_of, tell
from tests.tracking.protocol import Answer, Server

from everlearn.core.clock import ManualClock

BASE = "/mlflow/traces/tr-1/assessments"


@pytest.fixture
def judged(server: Server) -> Server:
    tell(server, "tr-1")
    return server


def add(server: Server, name: str = "good", **fields: Any) -> Answer:
    said = {"assessment_name": name, "source": {"source_type": "HUMAN", "source_id": "ann"}, **fields}
    return server.send("POST", BASE, version="3.0", json={"assessment": said})


def added(server: Server, name: str = "good", **fields: Any) -> dict[str, Any]:
    answer = add(server, name, **fields)
    assert answer.status == 200, answer.body
    return dict(answer.body["assessment"])


def change(server: Server, id_: str, mask: str, **fields: Any) -> Answer:
    return server.send("PATCH", f"{BASE}/{id_}", version="3.0", json={"assessment": fields, "update_mask": mask})


def said_of(server: Server) -> list[tuple[str, bool]]:
    return [(one["assessment_id"], one["valid"]) for one in info_of(server, "tr-1").get("assessments", [])]


def test_every_kind_of_value_comes_back_as_it_was_said(judged: Server) -> None:
    for value in (True, 3, 0.5, "yes", ["a", {"b": None}], {"deep": [1]}, None):
        made = added(judged, feedback={"value": value}, rationale="since", metadata={"k": "v"}, span_id="0abc")
        assert (made["feedback"], made["valid"]) == ({"value": value}, True)
        assert (made["rationale"], made["metadata"], made["span_id"]) == ("since", {"k": "v"}, "0abc")
        again = judged.send("GET", f"{BASE}/{made['assessment_id']}", version="3.0").body["assessment"]
        assert again == made
    error = {"error_code": "JUDGE", "error_message": "died", "stack_trace": "at line 1"}
    assert added(judged, feedback={"value": None, "error": error})["feedback"] == {"value": None, "error": error}
    serialized = {"serialized_value": {"serialization_format": "JSON_FORMAT", "value": '{"x": [1, 2]}'}}
    expectation = added(judged, "expected", expectation=serialized)["expectation"]["serialized_value"]
    assert expectation == {"serialization_format": "JSON_FORMAT", "value": '{"x":[1,2]}'}
    assert added(judged, "expected", expectation={"value": "that"})["expectation"] == {"value": "that"}
    assert added(judged, "i-1", issue={"issue_name": "slow"})["issue"] == {"issue_name": "slow"}


def test_an_override_replaces_until_it_is_deleted(judged: Server) -> None:
    first = added(judged, feedback={"value": 1}, create_time="2026-01-01T00:00:00Z")["assessment_id"]
    second = added(judged, feedback={"value": 2}, overrides=first)["assessment_id"]
    assert dict(said_of(judged)) == {first: False, second: True}

    for _ in range(2):  # a repeated request is no failure
        assert judged.send("DELETE", f"{BASE}/{second}", version="3.0", json={}).body == {}
    assert said_of(judged) == [(first, True)]
    missing = add(judged, feedback={"value": 3}, overrides="a-unknown")
    assert (missing.status, "'a-unknown' not found" in missing.body["message"]) == (404, True)
    assert said_of(judged) == [(first, True)]


def test_an_update_changes_what_the_mask_names_and_nothing_else(judged: Server, clock: ManualClock) -> None:
    made = added(judged, feedback={"value": 1}, rationale="since", metadata={"a": "1", "b": "1"})
    clock.at += timedelta(seconds=60)
    answer = change(
        judged,
        made["assessment_id"],
        "feedback,metadata,assessmentName",
        assessment_name="better",
        feedback={"value": 2},
        metadata={"b": "2"},
        rationale="not in the mask",
    )

    after = answer.body["assessment"]
    assert (after["assessment_name"], after["feedback"], after["metadata"]) == (
        "better",
        {"value": 2},
        {"a": "1", "b": "2"},
    )
    assert (after["rationale"], after["create_time"]) == ("since", made["create_time"])
    assert after["last_update_time"] == "2026-01-01T00:01:00Z"
    refused = change(judged, made["assessment_id"], "expectation", expectation={"value": 1})
    assert (refused.status, "Cannot update expectation value" in refused.body["message"]) == (400, True)
    for mask in ("source", "feedback,expectation", "span_id,rationale"):
        assert change(judged, made["assessment_id"], mask, feedback={"value": 1}).status == 400
    assert change(judged, "a-unknown", "rationale", rationale="x").status == 404


def test_assessments_come_with_a_told_trace_too(server: Server) -> None:
    said = {"assessment_id": "a-1", "assessment_name": "good", "feedback": {"value": True}}
    for _ in range(2):
        tell(server, "tr-1", assessments=[said])

    assert said_of(server) == [("a-1", True)]


def test_what_is_no_assessment_is_refused(judged: Server) -> None:
    wrong: list[dict[str, Any]] = [
        {},
        {"feedback": {"value": 1}, "expectation": {"value": 1}},
        {"feedback": {"value": 1}, "assessment_name": ""},
        {"feedback": {"value": 1}, "assessment_name": "n" * 501},
        {"feedback": {"value": "v" * 1_000_001}},
        {"feedback": {"value": 1}, "rationale": "r" * 100_001},
        {"feedback": {"value": 1}, "assessment_id": "../a"},
        {"feedback": {"value": 1}, "source": {"source_type": "GOD"}},
        {"feedback": {"value": 1}, "create_time": "now"},
        {"expectation": {"serialized_value": {"value": "{"}}},
    ]
    for fields in wrong:
        answer = add(judged, **fields)
        assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE"), fields
    added(judged, feedback={"value": 1}, assessment_id="a-1")
    assert add(judged, feedback={"value": 1}, assessment_id="a-1").status == 409
    assert judged.send("GET", f"{BASE}/a-unknown", version="3.0").status == 404
    unknown = judged.send("POST", "/mlflow/traces/tr-2/assessments", version="3.0", json={
        "assessment": {"assessment_name": "n", "feedback": {"value": 1}}})  # fmt: skip
    assert (unknown.status, unknown.body["message"]) == (404, "Trace with ID 'tr-2' not found.")

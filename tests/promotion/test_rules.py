"""The rule of contracts: every condition alone, and all of them together."""

from typing import Any

import msgspec
import pytest

from everlearn.core.decisions import Verdict
from everlearn.core.errors import InvalidError
from everlearn.core.json import canonical_json
from everlearn.promotion.model import AliasPolicy, Contract, GateNeeded, MetricNeeded
from everlearn.promotion.rules import contract

SEEN: dict[str, Any] = {
    "at": "2026-01-31T00:00:00.000000Z",
    "model": "eta",
    "alias": "champion",
    "before": 1,
    "version": 2,
    "actor": "user:ada",
    "role": "operator",
    "registered_by": "user:bob",
    "is_on_record": False,
    "description_length": 0,
    "tags": {},
    "approvals": [],
    "held": {},
    "trained_through": None,
    "gates": [],
    "files": None,
    "run": None,
    "metrics": {},
}
FILES = {"has_signature": True, "has_input_example": True, "unsafe_files": []}


def unmet(asked: Contract | list[Contract], **seen: Any) -> list[str]:
    asked = asked if isinstance(asked, list) else [asked]
    parameters: Any = {"contracts": [msgspec.to_builtins(one) for one in asked], "champion_by_rollout": False}
    finding = contract(parameters, SEEN | seen)
    canonical_json(finding.evidence)  # can be kept
    conditions: Any = finding.evidence["conditions"]
    found = [one["condition"] for one in conditions if not one["is_met"]]
    assert finding.verdict is (Verdict.FAIL if found else Verdict.PASS)
    return found


def gate(verdict: str, at: str) -> dict[str, str]:
    return {"id": "dec_1", "kind": "quality.gate", "verdict": verdict, "decided_at": at}


@pytest.mark.parametrize(
    ("asked", "missing", "present"),
    [
        (Contract(moved_by="approver"), {"role": "operator"}, {"role": "admin"}),  # type: ignore[arg-type]  # as JSON has it
        (Contract(moved_by="viewer"), {"role": None}, {"role": "viewer"}),  # type: ignore[arg-type]  # as JSON has it
        (Contract(description=True), {}, {"description_length": 1}),
        (Contract(signature=True), {"files": FILES | {"has_signature": False}}, {"files": FILES}),
        (Contract(signature=True), {"files": None}, {"files": FILES}),
        (Contract(input_example=True), {"files": FILES | {"has_input_example": False}}, {"files": FILES}),
        (Contract(safe_format=True), {"files": FILES | {"unsafe_files": ["model.pkl"]}}, {"files": FILES}),
        (Contract(safe_format=True), {"files": None}, {"files": FILES}),
        (Contract(finished_run=True), {}, {"run": {"id": "r", "status": "FINISHED"}}),
        (
            Contract(finished_run=True),
            {"run": {"id": "r", "status": "RUNNING"}},
            {"run": {"id": "r", "status": "FINISHED"}},
        ),
        (Contract(after_alias="staging"), {"held": {"dev": SEEN["at"]}}, {"held": {"staging": SEEN["at"]}}),
        (Contract(tags={"checked": ""}), {}, {"tags": {"checked": ""}}),
        (Contract(tags={"checked": "yes"}), {"tags": {"checked": "no"}}, {"tags": {"checked": "yes"}}),
        (Contract(metrics=(MetricNeeded(key="auc", minimum=0.8),)), {}, {"metrics": {"auc": 0.8}}),
        (
            Contract(metrics=(MetricNeeded(key="auc", minimum=0.8),)),
            {"metrics": {"auc": 0.79}},
            {"metrics": {"auc": 0.9}},
        ),
        (
            Contract(metrics=(MetricNeeded(key="mae", maximum=5),)),
            {"metrics": {"mae": 5.01}},
            {"metrics": {"mae": 5.0}},
        ),
        (Contract(data_not_older_than_days=30), {}, {"trained_through": "2026-01-01T00:00:00.000000Z"}),
        (
            Contract(data_not_older_than_days=30),
            {"trained_through": "2025-12-31T23:59:59.999999Z"},
            {"trained_through": "2026-01-01T00:00:00.000000Z"},
        ),
        (
            Contract(gate=GateNeeded(not_older_than_days=30)),
            {"gates": [gate("pass", "2025-12-31T00:00:00Z")]},
            {"gates": [gate("pass", "2026-01-30T00:00:00Z")]},
        ),
        (
            Contract(gate=GateNeeded()),
            {"gates": [gate("pass", "2025-01-01T00:00:00Z"), gate("fail", "2025-01-02T00:00:00Z")]},
            {"gates": [gate("fail", "2025-01-01T00:00:00Z"), gate("pass", "2025-01-02T00:00:00Z")]},
        ),
        (
            Contract(gate=GateNeeded()),
            {"gates": [gate("not_evaluated", SEEN["at"])]},
            {"gates": [gate("pass", SEEN["at"])]},
        ),
    ],
)
def test_a_condition_is_met_or_not(asked: Contract, missing: dict[str, Any], present: dict[str, Any]) -> None:
    assert len(unmet(asked, **missing)) == 1
    assert unmet(asked, **present) == []


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ([], 0),
        (["user:bob"], 0),  # who registered it
        (["service:ci", "user:ada"], 1),  # no person
        (["user:ada", "user:eve", "user:bob"], 2),
    ],
)
def test_approvals_count_people_but_not_who_registered(given: list[str], count: int) -> None:
    assert unmet(Contract(approvals=count), approvals=given) == []
    assert unmet(Contract(approvals=count + 1), approvals=given) == ["approvals"]


def test_all_that_is_missing_is_told_at_once_and_what_two_contracts_ask_only_once() -> None:
    strict = Contract(
        moved_by="approver",  # type: ignore[arg-type]  # as JSON has it
        gate=GateNeeded(),
        approvals=1,
        signature=True,
        input_example=True,
        safe_format=True,
        description=True,
        finished_run=True,
        tags={"a": "", "b": ""},
        metrics=(MetricNeeded(key="auc", minimum=0.8),),
        data_not_older_than_days=30,
        after_alias="staging",
    )

    assert unmet([strict, Contract(description=True)]) == [
        "moved_by",
        "gate:quality.gate",
        "approvals",
        "signature",
        "input_example",
        "safe_format",
        "description",
        "finished_run",
        "tag:a",
        "tag:b",
        "metric:auc",
        "data_age",
        "after_alias:staging",
    ]


def test_a_contract_keeps_its_alias_unless_it_says_otherwise() -> None:
    assert unmet(Contract(approvals=2), version=None) == ["removable"]
    assert unmet(Contract(approvals=2, removable=True), version=None) == []
    assert unmet(Contract(removable=True, moved_by="admin"), version=None) == ["moved_by"]  # type: ignore[arg-type]  # as JSON has it


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"contracts": [{"approvals": -1}]}, "approvals must be between"),
        ({"contracts": [{"alias": ""}]}, "pattern"),
        ({"contracts": [{"metrics": [{"key": "auc"}]}]}, "minimum or a maximum"),
        ({"contracts": [{"gate": {"not_older_than_days": 0}}]}, "above 0"),
        ({"contracts": [{}] * 51}, "at most 50"),
        ({"contracts": [{"moved_by": "boss"}]}, "boss"),
    ],
)
def test_contracts_that_nobody_could_keep_are_refused(document: dict[str, Any], said: str) -> None:
    with pytest.raises((InvalidError, msgspec.ValidationError), match=said):
        msgspec.convert(document, AliasPolicy)

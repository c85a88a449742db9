"""Pages of decisions, as somebody sees them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.app.lived import Visitor, a_copy_of_it, a_visit, visiting

from everlearn.core.decisions import Decision, Finding, Verdict
from everlearn.core.digest import digest_json
from everlearn.core.json import JSONObject
from everlearn.decisions.pages.plots import drawings_of
from everlearn.decisions.pages.words import kinds, wording

PLOTS = {
    "quality.gate": ("Improvement with its 95% interval", "at least 0.1"),
    "monitoring.error_level": ("Mean absolute error by window", "objective 8"),
    "monitoring.input_drift": ("Population stability index by column", "matters from 0.2"),
    "rollouts.step": ("Log e-value of each test", "proven"),
    "retraining.review": ("Gain over 30 days against cost", "expected gain"),
}


@pytest.fixture(scope="module")
def visitor() -> Iterator[Visitor]:
    with a_visit() as visit:
        yield visit


def newest(visitor: Visitor, kind: str, verdict: Verdict = Verdict.FAIL) -> Decision:
    return visitor.platform.decisions.list("default", kind=kind, verdict=verdict).items[0]


def test_the_list_narrows_to_a_kind_and_a_verdict(visitor: Visitor) -> None:
    seen = visitor.sees("/projects/default/decisions", kind="quality.gate", verdict="fail")

    gates = visitor.platform.decisions.list("default", kind="quality.gate").items
    shown = [gate.id for gate in gates if gate.id in seen.html]
    assert shown == [gate.id for gate in gates if gate.finding.verdict is Verdict.FAIL] != []
    assert seen.html.count("/projects/default/decisions/dec_") == len(shown)


def test_every_decision_is_reached_through_the_pages(visitor: Visitor) -> None:
    found: list[str] = []
    path = "/projects/default/decisions"
    while path:
        seen = visitor.sees(path)
        found += [link for link in seen.html.split('"') if link.startswith("/projects/default/decisions/dec_")]
        path = seen.links.get("Next", "")

    every = visitor.platform.decisions.list("default", limit=1_000).items
    assert found == [f"/projects/default/decisions/{one.id}" for one in every]


@pytest.mark.parametrize("kind", PLOTS)
def test_each_kind_has_the_plot_that_convinces_and_says_what_would_turn_it(visitor: Visitor, kind: str) -> None:
    decision = newest(visitor, kind)

    seen = visitor.sees(f"/projects/default/decisions/{decision.id}")

    assert all(text in seen.text for text in PLOTS[kind])
    assert decision.finding.reason[1:] in seen.text
    assert "What would change it" in seen.text
    assert f"everlearn decisions replay {decision.id}" in seen.text


def test_a_failed_gate_says_what_was_missing(visitor: Visitor) -> None:
    decision = newest(visitor, "quality.gate")

    seen = visitor.sees(f"/projects/default/decisions/{decision.id}")

    assert "To pass, an interval that begins above 0" in seen.text
    assert "an improvement of at least 0.1" in seen.text


def test_a_passed_level_says_how_far_from_failing_it_was(visitor: Visitor) -> None:
    decision = newest(visitor, "monitoring.error_level", Verdict.PASS)
    evidence = decision.finding.evidence
    gap = float(str(evidence["limit"])) - float(str(evidence["smoothed"]))

    seen = visitor.sees(f"/projects/default/decisions/{decision.id}")

    assert f"which is {gap:.3g} more" in seen.text


def test_the_page_computes_it_again_when_asked(visitor: Visitor) -> None:
    decision = newest(visitor, "rollouts.step")
    before = visitor.sees(f"/projects/default/decisions/{decision.id}")

    seen = visitor.sees(before.links["Compute it again"])

    assert "reproduced" not in before.text
    assert "reproduced Computed again from the recorded data" in seen.text


def test_a_decision_whose_data_is_damaged_is_shown_and_says_so_when_computed_again(tmp_path: Path) -> None:
    with a_copy_of_it(tmp_path / "home") as life, visiting(life) as visitor:
        decision = newest(visitor, "monitoring.error_level")
        stored = next((tmp_path / "home" / "blobs").rglob(f"*{decision.window.removeprefix('sha256:')[4:]}*"))
        stored.write_bytes(b"something else")

        shown = visitor.sees(f"/projects/default/decisions/{decision.id}")
        again = visitor.sees(shown.links["Compute it again"])

    assert shown.status == 200
    assert "smoothed" in shown.text
    assert "not replayed" in again.text
    assert "damaged" in again.text


@pytest.mark.parametrize("kind", [*kinds(), "of.tomorrow"])
@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize(
    "evidence", [{}, {"columns": {}, "path": None, "improvement": "x"}, {"columns": {"a": 1}, "error": {"log_e": True}}]
)
def test_evidence_of_another_shape_is_no_failure(kind: str, verdict: Verdict, evidence: JSONObject) -> None:
    decision = Decision(
        id="dec_x",
        project="default",
        kind=kind,
        subject="model:default/eta",
        rule="some.rule@9",
        parameters={},
        window=digest_json(None),
        finding=Finding(verdict=verdict, reason="so it is", evidence=evidence),
        effective_at=datetime(2013, 1, 1, tzinfo=UTC),
        decided_at=datetime(2013, 1, 1, tzinfo=UTC),
    )

    assert wording(decision).title(decision)
    assert isinstance(wording(decision).turn(decision), str)
    assert drawings_of(decision, {"mae": [1.0]}).lines == ()


def test_a_project_without_decisions_says_what_to_do(visitor: Visitor) -> None:
    assert "No decisions yet" in visitor.sees("/projects/nothing/decisions").text


@pytest.mark.parametrize(("path", "status"), [("none", 404), ("", 200), ("?verdict=maybe", 400), ("?after=x", 400)])
def test_what_cannot_be_is_a_page_that_says_so(visitor: Visitor, path: str, status: int) -> None:
    separator = "" if path.startswith("?") or not path else "/"

    assert visitor.sees(f"/projects/default/decisions{separator}{path}").status == status

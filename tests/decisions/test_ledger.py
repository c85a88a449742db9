"""Decisions are made by rules, written down once, and found again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from tests.decisions.conftest import NOON, ROBOT, Ledger

from everlearn.core.decisions import Finding, Verdict
from everlearn.core.digest import digest_bytes
from everlearn.core.errors import InvalidError
from everlearn.decisions import DecisionNotFoundError, RuleUnknownError
from everlearn.decisions.model import decision_digest
from everlearn.eventlog import Cause


def test_a_decision_holds_what_the_rule_found_and_the_data_it_saw(ledger: Ledger) -> None:
    decision = ledger.recorded([0.5, 1.0])

    assert decision.finding == Finding(verdict=Verdict.PASS, reason="mean 0.75", evidence={"mean": 0.75, "n": 2})
    assert decision.window == digest_bytes(b'{"numbers":[0.5,1.0]}')
    assert decision.effective_at == NOON
    assert decision.decided_at == ledger.clock.now()
    assert ledger.decisions.get("default", decision.id) == decision
    assert ledger.decisions.window(decision) == {"numbers": [0.5, 1.0]}


def test_the_event_tells_the_verdict_and_seals_the_whole_decision(ledger: Ledger) -> None:
    decision = ledger.prepared([3.0])
    with ledger.decisions.db.write() as tx:
        ledger.decisions.record(tx, decision, actor=ROBOT, cause=Cause(id="evt_1", correlation_id="evt_0"))

    (entry,) = ledger.events()
    assert (entry.name, entry.subject, entry.actor) == ("decisions.decided", "model:default/eta", ROBOT)
    assert (entry.cause_id, entry.correlation_id) == ("evt_1", "evt_0")
    event = entry.event
    assert (event.project, event.kind, event.subject, event.rule) == (
        "default",
        "test.gate",
        "model:default/eta",
        "test.mean@1",
    )
    assert (event.verdict, event.reason, event.decision_id) == ("fail", "mean 3", decision.id)
    assert event.effective_at == NOON
    stored = ledger.decisions.get("default", decision.id)
    assert event.digest == decision_digest(stored)
    altered = replace(stored, finding=replace(stored.finding, evidence={"mean": 3.0, "n": 2}))
    assert event.digest != decision_digest(altered)


def test_the_same_decision_again_is_the_stored_one_and_no_second_event(ledger: Ledger) -> None:
    first = ledger.recorded([1.0])
    ledger.clock.at += timedelta(hours=1)

    again = ledger.recorded([1.0])

    assert again == first  # with the time of the first writing
    assert len(ledger.events()) == 1
    assert len(ledger.decisions.list("default").items) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"project": "other"},
        {"kind": "test.step"},
        {"subject": "model:default/nu"},
        {"parameters": {"limit": 2.0}},
        {"window": {"numbers": [1.0, 1.0]}},
        {"effective_at": NOON + timedelta(microseconds=1)},
    ],
)
def test_another_question_or_other_data_is_another_decision(sqlite_ledger: Ledger, change: dict[str, object]) -> None:
    assert sqlite_ledger.recorded([1.0]).id != sqlite_ledger.recorded([1.0], **change).id


def test_the_same_moment_told_in_another_zone_is_the_same_decision(sqlite_ledger: Ledger) -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=-5)))

    assert sqlite_ledger.prepared([1.0], effective_at=elsewhere).id == sqlite_ledger.prepared([1.0]).id


def test_what_was_prepared_is_not_yet_decided(sqlite_ledger: Ledger) -> None:
    decision = sqlite_ledger.prepared([1.0])

    with pytest.raises(DecisionNotFoundError):
        sqlite_ledger.decisions.get("default", decision.id)
    assert sqlite_ledger.events() == []


def test_a_decision_commits_or_vanishes_with_its_transaction(ledger: Ledger) -> None:
    decision = ledger.prepared([1.0])

    def fail_after_recording() -> None:
        with ledger.decisions.db.write() as tx:
            ledger.decisions.record(tx, decision, actor=ROBOT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_recording()

    assert ledger.decisions.list("default").items == []
    assert ledger.events() == []


def test_decisions_are_listed_by_event_time_newest_first_page_by_page(ledger: Ledger) -> None:
    days = [2, 0, 3, 1, 3]  # written down in another order than they happened; two at one moment
    for number, day in enumerate(days):
        ledger.recorded([float(number)], effective_at=NOON + timedelta(days=day))

    pages, after = [], None
    while True:
        page = ledger.decisions.list("default", after=after, limit=2)
        pages.append([decision.effective_at for decision in page.items])
        after = page.next
        if after is None:
            break

    assert [[(at - NOON).days for at in page] for page in pages] == [[3, 3], [2, 1], [0]]


def test_a_list_can_be_narrowed(ledger: Ledger) -> None:
    passed, failed = ledger.recorded([1.0]), ledger.recorded([2.0])
    other = ledger.recorded([1.0], subject="model:default/nu", kind="test.step")
    ledger.recorded([1.0], project="elsewhere")
    silent = ledger.recorded([])
    listed = ledger.decisions.list

    assert {one.id for one in listed("default").items} == {passed.id, failed.id, other.id, silent.id}
    assert [one.id for one in listed("default", verdict=Verdict.FAIL).items] == [failed.id]
    assert [one.id for one in listed("default", verdict=Verdict.NOT_EVALUATED).items] == [silent.id]
    assert [one.id for one in listed("default", subject="model:default/nu").items] == [other.id]
    assert [one.id for one in listed("default", kind="test.step").items] == [other.id]
    assert listed("default", kind="test.step", verdict=Verdict.FAIL).items == []


@pytest.mark.parametrize("after", ["nonsense", "2013-02-01T00:00:00,dec_1", "0001-01-01T00:00:00+23:00,dec_1"])
def test_a_key_that_no_page_gave_is_refused(sqlite_ledger: Ledger, after: str) -> None:
    with pytest.raises(InvalidError):
        sqlite_ledger.decisions.list("default", after=after)


def test_a_project_does_not_show_the_decisions_of_another(sqlite_ledger: Ledger) -> None:
    decision = sqlite_ledger.recorded([1.0])

    with pytest.raises(DecisionNotFoundError, match="no decision"):
        sqlite_ledger.decisions.get("other", decision.id)


def test_an_unknown_rule_decides_nothing_and_the_known_ones_are_named(sqlite_ledger: Ledger) -> None:
    with pytest.raises(RuleUnknownError, match=r"test\.mean@1"):
        sqlite_ledger.prepared([1.0], rule="test.mean@2")


def test_a_moment_without_a_zone_is_refused(sqlite_ledger: Ledger) -> None:
    with pytest.raises(InvalidError):
        sqlite_ledger.prepared([1.0], effective_at=datetime(2013, 2, 1))  # noqa: DTZ001


def test_a_number_that_json_has_no_word_for_is_never_written_down(sqlite_ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="JSON"):
        sqlite_ledger.prepared([float("nan")])


def test_rules_see_the_data_as_it_will_be_read_back(sqlite_ledger: Ledger) -> None:
    seen: list[object] = []

    def remembering(_parameters: object, window: object) -> Finding:
        seen.append(window)
        return Finding(verdict=Verdict.PASS, reason="fine", evidence={})

    ledger = sqlite_ledger.with_rules({"test.mean@1": remembering})
    decision = ledger.recorded([0.1], window={"pair": (1, 0.1 + 0.2)}, effective_at=datetime(2013, 2, 1, tzinfo=UTC))

    assert ledger.decisions.replay("default", decision.id).reproduced
    assert seen == [{"pair": [1, 0.1 + 0.2]}] * 2

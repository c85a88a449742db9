"""A decision is computed again and compared to the last bit."""

import math
from typing import Any

import pytest
import sqlalchemy as sa
from tests.decisions.conftest import Ledger, mean_at_most

from everlearn.core.decisions import Finding, Rule, Verdict
from everlearn.core.json import canonical_json
from everlearn.decisions import DecisionNotFoundError, RuleUnknownError, WindowDamagedError, WindowMissingError
from everlearn.decisions.tables import decisions as table


def rule_that_finds(**changes: Any) -> Rule:
    def rule(parameters: Any, window: Any) -> Finding:
        finding = mean_at_most(parameters, window)
        return Finding(
            verdict=changes.get("verdict", finding.verdict),
            reason=changes.get("reason", finding.reason),
            evidence=changes.get("evidence", finding.evidence),
        )

    return rule


def test_an_honest_decision_is_reproduced(ledger: Ledger) -> None:
    decision = ledger.recorded([0.1, 0.2, 0.3])

    replay = ledger.decisions.replay("default", decision.id)

    assert replay.reproduced
    assert replay.differences == ()
    assert replay.finding == replay.decision.finding == decision.finding


def test_a_replay_writes_nothing(sqlite_ledger: Ledger) -> None:
    decision = sqlite_ledger.recorded([1.0])

    sqlite_ledger.decisions.replay("default", decision.id)

    assert len(sqlite_ledger.events()) == 1
    assert len(sqlite_ledger.decisions.list("default").items) == 1


@pytest.mark.parametrize(
    ("changes", "differences"),
    [
        ({"verdict": Verdict.FAIL}, ("verdict",)),
        ({"reason": "because"}, ("reason",)),
        ({"evidence": {"mean": math.nextafter(1.0, 2.0), "n": 1}}, ("evidence.mean",)),  # the last bit
        ({"evidence": {"mean": 1, "n": 1}}, ("evidence.mean",)),  # a whole number is no float
        ({"evidence": {"mean": 1.0, "n": True}}, ("evidence.n",)),
        ({"evidence": {"mean": 1.0}}, ("evidence.n",)),
        ({"evidence": {"mean": 1.0, "n": 1, "sd": None}}, ("evidence.sd",)),  # unknown is not missing
        ({"evidence": {"mean": 1.0, "n": 1}}, ()),
        ({"evidence": {"n": 1, "mean": 1.0}}, ()),  # order of keys is no difference
        ({"verdict": Verdict.FAIL, "evidence": {"n": 2}}, ("verdict", "evidence.mean", "evidence.n")),
    ],
)
def test_whatever_comes_out_otherwise_is_named(
    sqlite_ledger: Ledger, changes: dict[str, Any], differences: tuple[str, ...]
) -> None:
    decision = sqlite_ledger.recorded([1.0])
    later = sqlite_ledger.with_rules({"test.mean@1": rule_that_finds(**changes)})

    replay = later.decisions.replay("default", decision.id)

    assert replay.differences == differences
    assert replay.reproduced == (not differences)


def test_minus_zero_is_not_zero(sqlite_ledger: Ledger) -> None:
    decision = sqlite_ledger.recorded([0.0])
    later = sqlite_ledger.with_rules({"test.mean@1": rule_that_finds(evidence={"mean": -0.0, "n": 1})})

    assert later.decisions.replay("default", decision.id).differences == ("evidence.mean",)


@pytest.mark.parametrize(
    ("column", "value", "difference"),
    [
        ("verdict", "pass", "verdict"),
        ("reason", "looked fine", "reason"),
        ("evidence", '{"mean":0.5,"n":1}', "evidence.mean"),
        ("parameters", '{"limit":9.0}', "id"),
        ("subject", "model:default/nu", "id"),
    ],
)
def test_a_record_that_was_changed_afterwards_does_not_replay(
    sqlite_ledger: Ledger, column: str, value: str, difference: str
) -> None:
    decision = sqlite_ledger.recorded([5.0])
    with sqlite_ledger.decisions.db.write() as tx:
        tx.execute(sa.update(table).where(table.c.id == decision.id).values({column: value}))

    assert difference in sqlite_ledger.decisions.replay("default", decision.id).differences


def test_parameters_and_window_changed_to_fit_each_other_are_noticed(sqlite_ledger: Ledger) -> None:
    decision = sqlite_ledger.recorded([5.0])
    kinder = sqlite_ledger.prepared([0.5])
    columns = {
        "window": kinder.window,
        "verdict": "pass",
        "reason": kinder.finding.reason,
        "evidence": canonical_json(kinder.finding.evidence),
    }
    with sqlite_ledger.decisions.db.write() as tx:
        tx.execute(sa.update(table).where(table.c.id == decision.id).values(columns))

    assert sqlite_ledger.decisions.replay("default", decision.id).differences == ("id",)


def test_a_window_that_is_gone_is_said_to_be_gone(sqlite_ledger: Ledger) -> None:
    decision = sqlite_ledger.recorded([1.0])
    sqlite_ledger.window_file(decision).unlink()

    with pytest.raises(WindowMissingError, match=f"{decision.id}.*no longer stored"):
        sqlite_ledger.decisions.replay("default", decision.id)


def test_a_window_that_was_tampered_with_is_said_to_be_damaged(sqlite_ledger: Ledger) -> None:
    decision = sqlite_ledger.recorded([1.0])
    file = sqlite_ledger.window_file(decision)
    file.chmod(0o644)
    file.write_bytes(b'{"numbers":[0.5]}')

    with pytest.raises(WindowDamagedError, match=f"{decision.id} is damaged"):
        sqlite_ledger.decisions.replay("default", decision.id)
    with pytest.raises(WindowDamagedError):
        sqlite_ledger.decisions.window(decision)


def test_a_decision_or_a_rule_that_is_not_there_cannot_be_replayed(sqlite_ledger: Ledger) -> None:
    decision = sqlite_ledger.recorded([1.0])

    with pytest.raises(DecisionNotFoundError):
        sqlite_ledger.decisions.replay("default", "dec_nobody")
    with pytest.raises(RuleUnknownError):
        sqlite_ledger.with_rules({}).decisions.replay("default", decision.id)


def test_a_whole_ledger_is_replayed_and_each_failure_named(ledger: Ledger) -> None:
    sound = [ledger.recorded([number / 7.0]) for number in range(450)]  # more than are read at once
    gone, changed = sound[3], sound[200]
    ledger.recorded([1.0], project="other")
    ledger.window_file(gone).unlink()
    with ledger.decisions.db.write() as tx:
        tx.execute(sa.update(table).where(table.c.id == changed.id).values(verdict="not_evaluated"))

    told = ledger.decisions.replay_all("default")

    assert (told.decisions, told.reproduced, told.is_sound) == (450, 448, False)
    assert [(one.id, one.differences) for one in told.differing] == [(changed.id, ("verdict",))]
    assert [(one.id, one.code) for one in told.not_replayed] == [(gone.id, "decisions.window_missing")]


def test_an_empty_ledger_is_sound(sqlite_ledger: Ledger) -> None:
    assert sqlite_ledger.decisions.replay_all("default").is_sound

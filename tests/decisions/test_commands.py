"""`everlearn decisions` from the command line, over a finder that knows one service."""

import json
import math
from typing import Any

import pytest
from tests.decisions.conftest import Ledger
from tests.decisions.test_replay import rule_that_finds
from typer.testing import CliRunner

from everlearn.cli.services import provided
from everlearn.core.decisions import Verdict
from everlearn.core.digest import digest_bytes
from everlearn.decisions import DecisionNotFoundError
from everlearn.decisions.commands import app


def run(ledger: Ledger, *arguments: str) -> Any:
    with provided(lambda _: ledger.decisions):
        return CliRunner().invoke(app, arguments)


def test_decisions_are_listed_with_their_verdicts_in_words(sqlite_ledger: Ledger) -> None:
    for numbers in ([1.0], [2.0], []):
        sqlite_ledger.recorded(numbers)

    listed = run(sqlite_ledger, "list")
    failed = json.loads(run(sqlite_ledger, "list", "--verdict", "fail", "--json").stdout)

    assert listed.exit_code == 0
    assert all(word in listed.stdout for word in ("pass", "fail", "not_evaluated", "mean 2"))
    assert [one["finding"]["reason"] for one in failed["items"]] == ["mean 2"]


def test_a_decision_is_shown_with_parameters_and_evidence(sqlite_ledger: Ledger) -> None:
    decision = sqlite_ledger.recorded([0.5])

    shown = run(sqlite_ledger, "show", decision.id)

    assert shown.exit_code == 0
    assert all(text in shown.stdout for text in (decision.id, decision.window, "test.mean@1", "limit", "mean 0.5"))
    assert json.loads(run(sqlite_ledger, "show", decision.id, "--json").stdout)["finding"]["evidence"]["n"] == 1


def test_the_window_is_printed_as_what_its_digest_is_of(sqlite_ledger: Ledger) -> None:
    decision = sqlite_ledger.recorded([0.5, 2.0])

    printed = run(sqlite_ledger, "window", decision.id)

    assert digest_bytes(printed.stdout_bytes) == decision.window


def test_a_sound_decision_is_reproduced(sqlite_ledger: Ledger) -> None:
    decision = sqlite_ledger.recorded([0.5])

    told = run(sqlite_ledger, "replay", decision.id)

    assert (told.exit_code, told.stdout.split(":")[0]) == (0, "reproduced")
    assert json.loads(run(sqlite_ledger, "replay", decision.id, "--json").stdout)["reproduced"] is True


def test_a_decision_that_comes_out_otherwise_is_told_with_every_digit_and_exit_code_1(sqlite_ledger: Ledger) -> None:
    decision = sqlite_ledger.recorded([1.0])
    evidence = {"mean": math.nextafter(1.0, 2.0), "n": 1}
    later = sqlite_ledger.with_rules({"test.mean@1": rule_that_finds(verdict=Verdict.FAIL, evidence=evidence)})

    told = run(later, "replay", decision.id)
    as_json = run(later, "replay", decision.id, "--json")

    assert told.exit_code == as_json.exit_code == 1
    assert told.stdout.startswith(f"differs: {decision.id} in verdict, evidence.mean")
    rows = [line.split() for line in told.stdout.splitlines()[2:]]
    assert rows == [["verdict", "pass", "fail"], ["evidence.mean", "1.0", "1.0000000000000002"]]
    assert json.loads(as_json.stdout)["differences"] == ["verdict", "evidence.mean"]


def test_all_are_replayed_and_one_bad_one_makes_exit_code_1(sqlite_ledger: Ledger) -> None:
    decisions = [sqlite_ledger.recorded([float(number)]) for number in range(3)]
    sound = run(sqlite_ledger, "replay", "--all")
    sqlite_ledger.window_file(decisions[1]).unlink()

    unsound = run(sqlite_ledger, "replay", "--all")
    counted = json.loads(run(sqlite_ledger, "replay", "--all", "--json").stdout)

    assert sound.exit_code == 0
    assert sound.stdout.startswith("reproduced: 3 of 3 decisions")
    assert unsound.exit_code == 1
    assert f"not replayed: {decisions[1].id}" in unsound.stdout
    assert (counted["decisions"], counted["reproduced"]) == (3, 2)
    assert [one["id"] for one in counted["not_replayed"]] == [decisions[1].id]


@pytest.mark.parametrize("arguments", [["replay"], ["replay", "--all", "dec_1"], ["list", "--verdict", "perhaps"]])
def test_a_command_line_that_says_too_little_or_too_much_is_a_usage_error(
    sqlite_ledger: Ledger, arguments: list[str]
) -> None:
    assert run(sqlite_ledger, *arguments).exit_code == 2


def test_an_unknown_decision_is_refused(sqlite_ledger: Ledger) -> None:
    assert isinstance(run(sqlite_ledger, "show", "dec_nobody").exception, DecisionNotFoundError)

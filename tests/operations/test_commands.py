"""`everlearn jobs` from the command line, over a finder that knows one service."""

import json
from typing import Any

import pytest
from tests.operations.conftest import Yard
from typer.testing import CliRunner

from everlearn.cli.services import provided
from everlearn.jobs import JobState
from everlearn.operations.commands import app


def run(yard: Yard, *arguments: str) -> tuple[int, str, str]:
    def find(_of: type[Any]) -> Any:
        return yard.operations

    with provided(find):
        answer = CliRunner().invoke(app, list(arguments))
    return answer.exit_code, answer.stdout, answer.stderr


def test_dead_jobs_are_listed(sqlite_yard: Yard) -> None:
    code, out, _ = run(sqlite_yard, "list", "--state", "dead", "--json")

    assert code == 0
    assert [job["id"] for job in json.loads(out)["items"]] == [sqlite_yard.jobs["dead"]]


def test_the_table_has_a_line_for_each_job(sqlite_yard: Yard) -> None:
    code, out, _ = run(sqlite_yard, "list")

    assert code == 0
    assert all(job_id in out for job_id in sqlite_yard.jobs.values())


def test_a_job_is_shown(sqlite_yard: Yard) -> None:
    code, out, _ = run(sqlite_yard, "show", sqlite_yard.jobs["dead"], "--json")

    assert code == 0
    assert json.loads(out)["error"]["type"] == "ValueError"


def test_a_dead_job_is_driven_again_and_a_pending_one_cancelled(sqlite_yard: Yard) -> None:
    dead, pending = sqlite_yard.jobs["dead"], sqlite_yard.jobs["pending"]

    assert run(sqlite_yard, "redrive", dead)[0] == 0
    assert run(sqlite_yard, "cancel", pending)[0] == 0

    assert sqlite_yard.operations.job(dead).state is JobState.PENDING
    assert sqlite_yard.operations.job(pending).state is JobState.CANCELLED


def test_all_dead_jobs_are_driven_again(sqlite_yard: Yard) -> None:
    code, _, told = run(sqlite_yard, "redrive", "--all")

    assert code == 0
    assert told.startswith("1 dead jobs are pending again")


@pytest.mark.parametrize("arguments", [["redrive"], ["redrive", "--all", "job_1"], ["list", "--state", "asleep"]])
def test_a_command_line_that_says_too_little_or_too_much_is_a_usage_error(
    sqlite_yard: Yard, arguments: list[str]
) -> None:
    assert run(sqlite_yard, *arguments)[0] == 2


def test_whether_all_is_settled_is_printed(sqlite_yard: Yard) -> None:
    code, out, _ = run(sqlite_yard, "settled", "--json")

    assert code == 0
    assert json.loads(out)["settled"] is False

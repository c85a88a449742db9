import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from everlearn.db import Database, open_database
from everlearn.db.migrate import migrate

WORKER = Path(__file__).with_name("mortal_worker.py")


@pytest.fixture
def places(database_url: str, tmp_path: Path) -> list[str]:
    database: Database = open_database(database_url)
    migrate(database)
    database.close()
    return [database_url, f"file://{tmp_path / 'blobs'}", str(tmp_path / "side.txt")]


def worker(mode: str, places: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, str(WORKER), mode, *places], stdout=subprocess.PIPE, text=True)


def assert_whole(told: dict[str, Any]) -> None:
    assert told["state"] == "finished"
    assert told["value"] == "the total is 6"
    assert told["tracked"] == "FINISHED"
    assert told["method"] == "sum"
    assert told["metrics"] == {"rows": [3.0], "total": [6.0]}
    assert told["artifacts"] == ["second/notes.txt"]
    assert told["steps_announced"] == ["first", "second", "third"]
    assert told["ends_announced"] == 1
    assert told["tracking_announced"] == ["RunStarted", "RunEnded"]


def test_a_run_goes_on_after_its_worker_was_killed_in_the_middle_of_a_step(places: list[str]) -> None:
    killed = worker("hang", places)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "ready\n"
    killed.kill()
    killed.communicate()

    restarted = worker("hang", places)
    answer, _ = restarted.communicate(timeout=60)

    told = json.loads(answer)
    assert_whole(told)
    assert told["executed"] == ["first", "second", "second", "third"]


def test_a_kill_at_any_commit_repeats_at_most_one_step_and_loses_nothing(places: list[str]) -> None:
    process = worker("everywhere", places)
    answer, _ = process.communicate(timeout=120)

    runs = [json.loads(line) for line in answer.splitlines()]
    assert len(runs) > 15  # so many instants there are between two commits
    for told in runs:
        assert_whole(told)
        assert len(told["executed"]) <= 4
        assert set(told["executed"]) == {"first", "second", "third"}
    assert runs[-1]["executed"] == ["first", "second", "third"]  # the one that nobody killed

"""The demo as its users run it: in one go, on PostgreSQL, and with its processes killed at random moments."""

import fcntl
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from tests.app.processes import is_alive, role_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

# long enough for an incident, a retraining and a promotion
SHORTENED = ("--days", "44", "--incident-on", "9", "--one-in", "5")
KILLS = 10


def demo(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("EVERLEARN_")}
    place = ("--home", str(folder / "home"), "--json", str(folder / "told.json"))
    return subprocess.Popen(
        [sys.executable, "-m", "everlearn", "demo", *SHORTENED, *place, *arguments],
        env=inherited,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def told(folder: Path, process: subprocess.Popen[str]) -> dict[str, Any]:
    output, _ = process.communicate()
    assert process.returncode == 0, output
    found: dict[str, Any] = json.loads((folder / "told.json").read_text())
    return found


def story(found: dict[str, Any]) -> dict[str, Any]:
    """Give what must come out the same, however the journey went."""
    decided = sorted((one["effective_at"], one["kind"], one["verdict"], one["reason"]) for one in found["decisions"])
    return {
        "decisions": decided,
        "versions": [(one["number"], one["stage"], one["model_digest"]) for one in found["versions"]],
        "rollouts": [(one["candidate"], one["state"], one["ended_at"], one["reason"]) for one in found["rollouts"]],
        "alerts": [(one["opened_at"], one["resolved_at"], one["level"], one["kind"]) for one in found["alerts"]],
        "error": found["mean_absolute_error"],
    }


def assert_is_whole(found: dict[str, Any]) -> None:
    assert found["proofs"]["audit"]["sound"] is True
    replayed = found["proofs"]["replay"]
    assert replayed["reproduced"] == replayed["decisions"] == len(found["decisions"])
    assert found["requests"]["failed"] == 0


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What comes of the shortened year when nothing happens to the processes; lived once for all test processes."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "undisturbed"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "told.json").exists():
            return told(folder, demo(folder))
    found: dict[str, Any] = json.loads((folder / "told.json").read_text())
    return found


def test_a_model_lives(undisturbed: dict[str, Any]) -> None:
    assert_is_whole(undisturbed)
    first, broken, *_ = undisturbed["versions"]
    by_hand = [one for one in undisturbed["rollouts"] if one["candidate"] == broken["number"]]
    promoted = [one for one in undisturbed["rollouts"] if one["state"] == "promoted"]

    # the broken version was rolled back by a decision, and a retrained one took the champion's place
    assert [one["state"] for one in by_hand] == ["rolled_back"]
    assert "harm proven" in by_hand[0]["reason"]
    assert broken["stage"] == "rejected"
    assert promoted
    assert first["stage"] == "retired"
    assert any(one["kind"] == "retraining.review" and one["verdict"] == "pass" for one in undisturbed["decisions"])
    assert any(one["kind"] == "retraining.review" and one["verdict"] == "fail" for one in undisturbed["decisions"])


def test_on_postgresql_it_lives_the_same_life(undisturbed: dict[str, Any], postgresql_url: str, tmp_path: Path) -> None:
    found = told(tmp_path, demo(tmp_path, "--database", postgresql_url, "--days", "16"))

    assert_is_whole(found)
    until = max(one["effective_at"] for one in found["decisions"])
    beginning = {**undisturbed, "decisions": [one for one in undisturbed["decisions"] if one["effective_at"] <= until]}
    assert story(found)["decisions"] == story(beginning)["decisions"]
    assert story(found)["rollouts"] == story(undisturbed)["rollouts"][:1]
    assert [one["model_digest"] for one in found["versions"]] == [
        one["model_digest"] for one in undisturbed["versions"][:2]
    ]


def test_killed_at_ten_random_moments_it_lives_the_same_life(undisturbed: dict[str, Any], tmp_path: Path) -> None:
    source = random.Random(20130201)
    entries = undisturbed["proofs"]["audit"]["size"]
    moments = sorted(source.sample(range(20, int(0.9 * entries)), KILLS))
    victims = [("worker-1", "gateway", "api")[number % 3] for number in range(KILLS)]
    source.shuffle(victims)
    process, over, killed = demo(tmp_path), Event(), list[str]()

    def kill() -> None:
        database = tmp_path / "home" / "everlearn.db"
        for moment, victim in zip(moments, victims, strict=True):
            while log_size(database) < moment and not over.wait(0.01):
                pass
            over.wait(source.random() / 2)
            while not over.is_set() and not killed_one(process.pid, victim):
                over.wait(0.01)
            killed.append(victim)

    killer = Thread(target=kill)
    killer.start()
    try:
        found = told(tmp_path, process)
    finally:
        over.set()
        killer.join()

    assert len(killed) == KILLS
    assert_is_whole(found)
    assert story(found) == story(undisturbed)


def log_size(database: Path) -> int:
    """Count the entries of the log, from outside; 0 while there is none."""
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            (size,) = connection.execute("select coalesce(max(position), 0) from log_entries").fetchone()
    except sqlite3.OperationalError:
        return 0
    return int(size)


def killed_one(demo_pid: int, victim: str) -> bool:
    """Kill a role of the platform that the demo has started, as nothing in it can prevent."""
    for platform in children(demo_pid):
        for pid in children(platform):
            with suppress(FileNotFoundError, ProcessLookupError):  # it may end while we look
                if is_alive(pid) and role_of(pid) == victim:
                    os.kill(pid, signal.SIGKILL)
                    return True
    return False


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []

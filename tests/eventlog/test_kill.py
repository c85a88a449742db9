"""Real processes that append and pump, killed at any instant."""

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.eventlog.pumper import WHO, heard, platform, prepare

from everlearn.db import Database

PUMPER = str(Path(__file__).with_name("pumper.py"))


@pytest.fixture
def shared(db: Database) -> Database:
    prepare(db)
    return db


def start(mode: str, db: Database) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, PUMPER, mode, db.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def listen(process: subprocess.Popen[str], lines: int) -> None:
    assert process.stdout is not None
    for _ in range(lines):
        assert process.stdout.readline()


def finish(db: Database) -> None:
    """What a successor does that nobody kills."""
    _, _, subscriptions = platform(db.url)
    while subscriptions.pump():
        pass
    subscriptions.db.close()


def assert_each_entry_was_heard_once(db: Database) -> None:
    with db.read() as tx:
        size = platform(db.url)[1].size(tx)
        rows = tx.execute(sa.select(heard.c.who, heard.c.position)).all()
    assert size > 0
    assert Counter((row.who, row.position) for row in rows) == {
        (who, position): 1 for who in WHO for position in range(1, size + 1)
    }


def test_a_pump_that_is_killed_again_and_again_hands_over_every_entry_once(shared: Database) -> None:
    source = random.Random(7)  # test data
    scribe = start("append", shared)
    for _ in range(4):
        pump = start("pump", shared)
        listen(
            pump, source.randrange(5, 25)
        )  # "ready", then a line for each round; then it is in the middle of another
        pump.kill()
        pump.communicate()
    scribe.kill()
    scribe.communicate()

    last = start("pump", shared)
    last.communicate(timeout=120)

    assert last.returncode == 0
    assert_each_entry_was_heard_once(shared)


def test_two_processes_that_pump_at_once_hand_over_every_entry_once(shared: Database) -> None:
    pumps = [start("pump", shared) for _ in range(2)]
    for pump in pumps:
        listen(pump, 1)
    scribe = start("append", shared)
    listen(scribe, 60)
    scribe.kill()
    scribe.communicate()

    for pump in pumps:
        pump.communicate(timeout=120)

    assert [pump.returncode for pump in pumps] == [0, 0]
    assert_each_entry_was_heard_once(shared)


def test_a_kill_before_any_commit_loses_and_repeats_nothing(shared: Database) -> None:
    process = start("everywhere", shared)
    answer, _ = process.communicate(timeout=120)
    finish(shared)

    assert process.returncode == 0
    assert len(answer.splitlines()) > 8  # so many instants there are between two commits
    assert_each_entry_was_heard_once(shared)

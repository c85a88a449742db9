"""Several processes that append at once."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from everlearn.core.clock import SystemClock
from everlearn.db import Database
from everlearn.eventlog import Catalogue, EventLog

SCRIBE = str(Path(__file__).with_name("scribe.py"))
CROWD, EACH = 3, 60


def test_processes_that_write_at_once_leave_one_order_without_gaps(db: Database) -> None:
    scribes = [
        subprocess.Popen(
            [sys.executable, SCRIBE, db.url, f"s{number}", str(EACH)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(CROWD)
    ]
    for scribe in scribes:
        assert scribe.stdout is not None
        assert scribe.stdout.readline() == "ready\n"

    for scribe in scribes:  # all are loaded: now let them run at once
        assert scribe.stdin is not None
        scribe.stdin.write("go\n")
        scribe.stdin.flush()
    got = [[int(line) for line in scribe.communicate(timeout=120)[0].split()] for scribe in scribes]

    assert all(mine == sorted(mine) and len(mine) == EACH for mine in got)
    assert sorted(position for mine in got for position in mine) == list(range(1, CROWD * EACH + 1))
    with db.read() as tx:
        entries = EventLog(Catalogue([]), SystemClock()).read(tx, after=0, limit=1_000)
    assert [entry.position for entry in entries] == list(range(1, CROWD * EACH + 1))
    assert all(before.at <= after.at for before, after in pairwise(entries))

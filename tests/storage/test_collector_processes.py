"""Writers, readers and collectors in processes of their own, killed at any instant: nothing referred to is lost."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.storage.place import ADA

from everlearn.blobs import open_blobs
from everlearn.core.clock import SystemClock
from everlearn.core.digest import Digest, digest_bytes
from everlearn.db import open_database
from everlearn.db.migrate import migrate
from everlearn.eventlog import Catalogue, EventLog
from everlearn.storage import Collector, Grace
from everlearn.storage.events import EVENTS
from everlearn.tracking.tables import artifacts

HERE = Path(__file__).parent


@pytest.mark.slow
@pytest.mark.parametrize(
    ("database", "shelf", "rounds"), [("sqlite", "folder_url", 6), ("postgresql_url", "bucket_url", 3)]
)
def test_nothing_that_something_refers_to_is_ever_lost(
    database: str, shelf: str, rounds: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    database_url = f"sqlite:///{tmp_path / 'x.db'}" if database == "sqlite" else request.getfixturevalue(database)
    blobs_url = request.getfixturevalue(shelf)
    db = open_database(database_url)
    migrate(db)

    command = [sys.executable, str(HERE / "hoarders.py"), database_url, blobs_url, "1", str(rounds)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)

    assert answer.returncode == 0, answer.stderr
    did = [[int(number) for number in line.split()[1:]] for line in answer.stdout.splitlines()]
    assert sum(condemned for condemned, *_ in did) > 0
    assert sum(restored + removed for _, restored, removed, _ in did) > 0
    assert not any(missing for *_, missing in did)

    blobs = open_blobs(blobs_url)
    with db.read() as tx:
        referred = {*tx.execute(sa.select(artifacts.c.digest)).scalars()}
    assert referred
    assert all(digest_bytes(blobs.get(Digest(digest))) == digest for digest in referred)

    at_once = Grace(before_aside=timedelta(0), before_removal=timedelta(0))
    collector = Collector(db, blobs, EventLog(Catalogue(EVENTS), SystemClock()), SystemClock(), at_once)
    assert [collector.collect(actor=ADA).missing for _ in range(3)] == [0, 0, 0]
    assert {blob.digest for blob in blobs.kept()} == referred
    db.close()

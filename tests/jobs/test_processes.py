"""Workers as processes: killed, restarted, asked to stop."""

import itertools
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest
import sqlalchemy as sa
from tests.jobs.labourer import attempts, effects, prepare

from everlearn.core.clock import SystemClock
from everlearn.db import Database, open_database
from everlearn.jobs import JobQueue, JobState

LABOURER = str(Path(__file__).parent / "labourer.py")
CROWD = 4
JOBS = 300
KILLS = 5


@dataclass
class Supervisor:
    """Starts workers that all speak into one pipe, and kills them."""

    url: str
    voice: IO[str]
    ear: int
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    killed_at: dict[int, float] = field(default_factory=dict)  # by process

    def start(self, name: str) -> None:
        self.workers[name] = subprocess.Popen([sys.executable, LABOURER, self.url, name], stdout=self.ear)

    def replace(self, name: str) -> None:
        """Kill a worker at whatever it does, and start its successor under the same name."""
        worker = self.workers[name]
        worker.kill()
        worker.wait()
        self.killed_at[worker.pid] = time.time()
        self.start(name)

    def stop(self) -> list[int]:
        for worker in self.workers.values():
            worker.terminate()
        return [worker.wait(60) for worker in self.workers.values()]


@pytest.fixture
def shared(database_url: str) -> Iterator[Database]:
    db = open_database(database_url)
    prepare(db)
    yield db
    db.close()


@pytest.fixture
def supervisor(shared: Database) -> Iterator[Supervisor]:
    out, ear = os.pipe()
    with os.fdopen(out) as voice:
        crew = Supervisor(shared.url, voice, ear)
        yield crew
        for worker in crew.workers.values():
            worker.kill()
            worker.wait()
        os.close(ear)


def enqueue(db: Database, kind: str, count: int) -> set[str]:
    queue = JobQueue(SystemClock())
    with db.write() as tx:
        return {queue.enqueue(tx, kind, {}) for _ in range(count)}


def states(db: Database) -> dict[str, JobState]:
    with db.read() as tx:
        return {job.id: job.state for job in JobQueue(SystemClock()).jobs(tx, limit=1_000).items}


def unfinished(db: Database) -> int:
    with db.read() as tx:
        return JobQueue(SystemClock()).pending_count(tx)


def overlaps(db: Database, killed_at: dict[int, float]) -> list[str]:
    """Find jobs of which an attempt began before the one before it had ended or been killed."""
    query = sa.select(attempts).order_by(attempts.c.job, attempts.c.attempt)
    with db.read() as tx:
        rows = tx.execute(query).all()
    return [
        second.job
        for first, second in itertools.pairwise(rows)
        if first.job == second.job
        and second.began_at < (killed_at.get(first.process, float("inf")) if first.ended_at is None else first.ended_at)
    ]


def test_killed_workers_lose_nothing_and_repeat_nothing(shared: Database, supervisor: Supervisor) -> None:
    source = random.Random(7)  # test data
    wanted = enqueue(shared, "t.labour", JOBS)
    for number in range(CROWD):
        supervisor.start(f"w{number}")

    kills = sorted(source.sample(range(5, JOBS - 50), KILLS))
    for said in itertools.count():
        if unfinished(shared) == 0:
            break
        supervisor.voice.readline()  # somebody is always about to speak, for nobody is killed near the end
        if kills and said >= kills[0]:
            kills.pop(0)
            supervisor.replace(f"w{source.randrange(CROWD)}")

    supervisor.stop()
    assert set(states(shared).values()) == {JobState.DONE}
    with shared.read() as tx:
        found = list(tx.execute(sa.select(effects.c.job)).scalars())
    assert len(found) == JOBS
    assert set(found) == wanted
    assert overlaps(shared, supervisor.killed_at) == []


def test_a_worker_that_is_asked_to_stop_ends_its_job_first(shared: Database, supervisor: Supervisor) -> None:
    (job_id,) = enqueue(shared, "t.slow", 1)
    supervisor.start("w0")
    assert supervisor.voice.readline() == f"begun {job_id}\n"

    codes = supervisor.stop()

    assert codes == [0]
    assert [supervisor.voice.readline() for _ in range(2)] == [f"ended {job_id}\n", "drained w0\n"]
    assert states(shared)[job_id] is JobState.DONE


def test_a_successor_goes_on_at_once_where_a_killed_worker_stood(shared: Database, supervisor: Supervisor) -> None:
    (job_id,) = enqueue(shared, "t.slow", 1)
    supervisor.start("w0")
    assert supervisor.voice.readline() == f"begun {job_id}\n"

    supervisor.replace("w0")

    assert supervisor.voice.readline() == f"begun {job_id}\n"
    assert supervisor.stop() == [0]
    assert states(shared)[job_id] is JobState.DONE

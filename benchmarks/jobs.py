"""What a job costs, beside the bare transactions that any durable queue needs: write it, lease it, complete it.

    python benchmarks/jobs.py [--jobs 2000] [--json FILE]

Jobs do nothing. Ours enqueues in the caller's transaction, claims under a lease and completes in the handler's
transaction; the rival runs three statements on a table of one index, without retries, priorities, keys or fences.
PostgreSQL is measured too where there is one.
"""

import argparse
import json
import os
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa
from psycopg import sql

import everlearn.app.tables  # noqa: F401  # declares every table
from everlearn.core.clock import SystemClock
from everlearn.db import Database, open_database
from everlearn.db.migrate import migrate
from everlearn.jobs import JobContext, JobQueue, Worker

POSTGRESQL = os.environ.get("EVERLEARN_TEST_POSTGRESQL", "postgresql://127.0.0.1:5432/postgres")

bare = sa.Table(
    "bare_jobs",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("state", sa.Text, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the result; CPU is of this process, the database server's is not in it."""

    engine: str
    queue: str
    jobs_per_s: float
    cpu_ms_per_job: float


def ours(db: Database, jobs: int) -> None:
    queue = JobQueue(SystemClock())

    def nothing(context: JobContext) -> None:
        with db.write() as tx:
            context.finish(tx)

    for _ in range(jobs):
        with db.write() as tx:
            queue.enqueue(tx, "benchmark.nothing", {})
    done = Worker(db, queue, {"benchmark.nothing": nothing}, name="benchmark").work_off()
    assert done >= jobs


def rival(db: Database, jobs: int) -> None:
    with db.write() as tx:
        bare.create(tx.connection)
    for _ in range(jobs):
        with db.write() as tx:
            tx.execute(bare.insert().values(state="pending"))
    for _ in range(jobs):
        with db.write() as tx:
            found = sa.select(bare.c.id).where(bare.c.state == "pending").limit(1)
            job = tx.execute(found.with_for_update(skip_locked=True)).scalar_one()
            tx.execute(bare.update().where(bare.c.id == job).values(state="running"))
        with db.write() as tx:
            tx.execute(bare.update().where(bare.c.id == job).values(state="done"))


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """Give a fresh database of each engine that is there."""
    name = f"everlearn_bench_{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory() as folder:
        urls = {"SQLite": f"sqlite:///{Path(folder) / 'everlearn.db'}"}
        try:
            admin = psycopg.connect(POSTGRESQL, autocommit=True, connect_timeout=2)
        except psycopg.OperationalError:
            yield urls
            return
        with admin:
            admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
            yield urls | {"PostgreSQL": POSTGRESQL.rsplit("/", 1)[0] + "/" + name}
            admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2_000)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    measures = []
    with databases() as urls:
        for engine, url in urls.items():
            db = open_database(url)
            migrate(db)
            for name, work in (("everlearn", ours), ("bare transactions", rival)):
                started, cpu = time.perf_counter(), time.process_time()
                work(db, asked.jobs)
                wall, cpu = time.perf_counter() - started, time.process_time() - cpu
                measures.append(Measure(engine, name, asked.jobs / wall, 1000 * cpu / asked.jobs))
            db.close()
    print(f"{'engine':<12}{'queue':<20}{'jobs/s':>10}{'CPU ms/job':>12}")
    for one in measures:
        print(f"{one.engine:<12}{one.queue:<20}{one.jobs_per_s:>10.0f}{one.cpu_ms_per_job:>12.2f}")
    if asked.json:
        asked.json.write_text(json.dumps([asdict(one) for one in measures], indent=2) + "\n")


if __name__ == "__main__":
    main()

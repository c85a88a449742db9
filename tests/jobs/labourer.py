"""A worker process for tests: `labourer.py DATABASE_URL NAME`. Says on stdout what it has done; stops on SIGTERM."""

import os
import signal
import sys
import time
from threading import Event

import sqlalchemy as sa

from everlearn.core.clock import SystemClock
from everlearn.db import Database, metadata, open_database
from everlearn.jobs import JobContext, JobQueue, Worker

attempts = sa.Table(
    "test_attempts",
    sa.MetaData(),
    sa.Column("job", sa.Text),
    sa.Column("attempt", sa.Integer),
    sa.Column("process", sa.Integer),
    sa.Column("began_at", sa.Float),  # all processes of a test share the machine's clock
    sa.Column("ended_at", sa.Float),
)
effects = sa.Table("test_effects", attempts.metadata, sa.Column("job", sa.Text))


def prepare(db: Database) -> None:
    """Make the queue's tables and the test's own, which have no constraint that could hide a second effect."""
    with db.write() as tx:
        metadata.create_all(tx.connection)
        attempts.metadata.create_all(tx.connection)


def labour(db: Database, context: JobContext) -> None:
    """Leave a mark, have an effect, and complete both the mark and the job with it."""
    job, attempt = context.job.id, context.job.attempt
    mark = {"job": job, "attempt": attempt, "process": os.getpid(), "began_at": time.time()}
    with db.write() as tx:
        tx.execute(sa.insert(attempts).values(mark))
    with db.write() as tx:
        tx.execute(sa.insert(effects).values(job=job))
        mine = sa.and_(attempts.c.job == job, attempts.c.attempt == attempt)
        tx.execute(sa.update(attempts).where(mine).values(ended_at=time.time()))
        context.finish(tx)
    say(f"done {job}")


def slow(context: JobContext) -> None:
    """Begin, and end only when the worker stops."""
    say(f"begun {context.job.id}")
    context.draining.wait()
    say(f"ended {context.job.id}")


def say(line: str) -> None:
    """Write one line at once, so that lines of several processes do not mix."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def main(url: str, name: str) -> None:
    stop = Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    db = open_database(url)
    handlers = {"t.labour": lambda context: labour(db, context), "t.slow": slow}
    Worker(db, JobQueue(SystemClock()), handlers, name=name, concurrency=2, lease_s=60.0, poll_s=0.02).run(stop)
    say(f"drained {name}")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What sealing costs: appends to the log, in batches and singly, beside a plain insert of the same rows.

    python benchmarks/eventlog.py [--events 1000000] [--singles 2000] [--json FILE]

The rival writes the same columns into a table with the same indexes, in transactions of the same size, without tree,
head or hashes. A log that slowed down as it grows would show in the lines per tenth of the run. PostgreSQL is measured
where a server answers at EVERLEARN_TEST_POSTGRESQL (default postgresql://127.0.0.1:5432/postgres).
"""

import argparse
import json
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import psycopg
import sqlalchemy as sa
from psycopg import sql

from everlearn.audit import Audit
from everlearn.core.actor import Actor
from everlearn.core.clock import SystemClock
from everlearn.core.ids import new_id
from everlearn.core.json import JSONObject, canonical_json
from everlearn.db import Database, metadata, open_database
from everlearn.eventlog import Catalogue, Draft, Event, EventLog
from everlearn.eventlog.checkpoint import Checkpoints
from everlearn.eventlog.note import Signer
from everlearn.eventlog.tables import entries
from everlearn.eventlog.tree import LogTree

BATCH = 1_000
ACTOR = Actor("service:benchmark")
NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)

rows = sa.Table(
    "plain_rows",
    sa.MetaData(),
    *(column._copy() for column in entries.c if column.name != "leaf"),  # noqa: SLF001  # as Table.to_metadata does
    *(sa.Index(f"ix_plain_{name}", name, "position") for name in ("name", "subject", "correlation_id")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartServed(Event):
    """An event of ordinary size."""

    name: ClassVar[str] = "benchmark.part_served"
    revision: ClassVar[int] = 1

    project: str
    model: str
    version: int
    share: float
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the result."""

    engine: str
    what: str
    per_transaction: int
    at: int  # rows that were there before
    rows: int
    per_s: float


def events(start: int, count: int) -> list[PartServed]:
    return [
        PartServed(project="default", model=f"m{number % 50}", version=number, share=0.25, effective_at=NOON)
        for number in range(start, start + count)
    ]


class Log:
    """What is measured."""

    what = "log"

    def __init__(self, db: Database) -> None:
        self.db, self.log = db, EventLog(Catalogue([PartServed]), SystemClock())

    def write(self, start: int, count: int) -> None:
        drafts = [
            Draft(event=each, actor=ACTOR, subject=f"model:default/{each.model}") for each in events(start, count)
        ]
        with self.db.write() as tx:
            self.log.append_all(tx, drafts)


class Plain:
    """What it is compared with."""

    what = "plain insert"

    def __init__(self, db: Database) -> None:
        self.db = db

    def write(self, start: int, count: int) -> None:
        at = SystemClock().now()
        written = []
        for position, each in enumerate(events(start, count), start + 1):
            entry_id = new_id("evt")
            payload: JSONObject = {
                "project": each.project,
                "model": each.model,
                "version": each.version,
                "share": each.share,
                "effective_at": each.effective_at.isoformat(),
            }
            written.append(
                {
                    "position": position,
                    "id": entry_id,
                    "name": each.name,
                    "revision": each.revision,
                    "subject": f"model:default/{each.model}",
                    "actor": ACTOR,
                    "recorded_at": at,
                    "cause_id": None,
                    "correlation_id": entry_id,
                    "payload": canonical_json(payload),
                }
            )
        with self.db.write() as tx:
            tx.execute(sa.insert(rows), written)


def measured(engine: str, writer: Log | Plain, start: int, count: int, batch: int) -> Measure:
    began = time.perf_counter()
    for at in range(start, start + count, batch):
        writer.write(at, min(batch, start + count - at))
    spent = time.perf_counter() - began
    return told(Measure(engine, writer.what, batch, start, count, round(count / spent, 1)))


def told(measure: Measure) -> Measure:
    print(
        f"{measure.engine:<12}{measure.what:<16}{measure.per_transaction:>8}{measure.at:>11,}{measure.rows:>10,}"
        f"{measure.per_s:>12,.0f}",
        flush=True,
    )
    return measure


def once(engine: str, what: str, size: int, count: int, action: Callable[[], object]) -> Measure:
    began = time.perf_counter()
    action()
    return told(Measure(engine, what, 0, size, count, round(count / (time.perf_counter() - began), 1)))


def engine_measures(engine: str, db: Database, total: int, singles: int) -> Iterator[Measure]:
    with db.write() as tx:
        metadata.create_all(tx.connection, [table for table in metadata.sorted_tables if table.name.startswith("log_")])
        rows.metadata.create_all(tx.connection)
    log, plain = Log(db), Plain(db)
    step = max(1, min(100_000, total))
    for start in range(0, total, step):
        yield measured(engine, log, start, min(step, total - start), BATCH)
        yield measured(engine, plain, start, min(step, total - start), BATCH)
    yield measured(engine, log, total, singles, 1)
    yield measured(engine, plain, total, singles, 1)
    yield from proofs(engine, db, log.log, total + singles)


def proofs(engine: str, db: Database, log: EventLog, size: int) -> Iterator[Measure]:
    """What is done with the log once it is long."""
    signer = Signer.generate("everlearn/benchmark")
    audit = Audit(db, log, Checkpoints(signer, SystemClock()), signer.verifier)
    yield once(engine, "checkpoint", size, 1, audit.checkpoint)
    with db.read() as tx:
        yield once(engine, "inclusion proof", size, 1, lambda: LogTree(tx).inclusion(size // 3 + 1, size))
    yield once(engine, "verify", size, size, audit.verify)


@contextmanager
def sqlite() -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        db = open_database(f"sqlite:///{folder}/log.db")
        yield db
        db.close()


@contextmanager
def postgresql(server: str) -> Iterator[Database]:
    name = f"everlearn_benchmark_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            db = open_database(server.rsplit("/", 1)[0] + "/" + name)
            yield db
            db.close()
        finally:
            admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def postgresql_server() -> str | None:
    server = os.environ.get("EVERLEARN_TEST_POSTGRESQL", "postgresql://127.0.0.1:5432/postgres")
    try:
        psycopg.connect(server, connect_timeout=2).close()
    except psycopg.OperationalError:
        return None
    return server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000, help="appended in batches, on each engine")
    parser.add_argument("--singles", type=int, default=2_000, help="then appended one by one")
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], help="only this one")
    parser.add_argument("--json", type=Path, help="also write the measures here")
    arguments = parser.parse_args()
    print(f"{'engine':<12}{'what':<16}{'per tx':>8}{'at row':>11}{'rows':>10}{'per s':>12}")
    measures: list[Measure] = []
    if arguments.engine != "postgresql":
        with sqlite() as db:
            measures += engine_measures("sqlite", db, arguments.events, arguments.singles)
    if arguments.engine != "sqlite":
        if server := postgresql_server():
            with postgresql(server) as db:
                measures += engine_measures("postgresql", db, arguments.events, arguments.singles)
        else:
            print("no PostgreSQL answers: measured on SQLite only")
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(each) for each in measures], indent=2))


if __name__ == "__main__":
    main()

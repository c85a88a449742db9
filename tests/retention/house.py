"""A project over MLflow's protocol, with everything that retention needs."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.tracking.protocol import Server, aliases_of

from everlearn.access.gate import OpenGate
from everlearn.app.events import CATALOGUE
from everlearn.blobs import BlobStore
from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock
from everlearn.db import Database, metadata
from everlearn.db.group import GroupWriter
from everlearn.eventlog import EventLog
from everlearn.jobs import JobQueue
from everlearn.registry import Catalogue
from everlearn.registry.mlflow import registry_routes
from everlearn.retention import HeldFolders, Retention
from everlearn.storage import Receipts
from everlearn.tracking import Experiments, Files, Journal, Models, Purges, Removals, Search, Tracking, Uploads
from everlearn.tracking.mlflow import removal_routes, tracking_routes
from everlearn.web.mlflow import mlflow_app
from everlearn.web.mlflow.links import Links

ADA = Actor("user:ada")


@dataclass(frozen=True)
class House:
    """A server, its retention, and its clock."""

    db: Database
    log: EventLog
    clock: ManualClock
    server: Server
    files: Files
    receipts: Receipts
    removals: Removals
    retention: Retention

    def run(self, *contents: bytes, status: str = "FINISHED", experiment: str = "0") -> str:
        """Log a run with files, and end it; a second passes."""
        run_id = self.server.run(experiment, start_time=round(self.clock.now().timestamp() * 1000))
        for number, content in enumerate(contents):
            self.files.write("default", f"{experiment}/{run_id}/artifacts/{number}.bin", [content])
        self.server.post("/mlflow/runs/log-metric", run_id=run_id, key="loss", value=0.5, timestamp=1, step=1)
        end = round(self.clock.now().timestamp() * 1000)
        self.server.post("/mlflow/runs/update", run_id=run_id, status=status, end_time=end)
        self.clock.at += timedelta(seconds=1)
        return run_id

    def delete(self, run_id: str) -> None:
        assert self.server.post("/mlflow/runs/delete", run_id=run_id).body == {}

    def pass_days(self, count: int) -> None:
        self.clock.at += timedelta(days=count)

    def contents(self) -> dict[str, str]:
        """Give every file of the tree with its digest."""
        with self.db.read() as tx:
            rows = tx.connection.exec_driver_sql("select path, digest from tracking_artifacts").all()
        return {row[0]: row[1] for row in rows}

    def everything(self) -> dict[str, list[Any]]:
        """Give every row of every table: to see that nothing changed."""
        with self.db.read() as tx:
            return {table.name: sorted(map(repr, tx.execute(table.select()))) for table in metadata.sorted_tables}

    def count(self, table: str) -> int:
        with self.db.read() as tx:
            return int(tx.connection.exec_driver_sql(f"select count(*) from {table}").scalar_one())  # noqa: S608


def house_of(db: Database, blobs: BlobStore, clock: ManualClock) -> House:
    log = EventLog(CATALOGUE, clock)
    receipts, experiments, files = Receipts(db, log, clock), Experiments(db, clock), Files(db, blobs, clock)
    removals = Removals(db, clock, receipts, experiments, HeldFolders())
    models, links = Models(db, log, clock), Links(b"a key of tests", clock)
    journal, tracking = Journal(db, GroupWriter(db), log, clock), Tracking(db, log, blobs, clock)
    catalogue = Catalogue(db, log, clock, tracking, models, aliases_of(db, log, blobs, clock))
    routes = (
        *tracking_routes(experiments, journal, files, Search(db), models, Uploads(db, blobs, clock), links),
        *removal_routes(removals),
        *registry_routes(catalogue, files),
    )
    return House(
        db=db,
        log=log,
        clock=clock,
        server=Server(mlflow_app(routes, OpenGate(), links)),
        files=files,
        receipts=receipts,
        removals=removals,
        retention=Retention(db, log, clock, JobQueue(clock), Purges(db, receipts)),
    )

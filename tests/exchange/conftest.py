"""An MLflow to come from, a platform to come to, and the protocol to look at it through."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.exchange.lived_in import lived_in
from tests.tracking.protocol import Server, server_of

from everlearn.app.events import CATALOGUE
from everlearn.blobs import open_blobs
from everlearn.core.actor import Actor
from everlearn.core.clock import SystemClock
from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.exchange import Exchange, Kind, Outcome
from everlearn.exchange.model import Progress
from everlearn.exchange.service import Wanted

ADA = Actor("user:ada")


def silent(_kind: Kind, _count: int) -> None:
    """Look at nothing."""


@dataclass(frozen=True)
class World:
    """Both sides."""

    exchange: Exchange
    server: Server
    db: Database
    log: EventLog
    folder: Path

    @property
    def uri(self) -> str:
        """Name the database to come from."""
        return f"sqlite:///{self.folder / 'mlflow.db'}"

    @property
    def files(self) -> Path:
        """Name the folder of its files."""
        return self.folder / "files"

    def wanted(self, **changed: Any) -> Wanted:
        """Ask for everything."""
        whole = {"uri": self.uri, "artifacts": [str(self.files)], "workspace": "default", "project": "default"}
        return Wanted(**whole | changed)

    def take_over(self, *, progress: Progress = silent, **changed: Any) -> Outcome:
        """Take everything over."""
        return self.exchange.take_over(self.wanted(**changed), actor=ADA, progress=progress)

    def hand_over(self, uri: str, *, progress: Progress = silent, project: str = "default") -> Outcome:
        """Write everything out, files to `out`."""
        return self.exchange.hand_over(project, uri, artifacts=self.folder / "out", actor=ADA, progress=progress)

    def log_size(self) -> int:
        """Count the entries of the log."""
        with self.db.read() as tx:
            return self.log.size(tx)


@pytest.fixture
def world(db: Database, tmp_path: Path) -> World:
    """A platform on each engine in turn; an MLflow on SQLite beside it."""
    return made(db, tmp_path)


@pytest.fixture
def small_world(sqlite_db: Database, tmp_path: Path) -> World:
    """The same on SQLite only, for what does not depend on the engine."""
    return made(sqlite_db, tmp_path)


def made(db: Database, folder: Path, release: str = "3.17") -> World:
    (folder / "files").mkdir()
    lived_in(f"sqlite:///{folder / 'mlflow.db'}", folder / "files", release).dispose()
    clock = SystemClock()
    log, blobs = EventLog(CATALOGUE, clock), open_blobs((folder / "blobs").as_uri())
    return World(Exchange(db, log, blobs, clock), server_of(db, log, blobs, clock), db, log, folder)

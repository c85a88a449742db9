"""Scorers: how answers are judged, as versions that clients write and read. Nothing of them is ever run here."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock
from everlearn.db import Database, Tx
from everlearn.eventlog import EventLog
from everlearn.tracing.events import ScorerDeleted, ScorerRegistered
from everlearn.tracing.model import ScorerNotFoundError
from everlearn.tracing.recording import active_experiment
from everlearn.tracing.store import scorers as store
from everlearn.tracing.store.scorers import ScorerRow
from everlearn.tracking.store import experiments as experiment_store
from everlearn.tracking.store.runs import milliseconds_of

MOST_LISTED = 10_000


@dataclass(frozen=True, slots=True)
class Scorers:
    """Every project's scorers, by experiment."""

    db: Database
    log: EventLog
    clock: Clock

    def register(self, project: str, experiment: int, name: str, body: str, *, actor: Actor) -> ScorerRow:
        """Add a version."""
        now = milliseconds_of(self.clock.now())
        with self.db.write() as tx:
            kept = active_experiment(tx, project, experiment, at_ms=now)
            no = store.ensure(tx, kept.no, name, id_=str(uuid4()))
            version = store.add_version(tx, no, body, at_ms=now)
            event = ScorerRegistered(project=project, experiment_id=str(experiment), scorer=name, version=version)
            self.log.append(tx, event, actor=actor, subject=f"scorer:{project}/{experiment}/{name}")
            return _scorer(tx, kept.no, experiment, name, version)

    def latest(self, project: str, experiments: Sequence[int]) -> list[ScorerRow]:
        """Give the newest version of each scorer of some experiments."""
        with self.db.read() as tx:
            return store.latest(tx, experiment_store.keys_of(tx, project, experiments), limit=MOST_LISTED)

    def versions(self, project: str, experiment: int, name: str) -> list[ScorerRow]:
        """Give the versions of a scorer, oldest first."""
        with self.db.read() as tx:
            found = store.versions(tx, self._key(tx, project, experiment), name, limit=MOST_LISTED)
        if not found:
            raise _not_found(experiment, name, None)
        return found

    def get(self, project: str, experiment: int, name: str, version: int | None) -> ScorerRow:
        """Give a version; None: the newest."""
        with self.db.read() as tx:
            return _scorer(tx, self._key(tx, project, experiment), experiment, name, version)

    def delete(self, project: str, experiment: int, name: str, version: int | None, *, actor: Actor) -> None:
        """Remove a version; None: all of them."""
        with self.db.write() as tx:
            found = _scorer(tx, self._key(tx, project, experiment), experiment, name, version)
            store.delete(tx, found.no, version)
            event = ScorerDeleted(project=project, experiment_id=str(experiment), scorer=name, version=version)
            self.log.append(tx, event, actor=actor, subject=f"scorer:{project}/{experiment}/{name}")

    def _key(self, tx: Tx, project: str, experiment: int) -> int:
        keys = experiment_store.keys_of(tx, project, [experiment])
        return keys[0] if keys else -1


def _scorer(tx: Tx, experiment_no: int, experiment: int, name: str, version: int | None) -> ScorerRow:
    found = store.find(tx, experiment_no, name, version)
    if found is None:
        raise _not_found(experiment, name, version)
    return found


def _not_found(experiment: int, name: str, version: int | None) -> ScorerNotFoundError:
    which = "" if version is None else f" and version {version}"
    return ScorerNotFoundError(f"Scorer with name '{name[:100]}'{which} not found for experiment {experiment}.")

"""Purging: for good, in short transactions, so that it can be killed and continued at any instant.

A deleted run is first made invisible (`purging`): from then on nobody can restore it, write to it or find it. Then its
files and measurements go in chunks, at last its row. The receipt is written when it is made invisible.
"""

from collections.abc import Callable
from dataclasses import dataclass

from everlearn.core.actor import Actor
from everlearn.db import Database, Tx
from everlearn.storage import Action, Deletion, Receipt, Receipts
from everlearn.tracking.model import Lifecycle
from everlearn.tracking.removal import weigh_folders
from everlearn.tracking.store import models as model_store
from everlearn.tracking.store import purging as store
from everlearn.tracking.store import runs as run_store
from everlearn.tracking.store.keys import number_keys
from everlearn.tracking.store.labels import TAGS

DROPPED_TAG = "everlearn.artifacts_dropped"
_AT_ONCE = 2_000  # rows


@dataclass(frozen=True, slots=True)
class Purges:
    """The steps of purging. Whoever calls them knows why."""

    db: Database
    receipts: Receipts

    def begin_run(self, tx: Tx, project: str, run_id: str, *, note: str, actor: Actor) -> Receipt | None:
        """Make a deleted run invisible for good; None when it is not deleted."""
        row = run_store.find(tx, run_id)
        if row is None or row.project != project or not store.begin_run(tx, row.no):
            return None
        return self._receipt(tx, project, f"run:{project}/{run_id}", Action.PURGED, row.artifact_root, note, actor)

    def begin_model(self, tx: Tx, project: str, model_id: str, *, note: str, actor: Actor) -> Receipt | None:
        """Write the receipt of a deleted logged model; None when there is none."""
        found = store.deleted_model(tx, project, model_id)
        if found is None:
            return None
        return self._receipt(tx, project, f"logged-model:{project}/{model_id}", Action.PURGED, found[1], note, actor)

    def begin_drop(self, tx: Tx, project: str, run_id: str, *, note: str, actor: Actor) -> Receipt | None:
        """Write the receipt of a run's files, and into the run that they went; None when it is not there."""
        row = run_store.find(tx, run_id)
        if row is None or row.project != project or row.lifecycle != Lifecycle.ACTIVE:
            return None
        root, subject = row.artifact_root, f"run:{project}/{run_id}"
        receipt = self._receipt(tx, project, subject, Action.ARTIFACTS_DROPPED, root, note, actor)
        numbers = number_keys(tx, [DROPPED_TAG])
        TAGS.put(tx, row.no, row.experiment_no, {numbers[DROPPED_TAG]: receipt.id})
        return receipt

    def finish_run(self, project: str, run_id: str, *, between: Callable[[], None]) -> None:
        """Remove a run whose purge has begun; `between` is called between short transactions."""
        with self.db.read() as tx:
            found = store.begun_run(tx, project, run_id)
        if found is None:
            return
        number, root = found
        self.drop_files(project, root, between=between)
        self._in_chunks(lambda tx: store.delete_points(tx, number, limit=_AT_ONCE), between)
        with self.db.write() as tx:
            store.delete_run(tx, number)

    def finish_model(self, project: str, model_id: str, *, between: Callable[[], None]) -> None:
        """Remove a deleted logged model."""
        with self.db.read() as tx:
            found = store.deleted_model(tx, project, model_id)
        if found is None:
            return
        self.drop_files(project, found[1], between=between)
        with self.db.write() as tx:
            model_store.delete(tx, found[0])

    def drop_files(self, project: str, folder: str, *, between: Callable[[], None]) -> None:
        """Remove every file below a folder."""
        self._in_chunks(lambda tx: store.delete_files(tx, project, folder, limit=_AT_ONCE), between)

    def _in_chunks(self, step: Callable[[Tx], bool], between: Callable[[], None]) -> None:
        is_more = True
        while is_more:
            between()
            with self.db.write() as tx:
                is_more = step(tx)

    def _receipt(
        self, tx: Tx, project: str, subject: str, action: Action, folder: str, note: str, actor: Actor
    ) -> Receipt:
        weight = weigh_folders(tx, project, [folder])[0]
        what = Deletion(project=project, subject=subject, action=action, weight=weight, note=note)
        return self.receipts.issue(tx, what, actor=actor)

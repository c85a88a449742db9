"""Deleting and bringing back, each with a receipt of what becomes of the bytes.

Runs, experiments and logged models are deleted so that they can come back until they are purged; their receipt says
what purging them would free, as of now. Files at a path are removed at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock
from everlearn.db import Database, Tx
from everlearn.storage import Action, Deletion, HeldError, Hold, Receipt, Receipts, Share, Weight, leaving
from everlearn.tracking.artifact_path import checked_artifact_path
from everlearn.tracking.experiments import Experiments
from everlearn.tracking.model import Lifecycle, ModelNotFoundError
from everlearn.tracking.ports import Protection
from everlearn.tracking.recording import run_not_found
from everlearn.tracking.store import artifacts as artifact_store
from everlearn.tracking.store import models as model_store
from everlearn.tracking.store import runs as run_store
from everlearn.tracking.store.runs import RunRow, milliseconds_of

_TABLE = "tracking_artifacts"
_AT_ONCE = 500  # rows


@dataclass(frozen=True, slots=True)
class Removals:
    """Deletes and restores; each answer is a receipt, which is an event in the log too."""

    db: Database
    clock: Clock
    receipts: Receipts
    experiments: Experiments
    protection: Protection

    def delete_run(self, project: str, run_id: str, *, actor: Actor) -> Receipt:
        """Delete a run; it can be restored until it is purged.

        Raises
        ------
        RunNotFoundError
            When the project has none of that id.
        """
        with self.db.read() as tx:
            weight, holds = self._weighed(tx, project, _run(tx, project, run_id).artifact_root)
        what = Deletion(
            project=project, subject=f"run:{project}/{run_id}", action=Action.DELETED, weight=weight, holds=holds
        )
        with self.db.write() as tx:
            run_store.set_lifecycle(tx, _run(tx, project, run_id).no, Lifecycle.DELETED, at_ms=self._now())
            return self.receipts.issue(tx, what, actor=actor)

    def restore_run(self, project: str, run_id: str, *, actor: Actor) -> Receipt:
        """Bring a deleted run back."""
        what = Deletion(project=project, subject=f"run:{project}/{run_id}", action=Action.RESTORED)
        with self.db.write() as tx:
            run_store.set_lifecycle(tx, _run(tx, project, run_id).no, Lifecycle.ACTIVE, at_ms=self._now())
            return self.receipts.issue(tx, what, actor=actor)

    def delete_experiment(self, project: str, number: int, *, actor: Actor) -> Receipt:
        """Delete an experiment with its runs; it can be restored with them."""
        subject = f"experiment:{project}/{number}"
        with self.db.read() as tx:
            weight, holds = self._weighed(tx, project, str(number))
        what = Deletion(project=project, subject=subject, action=Action.DELETED, weight=weight, holds=holds)
        with self.db.write() as tx:
            self.experiments.set_lifecycle_in(tx, project, number, Lifecycle.DELETED)
            return self.receipts.issue(tx, what, actor=actor)

    def restore_experiment(self, project: str, number: int, *, actor: Actor) -> Receipt:
        """Bring an experiment back with the runs that were deleted with it."""
        what = Deletion(project=project, subject=f"experiment:{project}/{number}", action=Action.RESTORED)
        with self.db.write() as tx:
            self.experiments.set_lifecycle_in(tx, project, number, Lifecycle.ACTIVE)
            return self.receipts.issue(tx, what, actor=actor)

    def delete_model(self, project: str, model_id: str, *, actor: Actor) -> Receipt:
        """Delete a logged model: nobody finds it any more; its files go when it is purged."""
        subject = f"logged-model:{project}/{model_id}"
        with self.db.write() as tx:
            row = model_store.find(tx, project, model_id)
            if row is None:
                raise ModelNotFoundError(f"Logged model with ID '{model_id[:80]}' not found.")
            weight, holds = self._weighed(tx, project, row.artifact_root)
            model_store.mark_deleted(tx, row.no, at_ms=self._now())
            what = Deletion(project=project, subject=subject, action=Action.DELETED, weight=weight, holds=holds)
            return self.receipts.issue(tx, what, actor=actor)

    def remove_files(self, project: str, path: str, *, actor: Actor) -> Receipt:
        """Remove a file, or a folder with all in it, at once and for good.

        Raises
        ------
        HeldError
            When a legal hold is on any of it.
        """
        checked_artifact_path(path)
        with self.db.write() as tx:
            weight, holds = self._weighed(tx, project, path)
            if holds:
                raise HeldError(
                    f"{path[:120]!r} is under a legal hold: {holds[0].reason}", holds=[hold.subject for hold in holds]
                )
            artifact_store.delete(tx, project, path)
            what = Deletion(project=project, subject=f"files:{project}/{path}", action=Action.REMOVED, weight=weight)
            return self.receipts.issue(tx, what, actor=actor)

    def _weighed(self, tx: Tx, project: str, folder: str) -> tuple[Weight, tuple[Hold, ...]]:
        return weigh_folders(tx, project, [folder])[0], self.protection.of_folder(tx, project, folder)

    def _now(self) -> int:
        return milliseconds_of(self.clock.now())


def weigh_folders(tx: Tx, project: str, folders: Sequence[str]) -> tuple[Weight, list[Share]]:
    """Tell what the files at some paths and below them weigh, together, and what each takes along in this order."""
    with leaving(tx, project, table=_TABLE) as files:
        for owner, folder in enumerate(folders):
            if (alone := artifact_store.find(tx, project, folder)) is not None:
                files.add([(alone.path, alone.digest, alone.size_bytes)], owner=owner)
            after: str | None = None
            while found := artifact_store.below(tx, project, folder, after=after, limit=_AT_ONCE):
                files.add(((one.path, one.digest, one.size_bytes) for one in found), owner=owner)
                after = found[-1].path
        weight, shares = files.weigh(), files.of_owners()
    return weight, [shares.get(owner, Share(0, 0, 0)) for owner in range(len(folders))]


def _run(tx: Tx, project: str, run_id: str) -> RunRow:
    found = run_store.find(tx, run_id)
    if found is None or found.project != project:
        raise run_not_found(run_id)
    return found

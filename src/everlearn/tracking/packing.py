"""Packing the files of one folder against those at the same paths of another: of a model and its successor."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from everlearn.db import Database
from everlearn.storage import Packing
from everlearn.tracking.files import Files
from everlearn.tracking.model import ArtifactNotFoundError
from everlearn.tracking.store import models as store


@dataclass(frozen=True, slots=True)
class ModelPacking:
    """Packs logged models that have a successor."""

    db: Database
    files: Files
    packing: Packing

    def pack_predecessor(self, project: str, model_id: str, *, heartbeat: Callable[[], None]) -> None:
        """Pack the model of the same name and experiment that was ready before this one, if there is one."""
        with self.db.read() as tx:
            model = store.find(tx, project, model_id)
            before = None if model is None else store.ready_before(tx, model)
        if model is not None and before is not None:
            self.pack_folder(project, before.artifact_root, model.artifact_root, heartbeat=heartbeat)

    def pack_folder(self, project: str, older: str, newer: str, *, heartbeat: Callable[[], None]) -> None:
        """Pack each file of a folder against the file at the same path of another; may be done again."""
        for artifact in self.files.below(project, older):
            heartbeat()
            with suppress(ArtifactNotFoundError):  # the successor has no such file
                successor = self.files.find(project, newer + artifact.path.removeprefix(older))
                self.packing.pack(artifact.digest, successor.digest)

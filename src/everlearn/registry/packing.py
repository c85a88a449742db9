"""Old versions of registered models: packing them against their successors, and what all versions take."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from everlearn.blobs import BlobStore
from everlearn.core.digest import Digest
from everlearn.core.page import Page, checked_limit, page_of
from everlearn.db import Database
from everlearn.registry.catalogue import Catalogue
from everlearn.registry.store import catalogue as store
from everlearn.registry.store import versions
from everlearn.storage import Packing
from everlearn.tracking import Files
from everlearn.tracking.packing import ModelPacking

_AT_ONCE = 500  # versions
_OURS = "mlflow-artifacts:/"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUsage:
    """What the versions of a model take."""

    model: str
    versions: int
    files: int  # in all versions together
    full_bytes: int  # if each version were kept with a full copy of each of its files
    stored_bytes: int  # what lies in the blob store, each blob once
    ratio: float  # stored to full; 1 when there is nothing


@dataclass(frozen=True, slots=True)
class VersionPacking:
    """Packs versions that have a successor."""

    db: Database
    blobs: BlobStore
    catalogue: Catalogue
    files: Files
    packing: Packing

    def of_models(self) -> ModelPacking:
        """Give what packs logged models, whether or not they are registered."""
        return ModelPacking(self.db, self.files, self.packing)

    def pack_predecessor(self, project: str, model: str, number: int, *, heartbeat: Callable[[], None]) -> None:
        """Pack the files of the version before this one against the files at the same paths of this one."""
        with self.db.read() as tx:
            before = store.number_before(tx, project, model, number)
        if before is None:
            return
        successors = self.files_of(project, model, number)
        for path, digest in self.files_of(project, model, before).items():
            heartbeat()
            if path in successors:
                self.packing.pack(digest, successors[path])

    def usage(self, project: str, *, after: str | None = None, limit: int = 100) -> Page[ModelUsage]:
        """Tell what each model takes, by name. Asks the blob store about every file, so it takes its time."""
        with self.db.read() as tx:
            found = versions.list_models(tx, project, after=after, limit=checked_limit(limit) + 1)
        page = page_of(found, limit=limit, key=lambda model: model.name)
        return Page(items=[self.usage_of(project, model.name) for model in page.items], next=page.next)

    def usage_of(self, project: str, model: str) -> ModelUsage:
        """Tell what one model takes."""
        count, files, full = 0, 0, 0
        sizes: dict[Digest, int] = {}
        for number in self._numbers(project, model):
            count += 1
            for digest in self.files_of(project, model, number).values():
                sizes.setdefault(digest, self.blobs.size_bytes(digest))
                files, full = files + 1, full + sizes[digest]
        stored = sum(map(self.blobs.stored_bytes, sizes))
        return ModelUsage(
            model=model,
            versions=count,
            files=files,
            full_bytes=full,
            stored_bytes=stored,
            ratio=stored / full if full else 1.0,
        )

    def files_of(self, project: str, model: str, number: int) -> dict[str, Digest]:
        """Give the files of a version by their path in it; of one kept elsewhere only what we keep of it."""
        found: dict[str, Digest] = {}
        place = self.catalogue.files_of(project, model, number)
        if place.startswith(_OURS):
            root = place.removeprefix(_OURS).strip("/")
            for artifact in self.files.below(project, root):
                found[artifact.path.removeprefix(root)] = artifact.digest
        with self.db.read() as tx:
            version = versions.find_version(tx, project, model, number)
        if version is not None and version.model_digest not in found.values():
            found["model"] = version.model_digest
        return found

    def _numbers(self, project: str, model: str) -> Iterator[int]:
        after = 0
        while True:
            with self.db.read() as tx:
                numbers = store.numbers_after(tx, project, model, after, limit=_AT_ONCE)
            yield from numbers
            if len(numbers) < _AT_ONCE:
                return
            after = numbers[-1]

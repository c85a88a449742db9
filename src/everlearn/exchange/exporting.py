"""Writing a project into an MLflow database and its files into a folder that `mlflow server` serves."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from everlearn.blobs import BlobNotFoundError, BlobStore
from everlearn.core.ids import new_id
from everlearn.db import Database
from everlearn.exchange.comparing import Folder, has_same_points
from everlearn.exchange.mlflow.writer import MlflowWriter
from everlearn.exchange.model import Kind, NotEmptyError, Progress
from everlearn.exchange.sides import MlflowSide, OurSide
from everlearn.exchange.steps import Step, parcels
from everlearn.registry.sources import model_of_source
from everlearn.tracking import Artifact
from everlearn.tracking.facts import RunFacts
from everlearn.tracking.handover import files
from everlearn.tracking.model import DEFAULT_EXPERIMENT

_LONGEST_RUN_ID = 32  # characters, in MLflow's tables
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class FilesExport:
    """A project's files, and the folder that they go to."""

    db: Database
    blobs: BlobStore
    project: str
    folder: Path | None  # None: no files
    progress: Progress
    not_found: list[str] = field(default_factory=list)

    def run(self) -> int:
        """Write every file that is not there; give how many were written."""
        written = 0
        for artifact in self._files():
            if self._size(artifact.path) != artifact.size_bytes:
                written += self._write(artifact)
            self.progress(Kind.FILES, 1)
        return written

    def folders(self) -> Iterator[Folder]:
        """Give the sizes of the files on both sides, some at a time."""
        part: dict[str, int] = {}
        for artifact in self._files():
            part[artifact.path] = artifact.size_bytes
            if len(part) == _AT_ONCE:
                yield self._compared(part)
                part = {}
        yield self._compared(part)

    def _compared(self, part: dict[str, int]) -> Folder:
        return "files", part, {path: size for path in part if (size := self._size(path)) is not None}

    def _files(self) -> Iterable[Artifact]:
        return files(self.db, self.project) if self.folder is not None else ()

    def _size(self, path: str) -> int | None:
        file = self._place(path)
        return file.stat().st_size if file.is_file() else None

    def _write(self, artifact: Artifact) -> int:
        file = self._place(artifact.path)
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(new_id("draft"))
        try:
            with draft.open("wb") as out:
                for chunk in self.blobs.stream(artifact.digest):
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            draft.replace(file)
        except BlobNotFoundError as error:
            self.not_found.append(f"{artifact.path}: {error.message}")
            return 0
        finally:
            draft.unlink(missing_ok=True)
        return 1

    def _place(self, path: str) -> Path:
        assert self.folder is not None  # noqa: S101  # else there are no files
        return self.folder / path


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One export on its way."""

    source: OurSide
    target: MlflowSide
    writer: MlflowWriter
    files: FilesExport
    progress: Progress
    numbers: dict[str, int] = field(default_factory=dict)  # of experiments, by name
    joined: set[str] = field(default_factory=set)  # experiments that MLflow had made itself
    conflicts: list[str] = field(default_factory=list)

    def run(self) -> Counter[Kind]:
        """Write everything; give how many rows of each kind were new."""
        self.joined.update(facts.name for facts in self.target.experiments() if facts.name == DEFAULT_EXPERIMENT)
        added: Counter[Kind] = Counter()
        for steps in (self._experiments(), self._runs(), self._logged_models(), self._registry()):
            for parcel in parcels(steps):
                with self.writer.begin() as tx:
                    for step in parcel:
                        step.work(tx)
                for step in parcel:
                    added[step.kind] += step.rows
        with self.writer.begin() as tx:
            self.writer.free_ids(tx)
        if written := self.files.run():
            added[Kind.FILES] = written
        return added

    def _experiments(self) -> Iterator[Step]:
        known = {facts.name for facts in self.target.experiments()}
        for facts in self.source.experiments():
            self.numbers[facts.name] = facts.id
            if facts.name not in known:
                yield Step(Kind.EXPERIMENTS, 1, partial(self.writer.experiment, facts=facts))
            self.progress(Kind.EXPERIMENTS, 1)

    def _runs(self) -> Iterator[Step]:
        for page in self.source.run_pages():
            known = self.target.runs_of([facts.id for facts in page])
            for facts in page:
                if len(facts.id) > _LONGEST_RUN_ID:
                    self.conflicts.append(f"run {facts.id} stays: MLflow's ids have {_LONGEST_RUN_ID} characters")
                elif facts.id not in known or not has_same_points(self.source, self.target, facts.id):
                    yield from self._run(facts)
                self.progress(Kind.RUNS, 1)

    def _run(self, facts: RunFacts) -> Iterator[Step]:
        yield Step(Kind.RUNS, 1, partial(self.writer.run, facts=facts, experiment_id=self.numbers[facts.experiment]))
        for page in self.source.points_of(facts.id):
            yield Step(Kind.POINTS, len(page), partial(self.writer.points, run_id=facts.id, points=page))
            self.progress(Kind.POINTS, len(page))

    def _logged_models(self) -> Iterator[Step]:
        for facts in self.source.models():
            if not self.target.models_of([facts.id]):
                number = self.numbers[facts.experiment]
                yield Step(Kind.LOGGED_MODELS, 1, partial(self.writer.logged_model, facts=facts, experiment_id=number))
            self.progress(Kind.LOGGED_MODELS, 1)

    def _registry(self) -> Iterator[Step]:
        known = {facts.name: facts for facts in self.target.registered_models()}
        for model in self.source.registered_models():
            if model.name not in known:
                yield Step(Kind.MODELS, 1, partial(self.writer.registered_model, facts=model))
            numbers = {facts.number for facts in self.target.versions(model.name)}
            for version in self.source.versions(model.name):
                if version.number not in numbers:
                    place = self._place(version.source)
                    yield Step(Kind.VERSIONS, 1, partial(self.writer.version, facts=version, files=place))
                self.progress(Kind.VERSIONS, 1)
            if model.aliases and (model.name not in known or known[model.name].aliases != model.aliases):
                yield Step(Kind.ALIASES, len(model.aliases), partial(self.writer.aliases, facts=model))

    def _place(self, source: str) -> str:
        """Give where the files of a source are, as MLflow notes it beside the source."""
        logged = self.source.models_of([model_id]) if (model_id := model_of_source(source)) else {}
        return next((f"mlflow-artifacts:/{facts.location}" for facts in logged.values()), source)


def check_empty(source: OurSide, target: MlflowSide, address: str) -> None:
    """Refuse a database that holds something else than this project (an export that was cut short may go on).

    Raises
    ------
    NotEmptyError
        When it does; names the first thing.
    """
    ours = {facts.name: facts.id for facts in source.experiments()}
    for facts in target.experiments():
        if facts.name != DEFAULT_EXPERIMENT and ours.get(facts.name) != facts.id:
            raise _not_empty(address, f"an experiment {facts.name!r} with the id {facts.id}")
    for page in target.run_pages():
        known = source.runs_of([facts.id for facts in page])
        for run in page:
            if run.id not in known:
                raise _not_empty(address, f"a run {run.id}")
    models = {facts.name for facts in source.registered_models()}
    for model in target.registered_models():
        if model.name not in models:
            raise _not_empty(address, f"a registered model {model.name!r}")


def _not_empty(address: str, what: str) -> NotEmptyError:
    return NotEmptyError(f"{address} is not empty: it has {what}, which is not of this project; give an empty database")

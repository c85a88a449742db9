"""Planning, taking over, handing over."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from everlearn.blobs import BlobStore
from everlearn.core.actor import Actor
from everlearn.core.clock import Clock
from everlearn.core.names import checked_name
from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.exchange.comparing import Sides
from everlearn.exchange.events import HandedOver, TakenOver
from everlearn.exchange.exporting import Export, FilesExport, check_empty
from everlearn.exchange.files import FilesImport
from everlearn.exchange.importing import Import
from everlearn.exchange.mlflow.counts import counts, left_out
from everlearn.exchange.mlflow.database import MlflowDatabase, open_source, open_target
from everlearn.exchange.mlflow.writer import MlflowWriter
from everlearn.exchange.model import Kind, Outcome, Plan, Progress
from everlearn.exchange.places import named_places
from everlearn.exchange.sides import MlflowSide, OurSide, mlflow_side
from everlearn.tracing.counting import counts as traced
from everlearn.webhooks.store import count_in

_EXCHANGES = 1_000  # of one project, that are looked through in the log


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to take over."""

    uri: str  # of MLflow's database
    artifacts: Sequence[str] | None  # FOLDER or OLD=FOLDER; None: no files
    workspace: str
    project: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """Coming from MLflow and leaving to it."""

    db: Database
    log: EventLog
    blobs: BlobStore
    clock: Clock

    def plan(self, wanted: Wanted, *, progress: Progress) -> Plan:
        """Tell what would be taken over; changes nothing."""
        places = None if wanted.artifacts is None else named_places(wanted.artifacts)
        with _source(wanted.uri) as source:
            side = mlflow_side(source, wanted.workspace)
            files = FilesImport(
                db=self.db, blobs=self.blobs, clock=self.clock, project=wanted.project, places=places, progress=progress
            )
            count = size = 0
            for owner, location in _locations(side):
                _, there, _ = files.sizes(owner, location, "")
                count, size = count + len(there), size + sum(there.values())
                progress(Kind.FILES, len(there))
            return Plan(
                project=wanted.project,
                database=source.address,
                revision=source.revision,
                counts=_named({**counts(source, wanted.workspace), Kind.FILES: count}),
                size_bytes=size,
                left_out=left_out(source, wanted.workspace),
                conflicts=list(self._conflicts(side, wanted.project)),
                not_found=list(files.not_found),
            )

    def take_over(self, wanted: Wanted, *, actor: Actor, progress: Progress) -> Outcome:
        """Take everything over that is not here yet, then compare both sides.

        Can be killed at any instant and begun again; when everything is here, nothing changes.
        """
        checked_name(wanted.project, kind="project")
        began = time.monotonic()
        places = None if wanted.artifacts is None else named_places(wanted.artifacts)
        with _source(wanted.uri) as source:
            side, here = mlflow_side(source, wanted.workspace), OurSide(self.db, wanted.project)
            files = FilesImport(
                db=self.db, blobs=self.blobs, clock=self.clock, project=wanted.project, places=places, progress=progress
            )
            going = Import(
                db=self.db,
                clock=self.clock,
                source=side,
                target=here,
                files=files,
                database=source.address,
                actor=actor,
                progress=progress,
            )
            added = going.run()
            sides = Sides(side, here, going.joined, progress)
            found = sides.compare(going.folders(), counted=counts(source, wanted.workspace))
            outcome = Outcome(
                project=wanted.project,
                database=source.address,
                revision=source.revision,
                added=_named(added),
                comparison=found,
                left_out=left_out(source, wanted.workspace),
                conflicts=going.conflicts,
                not_found=list(files.not_found),
                seconds=time.monotonic() - began,
            )
        self._announce(TakenOver, outcome, actor)
        return outcome

    def hand_over(self, project: str, uri: str, *, artifacts: Path | None, actor: Actor, progress: Progress) -> Outcome:
        """Write a project into an empty MLflow database (and its files into a folder), then compare both sides.

        Can be killed at any instant and begun again.
        """
        checked_name(project, kind="project")
        began = time.monotonic()
        target = open_target(uri)
        try:
            here, side = OurSide(self.db, project), mlflow_side(target)
            check_empty(here, side, target.address)
            going = Export(
                source=here,
                target=side,
                writer=MlflowWriter(target),
                files=FilesExport(self.db, self.blobs, project, artifacts, progress),
                progress=progress,
            )
            added = going.run()
            found = Sides(here, side, going.joined, progress).compare(going.files.folders(), counted={})
            outcome = Outcome(
                project=project,
                database=target.address,
                revision=target.revision,
                added=_named(added),
                comparison=found,
                left_out=self._staying(project),
                conflicts=[*going.conflicts, *going.writer.shortened],
                not_found=going.files.not_found,
                seconds=time.monotonic() - began,
            )
        finally:
            target.close()
        self._announce(HandedOver, outcome, actor)
        return outcome

    def _conflicts(self, side: MlflowSide, project: str) -> Iterator[str]:
        here = {facts.name: facts for facts in OurSide(self.db, project).experiments()}
        taken = {facts.id for facts in here.values()}
        for facts in side.experiments():
            if facts.name in here:
                yield f"experiment {facts.name!r} is here already: its runs join those that are here"
            elif facts.id in taken:
                yield f"experiment {facts.name!r} gets another id, {facts.id} being taken"
        models = {facts.name for facts in OurSide(self.db, project).registered_models()}
        for model in side.registered_models():
            if model.name in models:
                yield f"registered model {model.name!r} is here already: versions join under free numbers"

    def _staying(self, project: str) -> dict[str, int]:
        """Count what a project has that is not written out."""
        with self.db.read() as tx:
            found = traced(tx, project) | {"webhooks": count_in(tx, project)}
        return {words: count for words, count in found.items() if count}

    def _announce(self, kind: type[TakenOver | HandedOver], outcome: Outcome, actor: Actor) -> None:
        """Write the exchange into the log, unless nothing was to be done and it stands there already."""
        subject = f"project:{outcome.project}"
        event = kind(
            project=outcome.project,
            database=outcome.database,
            schema_revision=outcome.revision,
            added=outcome.added,
            is_complete=outcome.is_complete,
        )
        with self.db.write() as tx:
            known = self.log.about(tx, subject, limit=_EXCHANGES, names=[kind.name])
            if outcome.added or not any(getattr(one.event, "database", "") == outcome.database for one in known):
                self.log.append(tx, event, actor=actor, subject=subject)


@contextmanager
def _source(uri: str) -> Iterator[MlflowDatabase]:
    source = open_source(uri)
    try:
        yield source
    finally:
        source.close()


def _locations(side: MlflowSide) -> Iterator[tuple[str, str]]:
    for page in side.run_pages():
        for facts in page:
            yield f"run {facts.id}", facts.location
    for model in side.models():
        yield f"model {model.id}", model.location


def _named(found: Mapping[Kind, int]) -> dict[str, int]:
    return {kind.value: count for kind in Kind if (count := found.get(kind, 0))}

"""The registry as mlflow's clients know it: any model under a name, with versions, tags, stages and aliases.

The catalogue and the stricter registry beside it are one: a model's versions have one row of numbers and one set of
aliases, and what may be deployed stands in both. Stages are kept for clients that still use them; they decide nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock
from everlearn.core.errors import InvalidError
from everlearn.core.page import Page, checked_limit, page_of
from everlearn.core.search import MODEL_VERSIONS, REGISTERED_MODELS, parse_filter, parse_order
from everlearn.core.search.page_token import read_token, written_token
from everlearn.core.subjects import model_subject
from everlearn.db import Database, Tx
from everlearn.eventlog import EventLog
from everlearn.registry.aliases import Aliases, Wish
from everlearn.registry.events import ModelCreated, ModelDeleted, TagDeleted, TagSet, VersionCatalogued
from everlearn.registry.model import (
    AliasNotFoundError,
    BadSourceError,
    ModelExistsError,
    ModelNotFoundError,
    OnRecordError,
    VersionNotFoundError,
)
from everlearn.registry.sources import checked_source, model_of_source, run_of_source, version_of_source
from everlearn.registry.store import catalogue as store
from everlearn.registry.store import catalogue_search, moves, versions
from everlearn.registry.store.catalogue import CatalogueRow, ModelRow
from everlearn.storage import Action, Deletion, Receipt, Receipts
from everlearn.tracking import Models, RunNotFoundError, Tracking, note_version


class ModelRecord(NamedTuple):
    """A model with what belongs to it."""

    model: ModelRow
    tags: Mapping[str, str]
    aliases: Mapping[str, int]
    latest: Sequence["VersionRecord"]  # the newest version in each stage


class VersionRecord(NamedTuple):
    """A version with what belongs to it."""

    version: CatalogueRow
    tags: Mapping[str, str]
    aliases: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """A version to be registered."""

    model: str
    source: str
    run_id: str
    run_link: str
    model_id: str
    description: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A search as it comes in."""

    filter: str | None
    order_by: Sequence[str]
    limit: int
    token: str | None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Models and versions by name and number."""

    db: Database
    log: EventLog
    clock: Clock
    tracking: Tracking
    models: Models
    aliases: Aliases

    def create(
        self, project: str, name: str, *, description: str, tags: Mapping[str, str], actor: Actor
    ) -> ModelRecord:
        """Make a model without versions.

        Raises
        ------
        ModelExistsError
            When the name is taken.
        """
        with self.db.write() as tx:
            if not store.insert_model(tx, project, name, description, at=self.clock.now()):
                raise ModelExistsError(f"Registered Model (name={name[:80]}) already exists.")
            for key, value in tags.items():
                store.put_tag(tx, project, name, None, key, value)
            event = ModelCreated(project=project, model=name, tags=tags, description=description)
            self.log.append(tx, event, actor=actor, subject=model_subject(project, name))
            return _model_record(tx, _known_model(tx, project, name))

    def get(self, project: str, name: str) -> ModelRecord:
        """Give one model."""
        with self.db.read() as tx:
            return _model_record(tx, _known_model(tx, project, name))

    def describe(self, project: str, name: str, description: str) -> ModelRecord:
        """Describe a model anew."""
        with self.db.write() as tx:
            _known_model(tx, project, name)
            store.update_model(tx, project, name, at=self.clock.now(), description=description)
            return _model_record(tx, _known_model(tx, project, name))

    def rename(self, project: str, name: str, wanted: str) -> ModelRecord:
        """Give a model another name; one on record keeps its own."""
        with self.db.write() as tx:
            before = _known_model(tx, project, name)
            if store.find_model(tx, project, wanted) is not None:
                raise ModelExistsError(f"Registered Model (name={wanted[:80]}) already exists.")
            _check_off_record(tx, project, name)
            store.rename(tx, before, wanted, at=self.clock.now())
            return _model_record(tx, _known_model(tx, project, wanted))

    def delete(self, project: str, name: str, *, actor: Actor) -> Receipt:
        """Remove a model with its versions, unless they are on record or under a legal hold."""
        with self.db.write() as tx:
            _known_model(tx, project, name)
            versions.lock_model(tx, project, name)
            _check_off_record(tx, project, name)
            self.receipts.check_free(tx, project, model_subject(project, name))
            self._take_aliases(tx, project, name, None, actor=actor)
            store.delete_model(tx, project, name)
            event = ModelDeleted(project=project, model=name, version=None)
            self.log.append(tx, event, actor=actor, subject=model_subject(project, name))
            return self._receipt(tx, project, model_subject(project, name), actor)

    def search(self, project: str, asked: Asked) -> tuple[Sequence[ModelRecord], str | None]:
        """Give a page of the models of a project."""
        clauses = parse_filter(asked.filter, REGISTERED_MODELS)
        orders = parse_order(asked.order_by, REGISTERED_MODELS)
        with self.db.read() as tx:
            last = None if asked.token is None else read_token(asked.token)
            hits = catalogue_search.models(tx, project, clauses, orders, last=last, limit=asked.limit + 1)
            page = hits[: asked.limit]
            found = [_model_record(tx, row) for row, _ in page]
        return found, written_token(page[-1][1]) if len(hits) > asked.limit else None

    def add(self, project: str, new: NewEntry, *, actor: Actor) -> VersionRecord:
        """Register a version under the next number.

        Raises
        ------
        BadSourceError
            When the source is none, or is of another run or project.
        """
        checked_source(new.source)
        new = self._with_origin(project, new)
        now = self.clock.now()
        with self.db.write() as tx:
            _known_model(tx, project, new.model)
            newest = versions.lock_model(tx, project, new.model) or 0
            row = CatalogueRow(
                project=project,
                model=new.model,
                number=newest + 1,
                source=new.source,
                run_id=new.run_id,
                run_link=new.run_link,
                model_id=new.model_id,
                description=new.description,
                stage="None",
                created_at=now,
                updated_at=now,
                registered_by=actor,
            )
            store.insert_entry(tx, row)
            for key, value in new.tags.items():
                store.put_tag(tx, project, new.model, row.number, key, value)
            event = VersionCatalogued(
                project=project,
                model=new.model,
                version=row.number,
                source=new.source,
                run_id=new.run_id,
                tags=new.tags,
                description=new.description,
            )
            self.log.append(tx, event, actor=actor, subject=model_subject(project, new.model))
            if new.model_id:
                note_version(tx, project, new.model_id, new.model, row.number, at=now)
            return _version_record(tx, row)

    def is_on_record(self, project: str, name: str, number: int) -> bool:
        """Tell whether a version was checked and may be deployed; raises VersionNotFoundError."""
        with self.db.read() as tx:
            _known_version(tx, project, name, number)
            return store.is_on_record(tx, project, name, number)

    def version(self, project: str, name: str, number: int) -> VersionRecord:
        """Give one version."""
        with self.db.read() as tx:
            return _version_record(tx, _known_version(tx, project, name, number))

    def versions(self, project: str, name: str, *, after: str | None = None, limit: int = 100) -> Page[VersionRecord]:
        """List the versions of a model, newest first."""
        size = checked_limit(limit)
        if after is not None and not (after.isascii() and after.isdecimal() and len(after) < 10):
            raise InvalidError(f"not a key of this list: {after[:80]!r}; send `next` of the page before")
        with self.db.read() as tx:
            _known_model(tx, project, name)
            rows = store.list_entries(tx, project, name, below=int(after) if after else None, limit=size + 1)
            page = page_of(rows, limit=size, key=lambda row: str(row.number))
            return Page(items=_version_records(tx, project, page.items), next=page.next)

    def describe_version(self, project: str, name: str, number: int, description: str) -> VersionRecord:
        """Describe a version anew."""
        with self.db.write() as tx:
            row = _known_version(tx, project, name, number)
            store.update_entry(tx, row, at=self.clock.now(), description=description)
            return _version_record(tx, _known_version(tx, project, name, number))

    def delete_version(self, project: str, name: str, number: int, *, actor: Actor) -> Receipt:
        """Remove a version, unless it is on record or under a legal hold; its number is not given again."""
        with self.db.write() as tx:
            _known_version(tx, project, name, number)
            versions.lock_model(tx, project, name)
            _check_off_record(tx, project, name, number)
            self.receipts.check_free(tx, project, model_subject(project, name))
            self._take_aliases(tx, project, name, number, actor=actor)
            store.delete_entry(tx, project, name, number)
            store.update_model(tx, project, name, at=self.clock.now())
            event = ModelDeleted(project=project, model=name, version=number)
            self.log.append(tx, event, actor=actor, subject=model_subject(project, name))
            return self._receipt(tx, project, f"version:{project}/{name}/{number}", actor)

    @property
    def receipts(self) -> Receipts:
        """What deleting is written down in."""
        return Receipts(self.db, self.log, self.clock)

    def _receipt(self, tx: Tx, project: str, subject: str, actor: Actor) -> Receipt:
        note = "its files belong to the run or logged model that it was made of, and stay with that"
        what = Deletion(project=project, subject=subject, action=Action.REMOVED, note=note)
        return self.receipts.issue(tx, what, actor=actor)

    def move_stage(self, project: str, name: str, number: int, stage: str, *, archive: bool) -> VersionRecord:
        """Write down the stage that a client gives a version."""
        now = self.clock.now()
        with self.db.write() as tx:
            row = _known_version(tx, project, name, number)
            store.update_entry(tx, row, at=now, stage=stage)
            moved = _known_version(tx, project, name, number)
            if archive:
                store.archive_others(tx, moved, at=now)
            store.update_model(tx, project, name, at=now)
            return _version_record(tx, moved)

    def latest(self, project: str, name: str, stages: Sequence[str]) -> Sequence[VersionRecord]:
        """Give the newest version in each of these stages (none: in every stage)."""
        with self.db.read() as tx:
            _known_model(tx, project, name)
            rows = store.newest_by_stage(tx, project, name)
            return [_version_record(tx, row) for row in rows if not stages or row.stage in stages]

    def search_versions(self, project: str, asked: Asked) -> tuple[Sequence[VersionRecord], str | None]:
        """Give a page of the versions of a project's models."""
        clauses = parse_filter(asked.filter, MODEL_VERSIONS)
        orders = parse_order(asked.order_by, MODEL_VERSIONS)
        with self.db.read() as tx:
            last = None if asked.token is None else read_token(asked.token)
            hits = catalogue_search.versions(tx, project, clauses, orders, last=last, limit=asked.limit + 1)
            page = hits[: asked.limit]
            found = _version_records(tx, project, [row for row, _ in page])
        return found, written_token(page[-1][1]) if len(hits) > asked.limit else None

    def put_tag(  # a tag is of what, and which
        self, project: str, name: str, number: int | None, key: str, value: str, *, actor: Actor
    ) -> None:
        """Set a tag of a version, or (None) of the model."""
        with self.db.write() as tx:
            _known(tx, project, name, number)
            store.put_tag(tx, project, name, number, key, value)
            event = TagSet(project=project, model=name, version=number, key=key, value=value)
            self.log.append(tx, event, actor=actor, subject=model_subject(project, name))

    def delete_tag(self, project: str, name: str, number: int | None, key: str, *, actor: Actor) -> None:
        """Take a tag away; one that is not there is no error."""
        with self.db.write() as tx:
            _known(tx, project, name, number)
            if store.delete_tag(tx, project, name, number, key):
                event = TagDeleted(project=project, model=name, version=number, key=key)
                self.log.append(tx, event, actor=actor, subject=model_subject(project, name))

    def files_of(self, project: str, name: str, number: int) -> str:
        """Tell where the files of a version are; what is elsewhere, as it was registered."""
        source = self._original(project, name, number)
        if (named := run_of_source(source)) and self._has_run(project, named[0]):
            root = self.tracking.run_of(project, named[0]).artifact_root
            return f"mlflow-artifacts:/{root}/{named[1]}".rstrip("/")
        if model_id := model_of_source(source):
            return f"mlflow-artifacts:/{self.models.get(project, model_id).model.artifact_root}"
        return source

    def _original(self, project: str, name: str, number: int) -> str:
        """Follow a copy of a version to what it was copied from."""
        source, seen = self.version(project, name, number).version.source, {(name, number)}
        while (copied := version_of_source(source)) is not None and copied not in seen:
            seen.add(copied)
            with self.db.read() as tx:
                found = store.find_entry(tx, project, *copied)
            if found is None:
                break
            source = found.source
        return source

    def by_alias(self, project: str, name: str, alias: str) -> VersionRecord:
        """Give the version that an alias names."""
        with self.db.read() as tx:
            _known_model(tx, project, name)
            number = moves.find_alias(tx, project, name, alias)
            if number is None:
                raise AliasNotFoundError(f"Registered model alias {alias[:80]} not found.")
            return _version_record(tx, _known_version(tx, project, name, number))

    def _take_aliases(self, tx: Tx, project: str, name: str, number: int | None, *, actor: Actor) -> None:
        """Take away what names a version (None: any version) that is about to go.

        Raises
        ------
        ContractUnmetError
            When one of them carries a contract that keeps it.
        """
        why = f"version {number} was removed" if number else "the model was removed"
        for alias, named in store.aliases_of(tx, project, name).items():
            if number in {None, named}:
                wish = Wish(project=project, model=name, alias=alias, number=None, reason=why, actor=actor, role=None)
                self.aliases.take_away(tx, wish)

    def _has_run(self, project: str, run_id: str) -> bool:
        try:
            self.tracking.run_of(project, run_id)
        except RunNotFoundError:
            return False
        return True

    def _with_origin(self, project: str, new: NewEntry) -> NewEntry:
        """Fill in the logged model and the run that the source names.

        A run that is not here is taken at the client's word (it may be another server's); one that is here must be
        the one that the source names.
        """
        model_id = new.model_id or model_of_source(new.source)
        logged = self.models.get(project, model_id).model if model_id else None
        named = run_of_source(new.source)
        if named and new.run_id and named[0] != new.run_id and self._has_run(project, named[0]):
            raise BadSourceError(
                f"Invalid model version source: '{new.source[:120]}'. It is of another run than run_id says."
            )
        of_model = (logged.source_run_id or "") if logged else ""
        return replace(new, model_id=model_id, run_id=new.run_id or of_model)


def _known_model(tx: Tx, project: str, name: str) -> ModelRow:
    found = store.find_model(tx, project, name)
    if found is None:
        raise ModelNotFoundError(f"Registered Model with name={name[:80]} not found")
    return found


def _known_version(tx: Tx, project: str, name: str, number: int) -> CatalogueRow:
    found = store.find_entry(tx, project, name, number)
    if found is None:
        raise VersionNotFoundError(f"Model Version (name={name[:80]}, version={number}) not found")
    return found


def _known(tx: Tx, project: str, name: str, number: int | None) -> None:
    if number is None:
        _known_model(tx, project, name)
    else:
        _known_version(tx, project, name, number)


def _check_off_record(tx: Tx, project: str, name: str, number: int = 0) -> None:
    if store.is_on_record(tx, project, name, number):
        what = f"version {number} of {name}" if number else f"the model {name}"
        raise OnRecordError(f"{what} is on record: it was judged or deployed; retire it instead of removing it")


def _model_record(tx: Tx, row: ModelRow) -> ModelRecord:
    return ModelRecord(
        row,
        store.model_tags(tx, row.project, [row.name]).get(row.name, {}),
        store.aliases_of(tx, row.project, row.name),
        _version_records(tx, row.project, store.newest_by_stage(tx, row.project, row.name)),
    )


def _version_record(tx: Tx, row: CatalogueRow) -> VersionRecord:
    return _version_records(tx, row.project, [row])[0]


def _version_records(tx: Tx, project: str, rows: Sequence[CatalogueRow]) -> list[VersionRecord]:
    names = sorted({row.model for row in rows})
    tags = store.version_tags(tx, project, names)
    aliases = {name: store.aliases_of(tx, project, name) for name in names}
    return [
        VersionRecord(
            row,
            tags.get((row.model, row.number), {}),
            [alias for alias, number in aliases[row.model].items() if number == row.number],
        )
        for row in rows
    ]

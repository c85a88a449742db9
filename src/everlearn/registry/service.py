"""The use cases of the registry. A move and its event commit together; moving to where a thing is changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from everlearn.blobs import BlobStore
from everlearn.core.actor import Actor
from everlearn.core.clock import Clock
from everlearn.core.errors import InvalidError
from everlearn.core.names import checked_name
from everlearn.core.page import Page, checked_limit, page_of
from everlearn.core.subjects import model_subject
from everlearn.db import Database, Tx
from everlearn.eventlog import Cause, EventLog
from everlearn.registry.checks import check_model, check_new
from everlearn.registry.events import StageMoved, VersionRegistered
from everlearn.registry.model import (
    Alias,
    AliasMove,
    AliasNotFoundError,
    Model,
    ModelNotFoundError,
    ModelVersion,
    NewVersion,
    NotOnRecordError,
    Stage,
    StageMove,
    VersionNotFoundError,
    checked_alias,
    checked_reason,
)
from everlearn.registry.moving import Move, move_alias
from everlearn.registry.store import catalogue, moves, versions

MOST_MOVES = 1_000
LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Registry:
    """Models, versions, stages, aliases, and where everything comes from."""

    db: Database
    log: EventLog
    blobs: BlobStore
    clock: Clock

    def check(self, new: NewVersion) -> None:
        """Refuse a model that does not load or does not fit its signature; call it before `register_version`.

        Reads and loads the model, so it must not run inside a transaction.

        Raises
        ------
        FlavourRefusedError, NotOnnxError, SignatureMismatchError, BadSignatureError
            With the reason.
        NotFoundError
            When the model, its profile or its holdout is not in the blob store.
        """
        check_new(new)
        for digest in (new.profile_digest, new.holdout_digest):
            self.blobs.size_bytes(digest)  # must be there
        check_model(self.blobs.get(new.model_digest), new.signature)

    def register(self, new: NewVersion, *, actor: Actor, cause: Cause | None = None) -> ModelVersion:
        """Check a model and register it."""
        self.check(new)
        with self.db.write() as tx:
            return self.register_version(tx, new, actor=actor, cause=cause)

    def register_version(self, tx: Tx, new: NewVersion, *, actor: Actor, cause: Cause | None = None) -> ModelVersion:
        """Give a checked model the next number; the same `source_key` again gives the version that it gave before."""
        check_new(new)
        now = self.clock.now()
        versions.insert_model(tx, new.project, new.model, at=now)
        newest = versions.lock_model(tx, new.project, new.model) or 0
        known = versions.find_by_source(tx, new.project, new.model, new.source_key)
        if known is not None:
            return known
        version = new.numbered(newest + 1, at=now, actor=actor)
        versions.insert_version(tx, version, source_key=new.source_key)
        registered = StageMove(
            number=version.number, before=None, after=version.stage, reason="registered", actor=actor, moved_at=now
        )
        moves.add_stage_move(tx, version, registered)
        event = VersionRegistered(
            project=new.project,
            model=new.model,
            version=version.number,
            run_id=new.run_id,
            model_digest=new.model_digest,
            effective_at=new.effective_at or new.trained_through,
        )
        self.log.append(tx, event, actor=actor, subject=model_subject(new.project, new.model), cause=cause)
        return version

    def move(  # noqa: PLR0913  # a move is of what, where to, why, by whom, when
        self,
        tx: Tx,
        project: str,
        model: str,
        number: int,
        stage: Stage,
        *,
        reason: str,
        actor: Actor,
        cause: Cause | None = None,
        effective_at: datetime | None = None,
    ) -> ModelVersion:
        """Move a version along its life (`effective_at` None: as of now).

        Raises
        ------
        IllegalMoveError
            When the way from its stage to that one is not open.
        """
        versions.lock_model(tx, project, model)
        before = self.version_in(tx, project, model, number)
        after = before.moved_to(stage)
        if after is before:
            return before
        now = self.clock.now()
        versions.set_stage(tx, after)
        move = StageMove(
            number=number,
            before=before.stage,
            after=after.stage,
            reason=checked_reason(reason),
            actor=actor,
            moved_at=now,
        )
        moves.add_stage_move(tx, after, move)
        event = StageMoved(
            project=project,
            model=model,
            version=number,
            before=before.stage,
            after=after.stage,
            reason=reason,
            effective_at=effective_at or now,
        )
        self.log.append(tx, event, actor=actor, subject=model_subject(project, model), cause=cause)
        return after

    def set_alias(  # noqa: PLR0913  # as above
        self,
        tx: Tx,
        project: str,
        model: str,
        alias: str,
        number: int | None,
        *,
        reason: str,
        actor: Actor,
        cause: Cause | None = None,
        effective_at: datetime | None = None,
        decision_id: str | None = None,
    ) -> None:
        """Let an alias name a version, or (None) take the alias away, because of a decision that was made already.

        No contract is asked; people and clients move aliases through `Aliases`. `effective_at` None: as of now.
        """
        if versions.lock_model(tx, project, checked_name(model, kind="model")) is None:
            raise _no_model(project, model)
        if number is not None:
            self.version_in(tx, project, model, number)
        move = Move(
            project=project,
            model=model,
            alias=checked_alias(alias),
            after=number,
            reason=checked_reason(reason),
            actor=actor,
            decision_id=decision_id,
            cause=cause,
            effective_at=effective_at,
        )
        move_alias(tx, self.log, move, now=self.clock.now())

    def model(self, project: str, model: str) -> Model:
        """Give one model.

        Raises
        ------
        ModelNotFoundError
            When the project has none of that name.
        """
        with self.db.read() as tx:
            found = versions.find_model(tx, project, model)
        if found is None:
            raise _no_model(project, model)
        return found

    def models(self, project: str, *, after: str | None = None, limit: int = 100) -> Page[Model]:
        """List the models of a project by name."""
        size = checked_limit(limit)
        with self.db.read() as tx:
            rows = versions.list_models(tx, project, after=after, limit=size + 1)
        return page_of(rows, limit=size, key=lambda one: one.name)

    def version(self, project: str, model: str, number: int) -> ModelVersion:
        """Give one version."""
        with self.db.read() as tx:
            return self.version_in(tx, project, model, number)

    def version_in(self, tx: Tx, project: str, model: str, number: int) -> ModelVersion:
        """Give one version as this transaction sees it.

        Raises
        ------
        VersionNotFoundError
            When there is none of that number; NotOnRecordError, which is one too, when there is one that cannot be
            deployed.
        """
        known = versions.find_version(tx, project, model, number) if 0 < number <= LARGEST_NUMBER else None
        if known is None:
            raise _no_version(tx, project, model, number)
        return known

    def versions(self, project: str, model: str, *, after: str | None = None, limit: int = 100) -> Page[ModelVersion]:
        """List the versions of a model, newest first."""
        size = checked_limit(limit)
        before = None if after is None else _number(after)
        with self.db.read() as tx:
            if versions.find_model(tx, project, model) is None:
                raise _no_model(project, model)
            rows = versions.list_versions(tx, project, model, before=before, limit=size + 1)
        return page_of(rows, limit=size, key=lambda one: str(one.number))

    def stage_history(self, project: str, model: str, number: int) -> Sequence[StageMove]:
        """List the moves of a version, oldest first."""
        with self.db.read() as tx:
            self.version_in(tx, project, model, number)
            return moves.list_stage_moves(tx, project, model, number, limit=MOST_MOVES)

    def alias(self, project: str, model: str, alias: str) -> int | None:
        """Give the number that an alias names; None when there is no such alias."""
        with self.db.read() as tx:
            return moves.find_alias(tx, project, model, alias)

    def by_alias(self, project: str, model: str, alias: str) -> ModelVersion:
        """Give the version that an alias names.

        Raises
        ------
        AliasNotFoundError
            When the model has no such alias.
        """
        with self.db.read() as tx:
            number = moves.find_alias(tx, project, model, alias)
            if number is None:
                raise AliasNotFoundError(f"no alias {alias[:80]!r} of {model[:80]!r} in project {project}")
            return self.version_in(tx, project, model, number)

    def aliases(self, project: str, model: str) -> Sequence[Alias]:
        """List the aliases of a model by name."""
        with self.db.read() as tx:
            return moves.list_aliases(tx, project, model)

    def alias_history(
        self, project: str, model: str, alias: str | None = None, *, after: str | None = None, limit: int = 100
    ) -> Page[AliasMove]:
        """List the moves of an alias (None: of all), newest first."""
        size = checked_limit(limit)
        before = None if after is None else _number(after)
        with self.db.read() as tx:
            rows = moves.list_alias_moves(tx, project, model, alias, before=before, limit=size + 1)
        page = page_of(rows, limit=size, key=lambda row: str(row[0]))
        return Page(items=[move for _, move in page.items], next=page.next)


def _no_model(project: str, model: str) -> ModelNotFoundError:
    return ModelNotFoundError(f"no model {model[:80]!r} in project {project}; `everlearn models list` names them")


def _number(key: str) -> int:
    if not key.isascii() or not key.isdecimal() or not 0 < int(key) <= LARGEST_NUMBER:
        raise InvalidError(f"not a key of this list: {key[:80]!r}; send `next` of the page before")
    return int(key)


def _no_version(tx: Tx, project: str, model: str, number: int) -> VersionNotFoundError:
    if 0 < number <= LARGEST_NUMBER and catalogue.find_entry(tx, project, model, number) is not None:
        return NotOnRecordError(
            f"version {number} of {model[:80]!r} was never checked, so it cannot be deployed; "
            f"GET /api/projects/{project}/models/{model[:80]}/versions/{number}/fitness tells what it lacks"
        )
    return VersionNotFoundError(
        f"no version {number} of {model[:80]!r} in project {project}; `everlearn models versions` lists them"
    )

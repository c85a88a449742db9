"""Approvals: people's word that a version may carry an alias. Contracts count them."""

from collections.abc import Sequence
from dataclasses import dataclass

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock
from everlearn.core.errors import InvalidError
from everlearn.core.subjects import model_subject
from everlearn.db import Database, Tx
from everlearn.eventlog import EventLog
from everlearn.registry.events import ApprovalWithdrawn, VersionApproved
from everlearn.registry.model import LONGEST_REASON, Approval, VersionNotFoundError
from everlearn.registry.store import approvals as store
from everlearn.registry.store import catalogue, versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What somebody says about a version and an alias."""

    project: str
    model: str
    number: int
    alias: str
    actor: Actor
    comment: str


@dataclass(frozen=True, slots=True)
class Approvals:
    """Who approved what. Whoever calls has checked that the actor may."""

    db: Database
    log: EventLog
    clock: Clock

    def approve(self, word: Word) -> Sequence[Approval]:
        """Approve a version for an alias; saying it again changes nothing. Give all approvals of the version."""
        _check_comment(word.comment)
        approval = Approval(
            alias=word.alias,
            number=word.number,
            actor=word.actor,
            comment=word.comment,
            approved_at=self.clock.now(),
        )
        with self.db.write() as tx:
            _lock(tx, word)
            if store.insert(tx, word.project, word.model, approval):
                event = VersionApproved(
                    project=word.project,
                    model=word.model,
                    version=word.number,
                    alias=word.alias,
                    comment=word.comment,
                )
                self.log.append(tx, event, actor=word.actor, subject=model_subject(word.project, word.model))
            return store.of_version(tx, word.project, word.model, word.number)

    def withdraw(self, word: Word) -> Sequence[Approval]:
        """Take one's own approval back; the alias stays where it is. Give the approvals that are left."""
        _check_comment(word.comment)
        with self.db.write() as tx:
            _lock(tx, word)
            if store.delete(tx, word.project, word.model, word.number, word.alias, word.actor):
                event = ApprovalWithdrawn(
                    project=word.project,
                    model=word.model,
                    version=word.number,
                    alias=word.alias,
                    comment=word.comment,
                )
                self.log.append(tx, event, actor=word.actor, subject=model_subject(word.project, word.model))
            return store.of_version(tx, word.project, word.model, word.number)

    def of(self, project: str, model: str, number: int) -> Sequence[Approval]:
        """List the approvals of a version."""
        with self.db.read() as tx:
            _check_there(tx, project, model, number)
            return store.of_version(tx, project, model, number)


def _lock(tx: Tx, word: Word) -> None:
    versions.lock_model(tx, word.project, word.model)  # a move that counts approvals must not overlook one
    _check_there(tx, word.project, word.model, word.number)


def _check_there(tx: Tx, project: str, model: str, number: int) -> None:
    if catalogue.find_entry(tx, project, model, number) is None:
        raise VersionNotFoundError(f"no version {number} of {model[:80]!r} in project {project}")


def _check_comment(comment: str) -> None:
    if len(comment) > LONGEST_REASON:
        raise InvalidError(f"a comment has at most {LONGEST_REASON} characters")

"""Aliases as people and clients move them: under contract, with their history, as of any instant.

A move is weighed outside of any transaction, because weighing reads much and keeps what it read; then, with the model
locked, the registry's part of what was weighed is read again. If it is the same, decision, move and event commit
together; if not, the move is weighed anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock, iso
from everlearn.core.subjects import model_subject
from everlearn.db import Database, Tx
from everlearn.eventlog import EventLog
from everlearn.registry.events import MoveRefused
from everlearn.registry.model import (
    AliasChangesError,
    AliasMove,
    AliasNotFoundError,
    ContractUnmetError,
    ModelNotFoundError,
    NothingBeforeError,
    Resolved,
    VersionNotFoundError,
    checked_reason,
)
from everlearn.registry.moving import Move, move_alias
from everlearn.registry.ports import AliasContract, Candidate, Condition, Proposal, Weighed
from everlearn.registry.store import approvals, catalogue, moves, versions

_ROUNDS = 5  # of weighing anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A move that somebody asks for."""

    project: str
    model: str
    alias: str
    number: int | None  # None: the alias is to be taken away
    reason: str
    actor: Actor
    role: StrEnum | None  # of the actor, in the project


@dataclass(frozen=True, slots=True)
class Aliases:
    """The names of versions that move."""

    db: Database
    log: EventLog
    clock: Clock
    contract: AliasContract

    def set(self, wish: Wish) -> AliasMove | None:
        """Let an alias name a version, or take it away; None when nothing had to change.

        Raises
        ------
        ContractUnmetError
            When the alias carries a contract that is not fulfilled; `details.unmet` lists all that is missing. The
            refusal is on record: its decision and its event have been written.
        AliasChangesError
            When what is weighed does not hold still.
        """
        checked_reason(wish.reason)
        if not self.contract.concerns(wish.project, wish.model, wish.alias):
            return self._settle(wish, None, None)
        for _ in range(_ROUNDS):
            with self.db.read() as tx:
                proposal = self._proposal(tx, wish)
            if proposal.before == wish.number:
                return None
            weighed = self.contract.weigh(proposal)
            try:
                return self._settle(wish, proposal, weighed)
            except _StaleError:
                continue
        raise AliasChangesError(f"{wish.alias} of {wish.model} changes faster than a move can be weighed; try again")

    def check(self, wish: Wish) -> tuple[Condition, ...]:
        """Hold a move against the contracts of its alias; changes nothing, leaves no trace."""
        with self.db.read() as tx:
            proposal = self._proposal(tx, wish)
        return self.contract.conditions(proposal)

    def take_away(self, tx: Tx, wish: Wish) -> None:
        """Take an alias away because what it names goes, in the transaction in which that goes.

        Raises
        ------
        ContractUnmetError
            When its contract keeps it: it has to be moved, or taken away, by somebody who says so.
        """
        kept = [one for one in self.contract.conditions(self._proposal(tx, wish)) if not one.is_met]
        if kept:
            raise refusal(wish, kept)
        move_alias(tx, self.log, _move(wish, None), now=self.clock.now())

    def resolve(self, project: str, model: str, alias: str, *, as_of: datetime | None = None) -> Resolved:
        """Tell which version an alias named at an instant (None: now), by the move that was in force then.

        A move is in force from the very instant on at which it was recorded until just before the next one.

        Raises
        ------
        AliasNotFoundError
            When it named none then.
        """
        at = self.clock.now() if as_of is None else as_of
        with self.db.read() as tx:
            move = moves.alias_as_of(tx, project, model, alias, at)
            if move is None or move.after is None:
                raise AliasNotFoundError(f"{alias[:80]!r} of {model[:80]!r} named no version at {iso(at)}")
            is_deleted = _is_deleted(tx, project, model, move.after, move)
        return Resolved(alias=alias, number=move.after, as_of=at, is_deleted=is_deleted, move=move)

    def roll_back(self, wish: Wish, *, as_of: datetime | None = None, expected: int | None = None) -> int:
        """Let an alias name what it named at an instant, or (None) before its last move; give that version.

        A rollback is a move like any other and passes the same contracts. `expected` is what the alias names now, as
        the caller believes: with it a request that is sent twice does not go there and back.

        Raises
        ------
        NothingBeforeError
            When there is nothing to go back to, or it was removed, or `expected` is not what the alias names.
        """
        with self.db.read() as tx:
            named = moves.find_alias(tx, wish.project, wish.model, wish.alias)
            if expected is not None and named != expected:
                raise NothingBeforeError(f"{wish.alias[:80]} names version {named}, not {expected}; look again")
            number = _earlier(tx, wish, as_of)
        self.set(replace(wish, number=number))
        return number

    def _settle(self, wish: Wish, proposal: Proposal | None, weighed: Weighed | None) -> AliasMove | None:
        with self.db.write() as tx:
            _check_there(tx, wish)
            versions.lock_model(tx, wish.project, wish.model)
            if proposal is not None and self._proposal(tx, wish) != proposal:
                raise _StaleError
            if weighed is not None:
                self.contract.record(tx, weighed, actor=wish.actor)
            if weighed is None or not weighed.unmet:
                return move_alias(tx, self.log, _move(wish, weighed), now=self.clock.now())
            self._note_refusal(tx, wish, weighed, before=None if proposal is None else proposal.before)
        raise refusal(wish, weighed.unmet, weighed.decision.id)

    def _note_refusal(self, tx: Tx, wish: Wish, weighed: Weighed, *, before: int | None) -> None:
        event = MoveRefused(
            project=wish.project,
            model=wish.model,
            alias=wish.alias,
            before=before,
            after=wish.number,
            unmet=tuple(one.condition for one in weighed.unmet),
            decision_id=weighed.decision.id,
        )
        self.log.append(tx, event, actor=wish.actor, subject=model_subject(wish.project, wish.model))

    def _proposal(self, tx: Tx, wish: Wish) -> Proposal:
        _check_there(tx, wish)
        return Proposal(
            project=wish.project,
            model=wish.model,
            alias=wish.alias,
            before=moves.find_alias(tx, wish.project, wish.model, wish.alias),
            after=None if wish.number is None else _candidate(tx, wish, wish.number),
            actor=wish.actor,
            role=wish.role,
            is_model_on_record=catalogue.is_on_record(tx, wish.project, wish.model),
        )


class _StaleError(Exception):
    """What was weighed is not what is there."""


def refusal(wish: Wish, unmet: Sequence[Condition], decision_id: str | None = None) -> ContractUnmetError:
    """Say all that stands in the way of a move."""
    told = "; ".join(f"{one.condition}: needs {one.needed}, found {one.found}" for one in unmet)
    return ContractUnmetError(
        f"the alias {wish.alias} of {wish.model} does not move: {told}",
        unmet=[
            {"condition": one.condition, "needed": one.needed, "found": one.found, "remedy": one.remedy}
            for one in unmet
        ],
        decision_id=decision_id,
    )


def _earlier(tx: Tx, wish: Wish, as_of: datetime | None) -> int:
    project, model, alias = wish.project, wish.model, wish.alias
    if as_of is not None:
        move = moves.alias_as_of(tx, project, model, alias, as_of)
        number = None if move is None else move.after
    else:
        newest = moves.list_alias_moves(tx, project, model, alias, before=None, limit=1)
        move = newest[0][1] if newest else None
        number = None if move is None else move.before
    if move is None or number is None:
        raise NothingBeforeError(f"{alias[:80]} of {model[:80]} named no version then; nothing to go back to")
    if _is_deleted(tx, project, model, number, move):
        raise NothingBeforeError(f"{alias[:80]} named version {number} then, which has been removed since")
    return number


def _is_deleted(tx: Tx, project: str, model: str, number: int, move: AliasMove) -> bool:
    """Tell whether a version is not the one of then: a number comes again only where a model was made anew."""
    entry = catalogue.find_entry(tx, project, model, number)
    return entry is None or entry.created_at > move.moved_at


def _move(wish: Wish, weighed: Weighed | None) -> Move:
    return Move(
        project=wish.project,
        model=wish.model,
        alias=wish.alias,
        after=wish.number,
        reason=wish.reason,
        actor=wish.actor,
        decision_id=None if weighed is None else weighed.decision.id,
    )


def _check_there(tx: Tx, wish: Wish) -> None:
    if catalogue.find_model(tx, wish.project, wish.model) is None:
        raise ModelNotFoundError(f"Registered Model with name={wish.model[:80]} not found")
    if wish.number is not None and catalogue.find_entry(tx, wish.project, wish.model, wish.number) is None:
        raise VersionNotFoundError(f"Model Version (name={wish.model[:80]}, version={wish.number}) not found")


def _candidate(tx: Tx, wish: Wish, number: int) -> Candidate:
    project, model = wish.project, wish.model
    entry = catalogue.find_entry(tx, project, model, number)
    if entry is None:
        raise VersionNotFoundError(f"Model Version (name={model[:80]}, version={number}) not found")
    record = versions.find_version(tx, project, model, number)
    given = approvals.of_version(tx, project, model, number)
    return Candidate(
        number=number,
        source=entry.source,
        run_id=entry.run_id,
        model_id=entry.model_id,
        description=entry.description,
        tags=catalogue.version_tags(tx, project, [model]).get((model, number), {}),
        registered_by=Actor(entry.registered_by),
        created_at=entry.created_at,
        approvals=tuple(one for one in given if one.alias == wish.alias),
        held=moves.held_by(tx, project, model, number, since=entry.created_at),
        is_on_record=record is not None,
        trained_through=None if record is None else record.trained_through,
        metrics={} if record is None else record.metrics,
    )

"""Aliases over JSON: moved under contract, checked beforehand, approved, looked up as of any instant, rolled back."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import delete, get, post, put

from everlearn.access import Role
from everlearn.core.actor import Actor
from everlearn.core.clock import parse_instant
from everlearn.core.page import Page
from everlearn.registry.aliases import Aliases, Wish
from everlearn.registry.approving import Approvals, Word
from everlearn.registry.model import Alias, AliasMove, Approval, Resolved, checked_alias
from everlearn.registry.ports import Condition
from everlearn.registry.service import Registry
from everlearn.web import Caller, FromPath, FromQuery, JSONBody, Service, needs

_LOOK = [needs(Role.VIEWER)]
_POINT = [needs(Role.OPERATOR)]
_APPROVE = [needs(Role.APPROVER)]
_MODEL = "/api/projects/{project:str}/models/{model:str}"
_ALIAS = f"{_MODEL}/aliases/{{alias:str}}"
_APPROVALS = f"{_MODEL}/versions/{{number:int}}/approvals"

Number = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
Aware = Annotated[datetime, msgspec.Meta(tz=True)]


class NewAlias(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which version an alias shall name, and why."""

    version: Number
    reason: str


class Rollback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Back to what an alias named at an instant (none given: before its last move), and why."""

    reason: str
    as_of: Aware | None = None
    version: Number | None = None  # what it names now, as the caller believes; another one refuses the rollback


class Comment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody who approves has to say."""

    comment: str = ""


class Check(msgspec.Struct, frozen=True):
    """A move held against the contracts of its alias."""

    allowed: bool
    conditions: list[Condition]


@get(f"{_MODEL}/aliases", guards=_LOOK, sync_to_thread=True)
def list_aliases(project: FromPath[str], model: FromPath[str], registry: Service[Registry]) -> Page[Alias]:
    """List the aliases of a model by name."""
    return Page(items=registry.aliases(project, model), next=None)


@get(f"{_ALIAS}/version", guards=_LOOK, sync_to_thread=True)
def resolve_alias(
    project: FromPath[str],
    model: FromPath[str],
    alias: FromPath[str],
    aliases: Service[Aliases],
    as_of: FromQuery[str | None] = None,
) -> Resolved:
    """Tell which version an alias names, or named at an instant, and by which move."""
    return aliases.resolve(project, model, alias, as_of=None if as_of is None else parse_instant(as_of))


@put(_ALIAS, guards=_POINT, sync_to_thread=True)
def set_alias(  # two of them are services
    project: FromPath[str],
    model: FromPath[str],
    alias: FromPath[str],
    data: JSONBody[NewAlias],
    aliases: Service[Aliases],
    caller: Service[Caller],
) -> Alias:
    """Let an alias name a version, if its contracts allow it. This moves no traffic: rollouts do."""
    checked_alias(alias)
    aliases.set(wish_of(caller, project, model, alias, data.version, data.reason))
    return Alias(alias=alias, number=data.version)


@delete(_ALIAS, guards=_POINT, sync_to_thread=True)
def delete_alias(  # two of them are services
    project: FromPath[str],
    model: FromPath[str],
    alias: FromPath[str],
    reason: FromQuery[str],
    aliases: Service[Aliases],
    caller: Service[Caller],
) -> None:
    """Take an alias away, if its contracts allow it; its history stays."""
    aliases.set(wish_of(caller, project, model, alias, None, reason))


@post(f"{_ALIAS}/rollback", guards=_POINT, sync_to_thread=True)
def roll_back(  # two of them are services
    project: FromPath[str],
    model: FromPath[str],
    alias: FromPath[str],
    data: JSONBody[Rollback],
    aliases: Service[Aliases],
    caller: Service[Caller],
) -> Alias:
    """Let an alias name what it named before, or at an instant, if its contracts allow it."""
    wish = wish_of(caller, project, model, alias, None, data.reason)
    number = aliases.roll_back(wish, as_of=data.as_of, expected=data.version)
    return Alias(alias=alias, number=number)


@get(f"{_ALIAS}/check", guards=_LOOK, sync_to_thread=True)
def check_move(  # two of them are services
    project: FromPath[str],
    model: FromPath[str],
    alias: FromPath[str],
    version: FromQuery[int],
    aliases: Service[Aliases],
    caller: Service[Caller],
) -> Check:
    """Tell, for the caller, which conditions a move would meet and which not; changes nothing."""
    conditions = aliases.check(wish_of(caller, project, model, alias, version, "a check"))
    return Check(allowed=all(one.is_met for one in conditions), conditions=[*conditions])


@get(f"{_MODEL}/alias-history", guards=_LOOK, sync_to_thread=True)
def list_alias_moves(  # one of them is the service
    project: FromPath[str],
    model: FromPath[str],
    registry: Service[Registry],
    alias: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[AliasMove]:
    """List the moves of an alias (or of all), newest first."""
    return registry.alias_history(project, model, alias, after=after, limit=limit)


@get(_APPROVALS, guards=_LOOK, sync_to_thread=True)
def list_approvals(
    project: FromPath[str], model: FromPath[str], number: FromPath[int], approvals: Service[Approvals]
) -> Page[Approval]:
    """List who approved a version, for which alias."""
    return Page(items=approvals.of(project, model, number), next=None)


@put(f"{_APPROVALS}/{{alias:str}}", guards=_APPROVE, sync_to_thread=True)
def approve_version(  # two of them are services
    project: FromPath[str],
    model: FromPath[str],
    number: FromPath[int],
    alias: FromPath[str],
    data: JSONBody[Comment],
    approvals: Service[Approvals],
    actor: Service[Actor],
) -> Page[Approval]:
    """Approve a version for an alias; again changes nothing."""
    word = Word(project=project, model=model, number=number, alias=alias, actor=actor, comment=data.comment)
    return Page(items=approvals.approve(word), next=None)


@delete(f"{_APPROVALS}/{{alias:str}}", guards=_APPROVE, status_code=200, sync_to_thread=True)
def withdraw_approval(  # two of them are services
    project: FromPath[str],
    model: FromPath[str],
    number: FromPath[int],
    alias: FromPath[str],
    approvals: Service[Approvals],
    actor: Service[Actor],
    comment: FromQuery[str] = "",
) -> Page[Approval]:
    """Take one's own approval back; the alias stays where it is."""
    word = Word(project=project, model=model, number=number, alias=alias, actor=actor, comment=comment)
    return Page(items=approvals.withdraw(word), next=None)


def wish_of(  # a move is of what, where to, why, by whom
    caller: Caller, project: str, model: str, alias: str, number: int | None, reason: str
) -> Wish:
    """Say what a caller wants."""
    return Wish(
        project=project,
        model=model,
        alias=alias,
        number=number,
        reason=reason,
        actor=caller.actor,
        role=caller.role_in(project),
    )


HANDLERS = (
    list_aliases,
    resolve_alias,
    set_alias,
    delete_alias,
    roll_back,
    check_move,
    list_alias_moves,
    list_approvals,
    approve_version,
    withdraw_approval,
)

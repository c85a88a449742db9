"""Accounts, grants and tokens over JSON. A project's admin grants within the project, the platform's (`*`) anywhere."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import delete, get, post, put
from msgspec import Meta

from everlearn.access.model import Account, AccountKind, Grant, IssuedToken, Principal, Role, Token
from everlearn.access.service import Access
from everlearn.core.actor import Actor
from everlearn.core.page import Page
from everlearn.web import FromPath, FromQuery, JSONBody, Service, needs

_ADMIN = [needs(Role.ADMIN)]


class NewAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who shall be known."""

    name: str
    kind: AccountKind = AccountKind.PERSON


class NewGrant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which role."""

    role: Role


class NewToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a token is for, and until when."""

    label: str = ""
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


@get("/api/access/me", sync_to_thread=False)
def me(caller: Service[Principal]) -> Principal:
    """Tell who is asking and which roles they have."""
    return caller


@get("/api/access/accounts", guards=_ADMIN, sync_to_thread=True)
def list_accounts(
    access: Service[Access], after: FromQuery[str | None] = None, limit: FromQuery[int] = 100
) -> Page[Account]:
    """List accounts by name."""
    return access.accounts(after=after, limit=limit)


@post("/api/access/accounts", guards=_ADMIN, sync_to_thread=True)
def create_account(data: JSONBody[NewAccount], access: Service[Access], actor: Service[Actor]) -> Account:
    """Make somebody known; they may do nothing until a role is granted."""
    return access.create_account(data.name, data.kind, actor=actor)


@get("/api/access/accounts/{account:str}/tokens", guards=_ADMIN, sync_to_thread=True)
def list_tokens(
    account: FromPath[str], access: Service[Access], after: FromQuery[str | None] = None, limit: FromQuery[int] = 100
) -> Page[Token]:
    """List an account's tokens, oldest first; their secrets are not known to anybody."""
    return access.tokens(account, after=after, limit=limit)


@post("/api/access/accounts/{account:str}/tokens", guards=_ADMIN, sync_to_thread=True)
def issue_token(
    account: FromPath[str], data: JSONBody[NewToken], access: Service[Access], actor: Service[Actor]
) -> IssuedToken:
    """Make a token. Its secret is in this answer and never again."""
    return access.issue_token(account, label=data.label, expires_at=data.expires_at, actor=actor)


@delete("/api/access/tokens/{token:str}", guards=_ADMIN, sync_to_thread=True)
def revoke_token(token: FromPath[str], access: Service[Access], actor: Service[Actor]) -> None:
    """Revoke a token and the sessions opened with it; every server notices within 30 seconds."""
    access.revoke_token(token, actor=actor)


@get("/api/projects/{project:str}/grants", guards=_ADMIN, sync_to_thread=True)
def list_grants(
    project: FromPath[str], access: Service[Access], after: FromQuery[str | None] = None, limit: FromQuery[int] = 100
) -> Page[Grant]:
    """List who has which role in a project (`*`: in all)."""
    return access.grants(project, after=after, limit=limit)


@put("/api/projects/{project:str}/grants/{account:str}", guards=_ADMIN, sync_to_thread=True)
def set_grant(
    project: FromPath[str],
    account: FromPath[str],
    data: JSONBody[NewGrant],
    access: Service[Access],
    actor: Service[Actor],
) -> Grant:
    """Give an account a role in a project."""
    access.grant(account, project, data.role, actor=actor)
    return Grant(account=account, project=project, role=data.role)


@delete("/api/projects/{project:str}/grants/{account:str}", guards=_ADMIN, sync_to_thread=True)
def take_grant(project: FromPath[str], account: FromPath[str], access: Service[Access], actor: Service[Actor]) -> None:
    """Take an account's role in a project away."""
    access.grant(account, project, None, actor=actor)


HANDLERS = (
    me,
    list_accounts,
    create_account,
    list_tokens,
    issue_token,
    revoke_token,
    list_grants,
    set_grant,
    take_grant,
)

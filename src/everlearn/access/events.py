"""Facts about who may do what."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from everlearn.access.model import AccountKind, Role
from everlearn.eventlog import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCreated(Event):
    """Somebody new is known."""

    name: ClassVar[str] = "access.account_created"
    revision: ClassVar[int] = 1

    account: str
    kind: AccountKind


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantChanged(Event):
    """An account's role in a project (or in all, `*`) was given, changed or taken."""

    name: ClassVar[str] = "access.grant_changed"
    revision: ClassVar[int] = 1

    account: str
    project: str
    before: Role | None
    after: Role | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssued(Event):
    """A token was made; its secret is nowhere in the record."""

    name: ClassVar[str] = "access.token_issued"
    revision: ClassVar[int] = 1

    account: str
    token_id: str
    label: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Event):
    """A token opens nothing any more."""

    name: ClassVar[str] = "access.token_revoked"
    revision: ClassVar[int] = 1

    account: str
    token_id: str


EVENTS: tuple[type[Event], ...] = (AccountCreated, GrantChanged, TokenIssued, TokenRevoked)

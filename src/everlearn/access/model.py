"""Accounts, roles and tokens as values, and the rules between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from everlearn.core.actor import Actor
from everlearn.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError, UnauthenticatedError
from everlearn.core.names import checked_name

EVERY_PROJECT = "*"
_LABEL_LIMIT = 200


class Role(StrEnum):
    """What somebody may do in a project; each role may do all that the ones before it may."""

    VIEWER = "viewer"  # look
    CONTRIBUTOR = "contributor"  # log runs, append data, register versions
    OPERATOR = "operator"  # submit pipelines, change traffic, re-drive jobs
    APPROVER = "approver"  # approve, override, set policies
    ADMIN = "admin"  # accounts, grants, tokens

    def includes(self, other: "Role") -> bool:
        """Tell whether whoever has this role may do what `other` may."""
        return _RANKS[self] >= _RANKS[other]


_RANKS = {role: rank for rank, role in enumerate(Role)}


class AccountKind(StrEnum):
    """Who stands behind an account."""

    PERSON = "person"
    SERVICE = "service"


class BadTokenError(UnauthenticatedError):
    """Nobody is asking, or the token is unknown, mistyped, expired or revoked."""

    code = "access.bad_token"


class RoleMissingError(DeniedError):
    """The caller is known and has not the role that this needs."""

    code = "access.role_missing"


class AccountNotFoundError(NotFoundError):
    """There is no account of this name."""

    code = "access.account_not_found"


class AccountExistsError(ConflictError):
    """There is an account of this name already."""

    code = "access.account_exists"


class TokenNotFoundError(NotFoundError):
    """There is no token of this id."""

    code = "access.token_not_found"


class LastAdminError(ConflictError):
    """The platform would be left without an administrator."""

    code = "access.last_admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who can be given roles."""

    id: str
    name: str
    kind: AccountKind
    created_at: datetime

    @property
    def actor(self) -> Actor:
        """The name that goes into the record."""
        return actor_of(self.name, self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One role in one project (or in all, `*`)."""

    account: str
    project: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token; its secret is not."""

    id: str
    account: str
    label: str  # what it is for, in the owner's words
    created_at: datetime
    expires_at: datetime | None  # None: until revoked
    revoked_at: datetime | None
    last_used_at: datetime | None  # to some minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A new token with its secret, which is shown this once."""

    token: Token
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller who has shown who they are, and the roles they had at that moment."""

    actor: Actor
    name: str
    grants: Mapping[str, Role]

    def role_in(self, project: str) -> Role | None:
        """Give the higher of the role in the project and the role in all projects."""
        held = [self.grants[scope] for scope in (project, EVERY_PROJECT) if scope in self.grants]
        return max(held, key=_RANKS.__getitem__, default=None)


def require(principal: Principal, project: str, role: Role) -> None:
    """Let the caller pass if they have the role.

    Raises
    ------
    RoleMissingError
        When they have not; the message says what they have, what is needed and how to get it.
    """
    held = principal.role_in(project)
    if held is not None and held.includes(role):
        return
    where = "the whole platform" if project == EVERY_PROJECT else f"project {project}"
    has = f"has the role {held}" if held else "has no role"
    raise RoleMissingError(
        f"{principal.name} {has} in {where}; this needs {role} or higher. "
        f"An admin can give it: everlearn access grant {principal.name} {role} --project '{project}'",
        project=project,
        needed=role,
        held=held,
    )


def actor_of(name: str, kind: AccountKind) -> Actor:
    """Name an account as the record does."""
    return Actor(f"{'user' if kind is AccountKind.PERSON else 'service'}:{name}")


def checked_scope(project: str) -> str:
    """Check the scope of a grant: a project's name or `*`."""
    return project if project == EVERY_PROJECT else checked_name(project, kind="project")


def checked_label(label: str) -> str:
    """Refuse labels that no table could show."""
    if len(label) > _LABEL_LIMIT or not label.isprintable():
        raise InvalidError(f"a token's label is one printable line of at most {_LABEL_LIMIT} characters")
    return label

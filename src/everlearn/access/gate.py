"""Filling the web's port: tokens and sessions, or everybody on a machine that trusts its own users."""

from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from litestar.concurrency import sync_to_thread

from everlearn.access.model import EVERY_PROJECT, BadTokenError, Principal, Role, require
from everlearn.access.service import Access
from everlearn.core.actor import Actor
from everlearn.core.errors import DeniedError
from everlearn.core.hosts import host_of, is_loopback
from everlearn.web.auth import Caller, Credentials


class ForeignHostError(DeniedError):
    """The request names another host than this one."""

    code = "access.foreign_host"


@dataclass(frozen=True, slots=True)
class TokenGate:
    """Everybody shows a token or a session."""

    access: Access

    async def identify(self, credentials: Credentials) -> Caller:
        """Give who shows these credentials; the database is asked in a thread, memory first."""
        if credentials.token:
            if (known := self.access.recall(credentials.token)) is not None:
                return known
            return await sync_to_thread(self.access.authenticate, credentials.token)
        if credentials.session:
            if (known := self.access.recall_session(credentials.session)) is not None:
                return known
            return await sync_to_thread(self.access.authenticate_session, credentials.session)
        raise BadTokenError("this needs a token: send Authorization: Bearer evl_..., or sign in at /login")

    def require(self, caller: Caller, *, project: str, role: StrEnum) -> None:
        """Let pass or say what is missing."""
        require(cast("Principal", caller), project, Role(role))

    def check_host(self, host: str) -> None:
        """Any host will do: a page of another name cannot make a browser send our credentials."""


EVERYBODY = Principal(actor=Actor("user:local"), name="local", grants={EVERY_PROJECT: Role.ADMIN})


@dataclass(frozen=True, slots=True)
class OpenGate:
    """Everybody is an administrator. Only for a loopback address."""

    async def identify(self, _credentials: Credentials) -> Caller:
        """Give the one caller there is."""
        return EVERYBODY

    def require(self, caller: Caller, *, project: str, role: StrEnum) -> None:
        """Let pass."""
        require(cast("Principal", caller), project, Role(role))

    def check_host(self, host: str) -> None:
        """Refuse names that another site has pointed at this machine (DNS rebinding)."""
        if not is_loopback(host_of(host)):
            raise ForeignHostError("without authentication only localhost is answered; open http://127.0.0.1 instead")

"""Who may come in, remembered for a few seconds so that a request costs a look in a dictionary.

While the access tables cannot be read, those who were let in within the last hour still are.
"""

import asyncio
import hashlib
import time
from dataclasses import dataclass, field

from everlearn.access import Role
from everlearn.core.errors import DeniedError, UnauthenticatedError, UnavailableError
from everlearn.serving.ports import Doorkeeper

REMEMBERED_FOR_S = 5.0
REMEMBERED_WITHOUT_DATABASE_FOR_S = 3_600.0
_MOST_REMEMBERED = 10_000

_Key = tuple[bytes, str, str]  # digest of the secret, project, role


@dataclass(slots=True)
class Doors:
    """The doorkeeper's answers, cached. A token that is revoked opens nothing after `REMEMBERED_FOR_S`."""

    doorkeeper: Doorkeeper
    _admitted_at: dict[_Key, float] = field(default_factory=dict)

    async def admit(self, authorization: bytes | None, project: str, role: Role) -> None:
        """Let the bearer of a token pass.

        Raises
        ------
        UnauthenticatedError
            When there is no token, or it is nobody's.
        DeniedError
            When its owner may not do this.
        """
        secret = _secret(authorization)
        key = (hashlib.blake2b(secret.encode(), digest_size=16).digest(), project, role.value)
        admitted_at = self._admitted_at.get(key)
        now = time.monotonic()
        if admitted_at is not None and now - admitted_at < REMEMBERED_FOR_S:
            return
        try:
            # a first look at a token is slow on purpose; other requests go on meanwhile
            await asyncio.get_running_loop().run_in_executor(None, self._ask, secret, project, role)
        except (UnauthenticatedError, DeniedError):
            self._admitted_at.pop(key, None)
            raise
        except UnavailableError:
            if admitted_at is None or now - admitted_at > REMEMBERED_WITHOUT_DATABASE_FOR_S:
                raise
            return
        if len(self._admitted_at) >= _MOST_REMEMBERED:
            self._admitted_at.clear()
        self._admitted_at[key] = now

    def _ask(self, secret: str, project: str, role: Role) -> None:
        self.doorkeeper.require(self.doorkeeper.authenticate(secret), project, role)


def _secret(authorization: bytes | None) -> str:
    kind, _, secret = (authorization or b"").decode("latin-1").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        raise UnauthenticatedError("a token is needed: send the header Authorization: Bearer <token>")
    return secret.strip()

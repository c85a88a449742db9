"""Making, hashing and checking secrets.

A token reads `evl_<id>_<secret>`: the id finds the row, argon2id checks the secret. The secret has 192 random bits,
so the hash's cost guards against a stolen database, not against weak choices; it is OWASP's smaller profile.
"""

import secrets
from dataclasses import dataclass
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from everlearn.core.digest import digest_bytes
from everlearn.core.ids import new_id

_PREFIX = "evl"
_ID_KIND = "tok"

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_one_at_a_time = Lock()  # a flood of wrong tokens may cost one core and 19 MiB, not more


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token just made: what is kept and what is shown."""

    id: str
    secret_hash: str
    presented: str


def make_token() -> NewToken:
    """Make a token of fresh random bits."""
    identifier, secret = new_id(_ID_KIND), secrets.token_hex(24)
    presented = f"{_PREFIX}_{identifier.removeprefix(_ID_KIND + '_')}_{secret}"
    return NewToken(id=identifier, secret_hash=_hasher.hash(secret), presented=presented)


def split_token(presented: str) -> tuple[str, str] | None:
    """Take a presented token apart into its id and its secret; None when it cannot be one."""
    parts = presented.split("_")
    if len(parts) != 3 or parts[0] != _PREFIX or not all(part.isascii() and part.isalnum() for part in parts):
        return None
    return f"{_ID_KIND}_{parts[1]}", parts[2]


def secret_matches(secret_hash: str, secret: str) -> bool:
    """Tell whether the secret is the one that was hashed. Takes some 20 ms, on purpose."""
    with _one_at_a_time:
        try:
            return _hasher.verify(secret_hash, secret)
        except (VerificationError, InvalidHashError):
            return False


def make_ticket() -> str:
    """Make a random value of 256 bits, for tickets and sessions."""
    return secrets.token_urlsafe(32)


def fingerprint(value: str) -> str:
    """Digest what is looked up by its hash."""
    return digest_bytes(value.encode())

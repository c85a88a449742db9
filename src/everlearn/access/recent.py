"""Remembering for a short while who showed which token, so that argon2 is not paid on every request.

What is remembered is the digest of the presented value, never the value. A revocation elsewhere is noticed after at
most `KEPT_FOR`; one in this process at once.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

from everlearn.access.model import Principal

KEPT_FOR = timedelta(seconds=30)
_CAPACITY = 10_000


class RecentPrincipals:
    """A bounded map from digests to principals, oldest out first; safe from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[str, tuple[Principal, datetime]] = OrderedDict()

    def find(self, digest: str, now: datetime) -> Principal | None:
        """Give the principal if it was remembered within the last `KEPT_FOR`."""
        with self._lock:
            found = self._known.get(digest)
        return found[0] if found is not None and now - found[1] < KEPT_FOR else None

    def remember(self, digest: str, principal: Principal, now: datetime) -> None:
        """Keep a principal that has just been verified."""
        with self._lock:
            self._known[digest] = (principal, now)
            self._known.move_to_end(digest)
            if len(self._known) > _CAPACITY:
                self._known.popitem(last=False)

    def forget_all(self) -> None:
        """Forget everybody: a grant, a token or a session has changed."""
        with self._lock:
            self._known.clear()

"""Links: addresses that carry a permission of their own, for one method on one path, for a short time.

Clients move the bytes of large files with plain requests that show no token; what they show is the header that came
with the address. The permission stands in a header and not in the address, because addresses end up in logs.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock
from everlearn.core.errors import DeniedError

HEADER = "x-everlearn-link"
LONGEST_LIFE_S = 604_800  # a week, as object stores allow
_PURPOSE = b"everlearn links 1"


class LinkDeniedError(DeniedError):
    """A link that is not ours, is for something else, or has expired."""

    code = "web.link_denied"


@dataclass(frozen=True, slots=True)
class Links:
    """Seals links and opens them. Every process that has the same secret opens what the others sealed."""

    key: bytes
    clock: Clock

    @staticmethod
    def derived(secret: bytes, clock: Clock) -> "Links":
        """Make the links of an installation from a secret that it has already; its other uses learn nothing."""
        return Links(hmac.digest(secret, _PURPOSE, hashlib.sha256), clock)

    def sealed(self, method: str, path: str, *, actor: Actor, life_s: int) -> str:
        """Give the header's value that lets whoever shows it do `method` on `path` in the name of `actor`."""
        until = int(self.clock.now().timestamp()) + life_s
        name = base64.urlsafe_b64encode(actor.encode()).decode()
        return f"{until}.{name}.{self._mac(method, path, until, actor)}"

    def opened(self, shown: str, method: str, path: str) -> Actor:
        """Give who a link acts for.

        Raises
        ------
        LinkDeniedError
            When it was not sealed here, for another method or path, or is over.
        """
        until, name, mac = _taken_apart(shown)
        method = "GET" if method == "HEAD" else method
        if not hmac.compare_digest(mac, self._mac(method, path, until, name)):
            raise LinkDeniedError("this link is not for this address; ask the server for one")
        if until < self.clock.now().timestamp():
            raise LinkDeniedError("this link has expired; ask the server for another")
        return Actor(name)

    def _mac(self, method: str, path: str, until: int, actor: str) -> str:
        said = "\n".join((method, path, str(until), actor)).encode("utf-8", "surrogatepass")
        return base64.urlsafe_b64encode(hmac.digest(self.key, said, hashlib.sha256)).decode()


def _taken_apart(shown: str) -> tuple[int, str, str]:
    until, _, rest = shown.partition(".")
    name, _, mac = rest.partition(".")
    try:
        return int(until), base64.urlsafe_b64decode(name).decode(), mac.encode("ascii").decode()
    except (ValueError, binascii.Error) as error:
        raise LinkDeniedError(f"this address needs the header {HEADER} that came with it") from error

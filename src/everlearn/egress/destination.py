"""Reading an address that somebody gave us, and judging where it leads."""

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from everlearn.core.errors import InvalidError, UnavailableError
from everlearn.egress.addresses import Address, Allowed, is_public

LONGEST = 2_000
RESOLVED_WITHIN_S = 5.0

Resolver = Callable[[str], Sequence[str]]
"""From a host name to its addresses as text; raises OSError when there are none."""


class AddressRefusedError(InvalidError):
    """The address is malformed, or leads where this server does not send anything."""

    code = "egress.refused"


class UnresolvedError(UnavailableError):
    """The name has no addresses now."""

    code = "egress.unresolved"


class UnreachableError(UnavailableError):
    """Nobody answered, or not in time."""

    code = "egress.unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """An address as it was given, read the one way that it can be read."""

    url: str
    scheme: str
    host: str  # in lower case, without brackets
    port: int
    literal: Address | None  # the host, when it is an address

    @property
    def authority(self) -> str:
        """Give the value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = {"http": 80, "https": 443}[self.scheme]
        return host if self.port == default else f"{host}:{self.port}"


def parsed_destination(url: str) -> Destination:
    """Read an address.

    Raises
    ------
    AddressRefusedError
        When it is not http or https, names a user, has a number for a host that is no plain address (`2130706433`,
        `0177.1`, `127.1`), or holds what two readers could read in two ways.
    """
    if not url.strip():
        raise AddressRefusedError(f"the URL cannot be empty or just whitespace: {url[:80]!r}")
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise AddressRefusedError(f"the URL is not at most {LONGEST} printable ASCII characters without blanks or '\\'")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefusedError(f"Invalid URL: {url[:200]!r}: {error}") from error
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if scheme not in {"http", "https"}:
        raise AddressRefusedError(f"Invalid URL scheme: {parts.scheme[:40]!r}. Allowed schemes are: https.")
    if "@" in parts.netloc or parts.fragment:
        raise AddressRefusedError("the URL names a user or a fragment; send a secret by signature instead")
    if not host or port == 0:
        raise AddressRefusedError(f"the URL must include a hostname: {url[:200]!r}")
    literal = _literal(host)
    return Destination(url=url, scheme=scheme, host=host, port=port or _default_port(scheme), literal=literal)


def judged(destination: Destination, allowed: Allowed, resolver: Resolver) -> list[Address]:
    """Resolve a destination once and give its addresses, each of which may be connected to.

    One address that is refused refuses the destination: whoever answers with a public and a private address wants to
    be asked for the private one.

    Raises
    ------
    AddressRefusedError
        When it leads to a network that is not public and not allowed, or is plain HTTP to a public one.
    UnresolvedError
        When the name has no addresses.
    """
    addresses = [destination.literal] if destination.literal is not None else _resolved(destination.host, resolver)
    is_named = allowed.names(destination.host)
    are_allowed = is_named or all(allowed.holds(address) for address in addresses)
    if destination.scheme == "http" and not are_allowed:
        raise AddressRefusedError("Invalid URL scheme: 'http'. Allowed schemes are: https.")
    refused = [one for one in addresses if not (is_named or is_public(one) or allowed.holds(one))]
    if refused:
        raise AddressRefusedError(
            f"{destination.host} must not resolve to a non-public address: it leads into a private or special network. "
            "The setting egress_allow names hosts and networks that are allowed all the same"
        )
    return addresses


def system_resolver(host: str) -> Sequence[str]:
    """Ask the operating system, but wait only so long."""
    found = list[str]()
    failed = list[OSError]()

    def ask() -> None:
        try:
            found.extend(str(one[4][0]) for one in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
        except OSError as error:
            failed.append(error)
        except UnicodeError as error:  # a label that is too long or empty
            failed.append(OSError(str(error)))

    thread = threading.Thread(target=ask, daemon=True, name="resolver")
    thread.start()
    thread.join(RESOLVED_WITHIN_S)
    if failed:
        raise failed[0]
    if not found:
        raise TimeoutError(f"no answer within {RESOLVED_WITHIN_S:g} s")
    return list(dict.fromkeys(found))


def _resolved(host: str, resolver: Resolver) -> list[Address]:
    try:
        found = [ipaddress.ip_address(text) for text in resolver(host)]
    except OSError as error:
        raise UnresolvedError(f"{host[:200]} has no addresses: {error}") from error
    except ValueError as error:
        raise AddressRefusedError(f"{host[:200]} has an address that is none: {error}") from error
    if not found:
        raise UnresolvedError(f"{host[:200]} has no addresses")
    return found


def _literal(host: str) -> Address | None:
    """Give the address that a host is; refuse the old spellings that some readers take for one and some do not."""
    try:
        return ipaddress.ip_address(host)
    except ValueError as error:
        last = host.rstrip(".").rpartition(".")[2]
        if ":" in host or last.isdigit() or last.startswith("0x") or not last:
            raise AddressRefusedError(f"host {host[:80]!r} is not a canonical address and not a name") from error
        return None


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80

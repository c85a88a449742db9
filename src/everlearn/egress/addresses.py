"""Which addresses are anybody's, and which are inside somebody's network."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from everlearn.core.errors import InvalidError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# prefixes under which an IPv6 address is an IPv4 address in disguise: its last 32 bits
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.IPv6Network("::/96")  # RFC 4291, 2.5.5.1; deprecated, still routed by some


class BadAllowanceError(InvalidError):
    """What is allowed is neither a host nor a network."""

    code = "egress.bad_allowance"


def innermost(address: Address) -> Address:
    """Give the IPv4 address that an IPv6 address stands for (mapped, compatible, 6to4, Teredo, NAT64), or itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in prefix for prefix in (*_NAT64, _COMPATIBLE)) and int(address) > 1:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def is_public(address: Address) -> bool:
    """Tell whether an address is globally reachable unicast: no loopback, private, link-local, metadata, multicast.

    Source
    ------
    IANA's special-purpose address registries (RFC 6890), as `ipaddress.is_global` has them; multicast, which that calls
    global, is taken out, and so are addresses bound to a zone.
    """
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        return False
    inner = innermost(address)  # where the packets go
    return inner.is_global and not inner.is_multicast and not inner.is_reserved


@dataclass(frozen=True, slots=True)
class Allowed:
    """Hosts and networks that may be reached although they are not public, and over plain HTTP."""

    hosts: frozenset[str] = frozenset()  # names in lower case
    networks: tuple[Network, ...] = ()

    @staticmethod
    def parsed(entries: Iterable[str]) -> "Allowed":
        """Read names (`hooks.corp.example`), addresses (`10.1.2.3`) and networks (`10.1.0.0/16`).

        Raises
        ------
        BadAllowanceError
            When an entry is none of them.
        """
        hosts, networks = set[str](), list[Network]()
        for entry in entries:
            try:
                networks.append(ipaddress.ip_network(entry))
            except ValueError as error:
                if "/" in entry or ":" in entry or not entry.isascii() or entry.replace(".", "").isdigit():
                    raise BadAllowanceError(
                        f"not a host, an address or a network: {entry[:80]!r}; use hooks.corp.example or 10.1.0.0/16"
                    ) from error
                hosts.add(entry.lower().rstrip("."))
        return Allowed(frozenset(hosts), tuple(networks))

    def names(self, host: str) -> bool:
        """Tell whether a host is allowed by its name, wherever it leads."""
        return host.lower().rstrip(".") in self.hosts

    def holds(self, address: Address) -> bool:
        """Tell whether an address lies in an allowed network."""
        return any(innermost(address) in network or address in network for network in self.networks)

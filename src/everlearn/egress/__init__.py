"""Requests that this server makes to addresses that people gave it, without lending them its place in the network.

An address is resolved once, every address behind the name is judged, and the connection goes to one that was judged:
a name that answers differently a moment later changes nothing. Redirects are not followed, proxies of the environment
not used, answers cut and waited for only so long. Hosts and networks of a company's own are allowed by name.
"""

from everlearn.egress.addresses import Allowed, BadAllowanceError
from everlearn.egress.client import Egress, Limits, Reply
from everlearn.egress.destination import (
    AddressRefusedError,
    Destination,
    UnreachableError,
    UnresolvedError,
    parsed_destination,
)

__all__ = [
    "AddressRefusedError",
    "Allowed",
    "BadAllowanceError",
    "Destination",
    "Egress",
    "Limits",
    "Reply",
    "UnreachableError",
    "UnresolvedError",
    "parsed_destination",
]
